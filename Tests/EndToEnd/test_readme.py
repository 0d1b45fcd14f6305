"""What README.md and the help texts tell people to type works when it is typed.

A line is run by a shell with `lippi-bridge` on its path. Addresses are replaced: no test uses a fixed port.
Lines that need a broker run on a real one (KAFKA_HOME); lines that cannot be run here say why.
"""

import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from lippi_e2e.gateway_client import APP_KEY, APP_SECRET
from lippi_e2e.kafka import KafkaCluster, kafka_home
from lippi_e2e.process import LogFile, ended, kill_if_running, outside_environment, spawn
from lippi_e2e.shell_examples import help_examples, readme_lines, readme_verbs_of_dev, verbs
from lippi_e2e.simulator import Simulator
from lippi_e2e.topics import Topics
from lippi_e2e.waiting import until
from lippi_e2e.worker import default_binary, write_configuration

_ROOT = Path(__file__).parents[2]
_README = _ROOT / "README.md"
_SECONDS = 60

# They build, install or test: what they do is done before these tests, or is these tests.
_NOT_RUN = re.compile(r"\./dev [a-z]+$")
# There is nothing to skip where everything is in order.
_REFUSED = {"lippi-bridge offsets skip": 65}
# They go on until a signal ends them, and say this when they are ready.
_SERVING = {"simulator": r'"url"', "demo": r"e-\d|delivered", "run": r"\bstarted\b"}


def _examples() -> list[str]:
    if not default_binary().is_file():
        return []
    binary = default_binary()
    return [line for verb in verbs(binary) for line in help_examples(binary, verb)]


_ALL = list(dict.fromkeys(readme_lines(_README) + _examples()))
_RUN = [line for line in _ALL if not _NOT_RUN.match(line)]


def _verb(line: str) -> str:
    return next(iter(re.findall(r"lippi-bridge ([a-z]+)", line)), "")


def _needs_kafka(line: str) -> bool:
    return _verb(line) in ("run", "check", "publish", "results", "offsets") or "kafka-" in line


def _serves(line: str) -> bool:
    return _verb(line) in _SERVING and "--exit-when-idle" not in line


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


class Shell:
    """A folder in which the lines are typed: the program is where README has it, and on the path."""

    def __init__(self, binary: Path, folder: Path):
        self.folder = folder
        self.binary = binary
        tools = folder / ".build" / "release"
        tools.mkdir(parents=True)
        (tools / "lippi-bridge").symlink_to(binary)
        # Without config/lippi-bridge.yaml, which would be read as this machine's.
        (folder / "config").mkdir()
        (folder / "config" / "examples").symlink_to(_ROOT / "config" / "examples")
        path = [str(tools), outside_environment()["PATH"]]
        self.environment = {"NO_COLOR": "1"}
        self.replacements = {"127.0.0.1:8080": f"127.0.0.1:{_free_port()}"}
        self.folders = path

    def use(self, kafka: KafkaCluster, simulator: Simulator) -> None:
        topics = Topics(kafka.bootstrap)
        for name in ("chat-events", "chat-outcomes"):
            topics.create(name, 2, 1)
        self.folders.insert(0, str(Path(kafka_home()) / "bin"))
        configuration = self.folder / "lippi-bridge.yaml"
        (self.folder / "secret").write_text(APP_SECRET)
        settings = {
            "kafka.bootstrap_servers": kafka.bootstrap,
            "gateway.url": simulator.url,
            "gateway.app_key": APP_KEY,
            "input.start": "earliest",
        }
        write_configuration(configuration, settings)
        with_secret = self.folder / "with-secret.yaml"
        settings["gateway.app_secret_file"] = str(self.folder / "secret")
        write_configuration(with_secret, settings)
        self.environment["LIPPI_BRIDGE_CONFIG"] = str(configuration)
        self.replacements |= {
            "localhost:9092": kafka.bootstrap,
            "http://127.0.0.1:8080/router/rest": simulator.url,
            "/etc/lippi-bridge/lippi-bridge.yaml": str(with_secret),
        }

    def start(self, line: str) -> tuple[subprocess.Popen, LogFile]:
        for shown, real in sorted(self.replacements.items(), key=lambda pair: -len(pair[0])):
            line = line.replace(shown, real)
        output = self.folder / "output"
        with output.open("wb") as file:
            # For a single command bash replaces itself by it: a signal meets the program and not the shell.
            process = spawn(
                ["bash", "-c", line],
                stdout=file,
                stderr=subprocess.STDOUT,
                environment={**self.environment, "PATH": ":".join(self.folders)},
                folder=self.folder,
            )
        return process, LogFile(output)


@pytest.fixture
def shell(binary: Path, tmp_path: Path) -> Shell:
    return Shell(binary, tmp_path)


@pytest.fixture
def shell_with_kafka(shell: Shell, tmp_path: Path) -> Iterator[Shell]:
    # A broker of their own: README's names of topics are fixed.
    with KafkaCluster(tmp_path / "kafka") as cluster:
        simulator = Simulator(shell.binary, tmp_path / "simulator").start()
        try:
            shell.use(cluster, simulator)
            yield shell
        finally:
            simulator.kill()


def _type(shell: Shell, line: str) -> None:
    process, output = shell.start(line)
    try:
        if _serves(line):
            ready = re.compile(_SERVING[_verb(line)])
            until(
                lambda: ready.search(output.text()),
                _SECONDS,
                f"{line} is ready",
                explain=output.text,
                guard=lambda: _assert_running(process, output),
            )
            process.send_signal(signal.SIGTERM)
        expected = next((code for words, code in _REFUSED.items() if words in line), 0)
        assert ended(process, _SECONDS, line) == expected, output.text()
    finally:
        kill_if_running(process)


def _assert_running(process: subprocess.Popen, output: LogFile) -> None:
    assert process.poll() is None, output.text()


def test_lines_were_found() -> None:
    lines = readme_lines(_README)
    assert len(lines) >= 8, lines
    assert any("lippi-bridge run" in line and "input.start=earliest" in line for line in lines), lines
    # A line in the text that is taken for no command would silently not be tested.
    blocks = re.sub(r"^```.*?^```$", "", _README.read_text(), flags=re.MULTILINE | re.DOTALL)
    shown = len(re.findall(r"^    (?=\S*(?:\./dev|lippi-bridge|\.sh) |[A-Z_]+=\S+ )", blocks, re.MULTILINE))
    assert shown == len(lines)


def test_every_command_is_in_readme_and_has_an_example(binary: Path) -> None:
    for verb in verbs(binary):
        assert f"`lippi-bridge {verb}`" in _README.read_text(), verb
        assert any(f"lippi-bridge {verb}" in line for line in help_examples(binary, verb)), verb


def test_every_verb_of_dev_exists() -> None:
    usage = subprocess.run([_ROOT / "dev", "--help"], capture_output=True, text=True, timeout=30, check=True)
    known = set(re.findall(r"^  ([a-z]+)  ", usage.stdout, re.MULTILINE))
    assert readme_verbs_of_dev(_README) <= known


@pytest.mark.parametrize("line", [line for line in _RUN if not _needs_kafka(line)])
def test_typed(shell: Shell, line: str, tmp_path: Path) -> None:
    if not line.startswith("curl"):
        return _type(shell, line)
    # For a simulator that was started before.
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    simulator = Simulator(shell.binary, tmp_path / "simulator").start()
    try:
        shell.replacements["127.0.0.1:8080"] = urlsplit(simulator.url).netloc
        _type(shell, line)
    finally:
        simulator.kill()


@pytest.mark.kafka
def test_typed_with_kafka(shell_with_kafka: Shell) -> None:
    # One after the other on one broker, in README's order: a broker for each line would take minutes.
    lines = [line for line in _RUN if _needs_kafka(line)]
    assert len(lines) >= 5, lines
    for line in lines:
        if "--create" in line:
            # They are there already for the lines of the help texts.
            line = line.replace("--create", "--create --if-not-exists")
        _type(shell_with_kafka, line)
