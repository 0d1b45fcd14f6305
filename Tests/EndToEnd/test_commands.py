"""The commands as a person or a script meets them: texts, exit codes, what goes to stdout."""

import json
import os
import subprocess
from pathlib import Path

import pytest

_SECONDS = 30
_USAGE, _BAD_DATA = 64, 65

_EVENT = {
    "message_id": "768572312",
    "sid": "testSessionId",
    "session_source": "XSpace",
    "content": "你好 😀",
    "content_type": "text",
    "bu_id": "100",
}


@pytest.fixture
def command(binary: Path, tmp_path: Path):
    def run(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("LIPPI_BRIDGE_")}
        return subprocess.run(
            [binary, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            cwd=tmp_path,
            env=environment,
        )

    return run


def _requests(stdout: str) -> list[dict]:
    return [json.loads(line) for line in stdout.splitlines()]


def test_version(command) -> None:
    done = command("version")
    assert done.returncode == 0, done.stderr
    assert any(part[0].isdigit() and "." in part for part in done.stdout.split()), done.stdout


def test_help_names_the_commands(command) -> None:
    done = command("--help")
    assert done.returncode == 0, done.stderr
    for verb in ("run", "simulator", "convert", "config", "version"):
        assert verb in done.stdout


@pytest.mark.parametrize("verb", ["run", "simulator", "convert", "check", "config", "version"])
def test_help_of_a_command_has_an_example(command, verb: str) -> None:
    done = command(verb, "--help")
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
    done = command(
        "check",
        "--config",
        "example.yaml",
        "--set",
        "input.start=earliest",
        "--set",
        "kafka.bootstrap_servers=127.0.0.1:9092",
        "--set",
        "gateway.app_key=12345678",
        "--set",
        f"gateway.app_secret_file={tmp_path}/secret",
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_schema_of_the_configuration(command) -> None:
    done = command("config", "schema")
    assert done.returncode == 0, done.stderr
    schema = json.loads(done.stdout)
    assert "gateway" in schema["properties"]


def test_convert(command) -> None:
    done = command("convert", stdin=json.dumps(_EVENT, ensure_ascii=False) + "\n")
    assert done.returncode == 0, done.stderr
    (line,) = _requests(done.stdout)
    sent = line["request"]["ly_open_message_dto"]
    sent = json.loads(sent) if isinstance(sent, str) else sent
    assert sent == {
        "message_id": "768572312",
        "sid": "testSessionId",
        "session_source": "XSpace",
        "content": "你好 😀",
        "content_type": 1,
        "bu_id": "100",
        "sender_type": "1",
    }
    assert line["line"] == 1


def test_convert_lists_every_problem(command) -> None:
    broken = {**_EVENT, "content": "", "content_type": 11}
    del broken["bu_id"]
    done = command("convert", stdin=json.dumps(_EVENT) + "\n" + json.dumps(broken) + "\nnot json\n")
    assert done.returncode == _BAD_DATA, done.stderr
    first, second, third = _requests(done.stdout)
    assert "request" in first
    assert second["line"] == 2
    assert [(p["pointer"], p["code"]) for p in second["problems"]] == [
        ("/content", "empty"),
        ("/content_type", "not_allowed"),
        ("/bu_id", "missing"),
    ]
    assert [(p["pointer"], p["code"]) for p in third["problems"]] == [("", "not_json")]
