"""Every exit code with the whole sentence that comes with it."""

import re
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lippi_e2e.events import EventGenerator
from lippi_e2e.line import Line
from lippi_e2e.process import outside_environment
from lippi_e2e.shell_examples import verbs
from lippi_e2e.waiting import until
from lippi_e2e.worker import Worker, offline_worker, write_configuration

_README = (Path(__file__).parents[2] / "README.md").read_text()
_kafka = pytest.mark.kafka


def _help(binary: Path, verb: str) -> str:
    arguments = [binary, *verb.split(), "--help"]
    return subprocess.run(arguments, capture_output=True, text=True, timeout=30, check=True).stdout


def test_every_exit_code_of_a_help_text_is_in_readme(binary: Path) -> None:
    rows = re.findall(r"^\| ([0-9, ]+) \| \S", _README, re.MULTILINE)
    known = {int(number) for row in rows for number in row.split(",")}
    assert known >= {0, 64, 69, 73, 75, 77, 78}
    for verb in verbs(binary):
        codes = _help(binary, verb).partition("\nExit codes:\n")[2].partition("\nExamples:")[0]
        assert {int(code) for code in re.findall(r"^  ([0-9]+)  ", codes, re.MULTILINE)} <= known, verb


def _fault(worker: Worker, code: int) -> str:
    """Starts the worker, which must end with `code`. Returns the sentence about why."""
    worker.start(wait=False)
    assert worker.wait_for_end(60) == code, worker.log.text()
    (last,) = worker.logged("stopped")
    assert (last["level"], last["exit_code"]) == ("error", code)
    return last["fault"]


def test_69_no_broker(binary: Path, tmp_path: Path) -> None:
    worker = offline_worker(binary, tmp_path)
    address = worker.settings["kafka.bootstrap_servers"]
    assert re.fullmatch(
        rf"No broker at {address} answered within the start-up time: {address}/bootstrap: Connect to "
        rf"ipv4#{address} failed: Connection refused \(after .*\)\.",
        _fault(worker, 69),
    )


def test_69_as_late_as_it_was_asked_for(binary: Path, tmp_path: Path) -> None:
    """The watchdog that waits 30 s for the loop does not end a start that may take longer."""
    worker = offline_worker(binary, tmp_path, **{"kafka.startup_timeout": "32s"})
    assert _fault(worker, 69).startswith("No broker at ")
    assert worker.logged("the loop is silent") == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"kafka.properties": {"no.such.property": "1"}},
            "Kafka property no.such.property was refused: "
            'No such configuration property: "no.such.property".',
        ),
        (
            {"kafka.properties": {"security.protocol": "SASL_PLAINTEXT"}},
            "The Kafka client was refused: Invalid sasl.kerberos.kinit.cmd value: Property not available: "
            '"sasl.kerberos.keytab".',
        ),
    ],
    ids=["an unknown property", "properties that do not go together"],
)
def test_78_from_librdkafka(binary: Path, tmp_path: Path, changes: dict, sentence: str) -> None:
    assert _fault(offline_worker(binary, tmp_path, **changes), 78) == sentence


def test_78_a_taken_admin_port(binary: Path, tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        address = f"127.0.0.1:{other.getsockname()[1]}"
        assert _fault(offline_worker(binary, tmp_path, **{"admin.listen": address}), 78) == (
            f"admin.listen {address} cannot be used: the port is taken; give each worker of this host its "
            "own, or port 0 (off disables it)."
        )


def test_78_from_the_configuration(binary: Path, tmp_path: Path) -> None:
    worker = offline_worker(binary, tmp_path, **{"gateway.concurency": 1, "retry.base": "3"})
    worker.start(wait=False)
    assert worker.wait_for_end(30) == 78
    file = tmp_path / "lippi-bridge.yaml"
    lines = file.read_text().splitlines()
    slip = next(n for n, line in enumerate(lines, 1) if "concurency" in line)
    unit = next(n for n, line in enumerate(lines, 1) if "base" in line)
    assert worker.log.text() == (
        f"{file}:{slip}:3: unknown key gateway.concurency; did you mean gateway.concurrency?\n"
        f'{file}:{unit}:9: retry.base is "3", which has no unit; '
        "a duration is written like 500ms, 15s, 2m or 1h\n"
        "lippi-bridge: 2 faults in the configuration\n"
    )


def test_78_no_file(binary: Path, tmp_path: Path) -> None:
    for arguments in (["run", "--config", "nowhere.yaml"], ["config", "explain", "--config", "nowhere.yaml"]):
        done = subprocess.run(
            [binary, *arguments],
            capture_output=True,
            text=True,
            timeout=30,
            cwd=tmp_path,
            env=outside_environment(),
            check=False,
        )
        assert (done.returncode, done.stdout) == (78, "")
        assert done.stderr == (
            "nowhere.yaml: the configuration file cannot be read: No such file or directory\n"
            "lippi-bridge: 1 fault in the configuration\n"
        )


def test_78_too_few_open_files(binary: Path, tmp_path: Path) -> None:
    worker = offline_worker(binary, tmp_path, **{"gateway.concurrency": 4096})
    write_configuration(tmp_path / "lippi-bridge.yaml", worker.settings)
    done = subprocess.run(
        ["bash", "-c", 'ulimit -n 1000 && exec "$0" run --config lippi-bridge.yaml', binary],
        capture_output=True,
        text=True,
        timeout=30,
        cwd=tmp_path,
        env=outside_environment(),
        check=False,
    )
    assert done.returncode == 78
    assert (
        '"gateway.concurrency 4096 needs 4608 open files, the limit is 1000: raise it (ulimit -Hn, '
        'LimitNOFILE) or lower the concurrency."'
    ) in done.stderr


def test_66_a_file_that_is_not_there(binary: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [binary, "simulator", "--app-secret-file", "nowhere"],
        capture_output=True,
        text=True,
        timeout=30,
        cwd=tmp_path,
        check=False,
    )
    assert (done.returncode, done.stdout) == (66, "")
    assert done.stderr == (
        "lippi-bridge simulator: --app-secret-file: "
        "the file nowhere cannot be read: No such file or directory\n"
    )


@_kafka
def test_78_topics(make_line: Callable[..., Line]) -> None:
    line = make_line(settings={"input.topic": "no-input"})
    assert _fault(line.worker, 78) == (
        f"Topic no-input does not exist. Create it: kafka-topics.sh --bootstrap-server {line.bootstrap} "
        "--create --topic no-input --partitions 6 --replication-factor 1"
    )
    line = make_line(settings={"outcomes.topic": "no-outcomes"})
    assert _fault(line.worker, 78) == (
        f"Topic no-outcomes does not exist. Create it: kafka-topics.sh --bootstrap-server {line.bootstrap} "
        "--create --topic no-outcomes --partitions 6 --replication-factor 1"
    )
    line = make_line(partitions=6, result_partitions=4)
    assert _fault(line.worker, 78) == (
        f"Result topic {line.result_topic} has 4 partitions, input topic {line.input_topic} has 6; outcomes "
        f"keep their event's partition. Add partitions: kafka-topics.sh --bootstrap-server {line.bootstrap} "
        f"--alter --topic {line.result_topic} --partitions 6"
    )


@_kafka
def test_75_a_second_signal(make_line: Callable[..., Line]) -> None:
    line = make_line(latency_ms=5_000)
    line.worker.start()
    line.load(EventGenerator(seed=1, conversations=5).events(20))
    until(lambda: line.simulator.stats()["requests"] > 0, 30, "a request is under way")
    line.worker.signal(signal.SIGTERM)
    line.worker.wait_for_log("stopping")
    line.worker.signal(signal.SIGINT)
    assert line.worker.wait_for_end(20) == 75
    (last,) = line.worker.logged("stopped")
    assert last["exit_code"] == 75


@_kafka
def test_73_another_with_the_same_name(make_line: Callable[..., Line]) -> None:
    """The two fence each other until one gives up, whichever it is; the other goes on."""
    line = make_line(settings={"kafka.instance": "twin"})
    twin = line.another_worker("twin")
    both = [line.worker, twin]
    for worker in both:
        worker.start()
    generator = EventGenerator(seed=1, conversations=5)

    def one_has_ended() -> bool:
        line.load(generator.events(5))
        return not all(worker.running for worker in both)

    until(one_has_ended, 90, "one of the two was fenced often enough", every=0.5)
    (ended,) = [worker for worker in both if not worker.running]
    (other,) = [worker for worker in both if worker is not ended]
    assert ended.wait_for_end(20) == 73
    (last,) = ended.logged("stopped")
    assert last["exit_code"] == 73
    assert "transactional" in last["fault"], last["fault"]
    until(lambda: line.lag() == 0, 60, "the other one goes on", guard=other.assert_running)
    assert other.stop() == 0
