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


_SHOWS = "lippi-bridge --help shows what there is."


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("rnu", f"lippi-bridge: unknown command rnu; did you mean run?\n{_SHOWS}\n"),
        ("weather", f"lippi-bridge: unknown command weather\n{_SHOWS}\n"),
        ("--config x run", f"lippi-bridge: unknown command --config\n{_SHOWS}\n"),
        ("help rnu", f"lippi-bridge: unknown command rnu; did you mean run?\n{_SHOWS}\n"),
        (
            "config",
            "lippi-bridge: unknown command config; "
            f"did you mean config example or config explain or config schema?\n{_SHOWS}\n",
        ),
        ("run --confgi x", "unknown option --confgi; did you mean --config?"),
        ("run --confgi=x", "unknown option --confgi; did you mean --config?"),
        ("run --weather", "unknown option --weather"),
        ("run -c x", "unknown option -c"),
        ("run --config", "--config needs a value: --config FILE"),
        ("run --set", "--set needs a value: --set NAME=VALUE"),
        ("run --config a --config b", "--config is there twice"),
        ("run --config=a --config b", "--config is there twice"),
        ("run now", "now is no option; run takes options only"),
        ("version more", "more is no option; version takes options only"),
        ("version --json=yes", "--json takes no value"),
        ("version --json --json", "--json is there twice"),
        ("config example more", "more is no option; config example takes options only"),
        ("config schema --json", "unknown option --json"),
        ("config explain --jsn", "unknown option --jsn; did you mean --json?"),
    ],
)
def test_a_command_line_that_is_not_understood(command, line: str, said: str) -> None:
    done = command(*line.split())
    assert done.returncode == _USAGE, done.stderr
    assert done.stdout == "", "stdout is for data"
    if not said.startswith("lippi-bridge"):
        verb = " ".join(line.split()[: 2 if line.startswith("config") else 1])
        said = f"lippi-bridge {verb}: {said}\nlippi-bridge {verb} --help shows what there is.\n"
    assert done.stderr == said


def test_nothing_at_all(command) -> None:
    done = command()
    assert (done.returncode, done.stdout) == (_USAGE, "")
    assert done.stderr == command("--help").stdout


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--latency soon", "--latency soon is no number of milliseconds from 0 to 3600000"),
        ("--latency -1", "--latency -1 is no number of milliseconds from 0 to 3600000"),
        ("--seed x", "--seed x is no whole number from 0"),
        ("--listen 8080", "--listen 8080 is not written as ADDRESS:PORT"),
        ("--listen 127.0.0.1:99999", "--listen 127.0.0.1:99999 is not written as ADDRESS:PORT"),
    ],
)
def test_a_value_of_the_simulator_that_is_wrong(command, line: str, said: str) -> None:
    done = command("simulator", *line.split())
    assert (done.returncode, done.stdout) == (_USAGE, "")
    assert done.stderr == f"lippi-bridge simulator: {said}\n"


@pytest.mark.parametrize("words", [("run", "--help"), ("run", "--set", "a=b", "-h"), ("help", "run")])
def test_help_wherever_it_is_asked_for(command, words: tuple[str, ...]) -> None:
    done = command(*words)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == command("run", "--help").stdout


def test_help_lists_every_option_of_the_table(command) -> None:
    text = command("config", "explain", "--help").stdout
    assert "Usage: lippi-bridge config explain [OPTIONS] [KEY…]" in text
    for option in ("--config FILE", "--set NAME=VALUE …", "--json", "--markdown", "--help"):
        assert f"\n  {option} " in text


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
