"""`lippi-bridge check`: what it finds, how it ends, and that the lines it prints put right what it found."""

import email.utils
import http.server
import json
import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from confluent_kafka.admin import ResourceType

from lippi_e2e.kafka import KafkaCluster, free_ports, kafka_home
from lippi_e2e.line import Line
from lippi_e2e.process import outside_environment
from lippi_e2e.security import ADMINISTRATOR, PASSWORD, STRANGER, SecuredCluster
from lippi_e2e.simulator import Simulator
from lippi_e2e.topics import Topics, alter_setting
from lippi_e2e.worker import Settings, write_configuration

_UNREACHABLE = 69
_REFUSED = 77
_CONFIGURATION = 78
_CHECK_SECONDS = 40
_TOOL_SECONDS = 60
_ROUNDS = 3
_kafka = pytest.mark.kafka


@dataclass
class Checked:
    code: int
    findings: dict[str, dict]
    """By name; of several with one name the last."""
    said: str

    def status(self, name: str) -> str:
        return self.findings[name]["status"]

    @property
    def commands(self) -> list[str]:
        found = [command for finding in self.findings.values() for command in finding["commands"]]
        return list(dict.fromkeys(found))


def _check(binary: Path, folder: Path, settings: Settings, *options: str) -> Checked:
    file = folder / "check.yaml"
    write_configuration(file, settings)
    done = subprocess.run(
        [binary, "check", "--json", "--config", file, *options],
        capture_output=True,
        text=True,
        timeout=_CHECK_SECONDS,
        env=outside_environment(),
        cwd=folder,
    )
    findings = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(set(f) == {"status", "name", "sentence", "advice", "commands"} for f in findings)
    return Checked(done.returncode, {f["name"]: f for f in findings}, done.stdout + done.stderr)


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, object]:
    secret = tmp_path / "secret"
    secret.write_text("helloworld")
    secret.chmod(0o600)
    return {
        "kafka.bootstrap_servers": f"127.0.0.1:{free_ports(1)[0]}",
        "kafka.startup_timeout": "2s",
        "kafka.group_id": "checked",
        "kafka.instance": "one",
        "input.start": "earliest",
        "gateway.url": "http://127.0.0.1:1/router/rest",
        "gateway.app_key": "12345678",
        "gateway.app_secret_file": str(secret),
    }


def test_a_configuration_alone(binary: Path, tmp_path: Path, settings: dict) -> None:
    checked = _check(binary, tmp_path, settings)
    assert checked.code == 0, checked.said
    assert {f["status"] for f in checked.findings.values()} == {"ok"}, checked.said


def test_every_fault_of_the_configuration_is_a_line(binary: Path, tmp_path: Path, settings: dict) -> None:
    settings |= {"gateway.concurrency": "many", "kafka.group": "x"}
    file = tmp_path / "faulty.yaml"
    write_configuration(file, settings)
    done = subprocess.run(
        [binary, "check", "--config", file],
        capture_output=True,
        text=True,
        timeout=_CHECK_SECONDS,
        env=outside_environment(),
    )
    assert done.returncode == _CONFIGURATION
    lines = done.stdout.splitlines()
    assert len(lines) == 2, lines
    for line in lines:
        assert re.match(r"fail configuration: .*faulty\.yaml:\d+", line), line
    assert "helloworld" not in done.stdout + done.stderr


def test_a_secret_that_everybody_can_read(binary: Path, tmp_path: Path, settings: dict) -> None:
    (tmp_path / "secret").chmod(0o644)
    checked = _check(binary, tmp_path, settings)
    assert checked.code == 0
    assert checked.status("gateway.app_secret") == "warn"


def test_no_broker_and_no_gateway(binary: Path, tmp_path: Path, settings: dict) -> None:
    checked = _check(binary, tmp_path, settings, "--connect")
    assert checked.code == _UNREACHABLE, checked.said
    assert checked.status("broker") == checked.status("gateway") == "fail"


# MARK: the gateway


class _Clock(http.server.BaseHTTPRequestHandler):
    """A gateway whose clock is off by `server.seconds`."""

    def do_POST(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        body = self.server.answer
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def date_time_string(self, timestamp: float | None = None) -> str:
        return email.utils.formatdate(time.time() + self.server.seconds, usegmt=True)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def gateway() -> Iterator[http.server.ThreadingHTTPServer]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Clock) as server:
        server.seconds, server.bodies = 0, []
        server.answer = b'{"error_response":{"code":21,"msg":"Missing Method"}}'
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.mark.parametrize(
    ("seconds", "status"), [(0, "ok"), (-30, "ok"), (120, "warn"), (-120, "warn"), (700, "fail")]
)
def test_the_clock(
    binary: Path, tmp_path: Path, settings: dict, gateway: object, seconds: int, status: str
) -> None:
    gateway.seconds = seconds
    settings["gateway.url"] = f"http://127.0.0.1:{gateway.server_port}/router/rest"
    checked = _check(binary, tmp_path, settings, "--connect")
    assert checked.status("gateway") == checked.status("gateway answer") == "ok", checked.said
    assert checked.status("clock") == status, checked.said
    # No method, no app, no signature: it cannot become a message.
    assert gateway.bodies == [b"format=json"]


def test_something_that_is_no_gateway(binary: Path, tmp_path: Path, settings: dict, gateway: object) -> None:
    gateway.answer = b"<html>It works!</html>"
    settings["gateway.url"] = f"http://127.0.0.1:{gateway.server_port}/router/rest"
    assert _check(binary, tmp_path, settings, "--connect").status("gateway answer") == "warn"


# MARK: Kafka


@_kafka
def test_a_line_that_runs_is_not_disturbed(
    make_line: Callable[..., Line], binary: Path, tmp_path: Path
) -> None:
    line = make_line()
    line.worker.start()
    checked = _check(binary, tmp_path, line.worker.settings, "--connect")
    assert checked.code == 0, checked.said
    assert not [f for f in checked.findings.values() if f["status"] == "fail"], checked.said
    assert not [name for name in checked.findings if "right" in name and checked.status(name) != "ok"]
    assert line.worker.logged("revoked") == []
    assert line.worker.logged("lost") == []
    assert line.worker.logged("batch not committed") == []
    assert line.worker.stop() == 0


@_kafka
def test_printed_lines_make_what_is_missing(
    kafka: KafkaCluster, simulator: Simulator, binary: Path, tmp_path: Path, settings: dict
) -> None:
    settings |= {
        "kafka.bootstrap_servers": kafka.bootstrap,
        "gateway.url": simulator.url,
        "input.topic": "checked-events",
        "outcomes.topic": "checked-outcomes",
    }
    topics = Topics(kafka.bootstrap)
    topics.create("checked-events", 4, cleanup_policy="compact", retention_ms=3_600_000)
    topics.create("checked-outcomes", 2)
    checked = _check(binary, tmp_path, settings, "--connect")
    assert checked.code == _CONFIGURATION, checked.said
    assert checked.status("input topic clean-up") == checked.status("partitions") == "fail"
    assert checked.status("input topic retention") == "warn"
    _run_printed(checked.commands, tmp_path)
    checked = _check(binary, tmp_path, settings, "--connect")
    assert checked.code == 0, checked.said
    for name in ("input topic clean-up", "partitions", "input topic retention", "right to the group"):
        assert checked.status(name) == "ok", checked.said
    assert checked.commands == []


@_kafka
@pytest.mark.parametrize("which", ["input", "outcomes"])
def test_a_compacted_topic_is_refused_at_the_start(make_line: Callable[..., Line], which: str) -> None:
    line = make_line()
    topic = line.input_topic if which == "input" else line.result_topic
    alter_setting(line.bootstrap, ResourceType.TOPIC, topic, "cleanup.policy", "compact,delete")
    line.worker.start(wait=False)
    assert line.worker.wait_for_end(30) == _CONFIGURATION
    said = line.worker.log.text()
    assert "cleanup.policy" in said
    assert topic in said


@_kafka
def test_no_start_position(make_line: Callable[..., Line], binary: Path, tmp_path: Path) -> None:
    line = make_line()
    del line.worker.settings["input.start"]
    checked = _check(binary, tmp_path, line.worker.settings, "--connect")
    assert (checked.code, checked.status("start position")) == (_CONFIGURATION, "fail")


@_kafka
def test_verification_that_is_off(
    make_line: Callable[..., Line], secured: SecuredCluster, binary: Path, tmp_path: Path
) -> None:
    line = Line(binary, secured.bootstrap, tmp_path / "line")
    name = "transaction.partition.verification.enable"
    alter_setting(secured.bootstrap, ResourceType.BROKER, "1", name, "false")
    try:
        checked = _check(binary, tmp_path, line.worker.settings, "--connect")
        assert (checked.code, checked.status("transaction verification")) == (_CONFIGURATION, "fail")
        line.worker.start(wait=False)
        assert line.worker.wait_for_end(30) == _CONFIGURATION
        assert name in line.worker.log.text()
        # Without transactions it does not matter.
        line.worker.settings["outcomes.delivery"] = "at_least_once"
        line.worker.start()
        assert line.worker.stop() == 0
    finally:
        alter_setting(secured.bootstrap, ResourceType.BROKER, "1", name, "true")
        line.close()


@_kafka
def test_printed_lines_grant_what_is_missing(
    secured: SecuredCluster, simulator: Simulator, binary: Path, tmp_path: Path, settings: dict
) -> None:
    """Somebody without any right, on a cluster without the topics."""
    password = tmp_path / "password"
    password.write_text(PASSWORD)
    password.chmod(0o600)
    settings |= {
        "kafka.bootstrap_servers": secured.bootstrap_of("PASSWORDS"),
        "kafka.startup_timeout": "4s",
        "kafka.group_id": "stranger's group",
        "kafka.sasl_password_file": str(password),
        "kafka.properties": {
            "security.protocol": "sasl_plaintext",
            "sasl.mechanism": "PLAIN",
            "sasl.username": STRANGER,
        },
        "input.topic": "strange-events",
        "outcomes.topic": "strange-outcomes",
        "gateway.url": simulator.url,
    }
    module = "org.apache.kafka.common.security.plain.PlainLoginModule"
    (tmp_path / "admin.properties").write_text(
        "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\n"
        f'sasl.jaas.config={module} required username="{ADMINISTRATOR}" password="{PASSWORD}";\n'
    )
    checked = _check(binary, tmp_path, settings, "--connect")
    assert checked.code == _REFUSED, checked.said
    assert checked.status("input topic") == checked.status("right to transactions") == "fail"
    for _ in range(_ROUNDS):
        _run_printed(checked.commands, tmp_path)
        checked = _check(binary, tmp_path, settings, "--connect")
        if not checked.commands:
            break
    assert checked.code == 0, checked.said
    for name in (
        "input topic", "result topic", "partitions", "right to read events", "right to transactions",
        "right to write outcomes", "right to the group", "transaction verification",
    ):  # fmt: skip
        assert checked.status(name) == "ok", checked.said
    assert checked.commands == [], checked.said
    assert PASSWORD not in checked.said


def _run_printed(commands: list[str], folder: Path) -> None:
    assert commands
    path = f"{_tools(folder)}:{kafka_home() / 'bin'}:{os.environ['PATH']}"
    quick = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
    for command in commands:
        done = subprocess.run(
            ["bash", "-c", command],
            capture_output=True,
            text=True,
            timeout=_TOOL_SECONDS,
            cwd=folder,
            env={
                **os.environ,
                "PATH": path,
                "KAFKA_HEAP_OPTS": "-Xmx128m",
                "KAFKA_JVM_PERFORMANCE_OPTS": quick,
                "LOG_DIR": str(folder / "tool-logs"),
            },
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


def _tools(folder: Path) -> Path:
    """Some installations have a kafka-acls.sh that names a class which Kafka 4 has moved: here is one that
    names the other."""
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    shipped = kafka_home() / "bin" / "kafka-acls.sh"
    is_moved = any(kafka_home().glob("libs/kafka-tools-4.[2-9]*.jar"))
    if is_moved and "kafka.admin.AclCommand" in shipped.read_text():
        script = tools / "kafka-acls.sh"
        run_class = shipped.with_name("kafka-run-class.sh")
        script.write_text(f'#!/bin/sh\nexec "{run_class}" org.apache.kafka.tools.AclCommand "$@"\n')
        script.chmod(0o755)
    return tools


@_kafka
def test_the_status_topic_is_looked_at_and_is_no_condition(
    make_line: Callable[..., Line], binary: Path, tmp_path: Path
) -> None:
    line = make_line(partitions=1)
    topic = f"{line.result_topic}-status"
    settings = {**line.worker.settings, "status.topic": topic}
    missing = _check(binary, tmp_path, settings, "--connect")
    assert missing.status("status topic") == "warn", missing.said
    assert any(f"--create --topic {topic} " in command for command in missing.commands)
    line.topics.create(topic, 1)
    there = _check(binary, tmp_path, settings, "--connect")
    assert (there.status("status topic"), there.status("right to write status")) == ("ok", "ok"), there.said
    assert there.code == missing.code == 0
    assert not line.topics.open_transactions(topic)
