"""The commands as a person or a script meets them: texts, exit codes, what goes to stdout."""

import json
import socket
import subprocess
from pathlib import Path

import pytest

from lippi_e2e.kafka import free_ports
from lippi_e2e.process import outside_environment

_SECONDS = 30
_USAGE, _NO_INPUT, _UNREACHABLE, _CONFIGURATION = 64, 66, 69, 78


@pytest.fixture
def command(binary: Path, tmp_path: Path):
    def run(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [binary, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            cwd=tmp_path,
            env=outside_environment(),
        )

    return run


def test_version(command) -> None:
    done = command("version")
    assert done.returncode == 0, done.stderr
    assert any(part[0].isdigit() and "." in part for part in done.stdout.split()), done.stdout


def test_help_names_the_commands(command) -> None:
    done = command("--help")
    assert done.returncode == 0, done.stderr
    for verb in ("run", "simulator", "config example", "version"):
        assert verb in done.stdout


@pytest.mark.parametrize("verb", ["run", "simulator", "config example", "version"])
def test_help_of_a_command_has_an_example(command, verb: str) -> None:
    done = command(*verb.split(), "--help")
    assert done.returncode == 0, done.stderr
    assert f"lippi-bridge {verb}" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), []),
        (("rnu",), ["rnu", "run"]),
        (("run", "--confgi", "x"), ["--confgi", "--config"]),
        (("run", "--set"), ["--set"]),
        (("simulator", "--latency", "soon"), ["--latency", "soon"]),
        (("version", "more"), ["more"]),
    ],
    ids=lambda value: " ".join(value) or "nothing",
)
def test_wrong_usage(command, arguments: tuple, words: list[str]) -> None:
    done = command(*arguments)
    assert done.returncode == _USAGE, done.stderr
    assert done.stdout == "", "stdout is for data"
    for word in words:
        assert word in done.stderr


def test_a_configuration_file_that_is_not_there(command) -> None:
    done = command("run", "--config", "nowhere.yaml")
    assert done.returncode in (66, 78), done.stderr
    assert "nowhere.yaml" in done.stderr


def test_the_example_configuration_is_a_configuration(command, tmp_path: Path) -> None:
    example = command("config", "example")
    assert example.returncode == 0, example.stderr
    assert "bootstrap_servers" in example.stdout
    (tmp_path / "secret").write_text("helloworld")
    (tmp_path / "example.yaml").write_text(example.stdout)
    chosen = {
        "input.start": "earliest",
        "kafka.bootstrap_servers": f"127.0.0.1:{free_ports(1)[0]}",
        "kafka.startup_timeout": "1s",
        "gateway.url": "http://127.0.0.1:1/router/rest",
        "gateway.app_key": '"12345678"',
        "gateway.app_secret_file": f"{tmp_path}/secret",
    }
    settings = [argument for key, value in chosen.items() for argument in ("--set", f"{key}={value}")]
    done = command("run", "--config", "example.yaml", *settings)
    assert done.returncode == _UNREACHABLE, done.stderr


def test_version_for_programs(command) -> None:
    done = command("version", "--json")
    assert done.returncode == 0, done.stderr
    assert isinstance(json.loads(done.stdout), dict)


def test_a_taken_port(command) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        done = command("simulator", "--listen", address)
    assert done.returncode == _CONFIGURATION, done.stderr
    assert address in done.stderr


def test_a_secret_file_that_is_not_there(command) -> None:
    done = command("simulator", "--app-secret-file", "nowhere")
    assert done.returncode == _NO_INPUT, done.stderr
    assert "nowhere" in done.stderr
