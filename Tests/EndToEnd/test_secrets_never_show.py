"""A secret is in no output of any command and in no log, however it is given and however it is encoded."""

import base64
import signal
import subprocess
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lippi_e2e.events import EventGenerator
from lippi_e2e.gateway_client import APP_SECRET
from lippi_e2e.kafka import free_ports
from lippi_e2e.line import Line
from lippi_e2e.process import outside_environment
from lippi_e2e.shell_examples import verbs
from lippi_e2e.worker import write_configuration

_CANARY = "kanarien/vogel+geheim 4711"
_SECRETS = {
    "gateway.app_secret": "LIPPI_BRIDGE_GATEWAY_APP_SECRET",
    "gateway.session": "LIPPI_BRIDGE_GATEWAY_SESSION",
    "kafka.sasl_password": "LIPPI_BRIDGE_KAFKA_SASL_PASSWORD",
    "kafka.ssl_key_password": "LIPPI_BRIDGE_KAFKA_SSL_KEY_PASSWORD",
}

# What to add to a command so that it reads its configuration and ends; None: it ends without anything.
_ARGUMENTS: dict[str, list[str] | None] = {
    "run": [],
    "demo": ["--exit-when-idle", "--events", "5"],
    "simulator": ["--app-secret-file", "secret", "--log", "requests.jsonl", "--listen", "nowhere:0"],
    "config explain": [],
}


def _forms(secret: str) -> Iterator[bytes]:
    raw = secret.encode()
    yield raw
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    # Base64 of the secret inside of a longer text: the middle is the same for one of three positions.
    for lead in range(3):
        encoded = base64.b64encode(b"\0" * lead + raw)
        yield encoded[4:-4]
        yield base64.urlsafe_b64encode(b"\0" * lead + raw)[4:-4]
    yield urllib.parse.quote(secret, safe="").encode()
    yield urllib.parse.quote_plus(secret).encode()


def _assert_hidden(output: bytes, secret: str, where: str) -> None:
    for form in _forms(secret):
        assert form not in output, f"{where} shows {form!r}"


def test_the_search_finds_every_form() -> None:
    for form in _forms(_CANARY):
        with pytest.raises(AssertionError):
            _assert_hidden(b"before" + form + b"after", _CANARY, "this")


def _settings(folder: Path) -> dict[str, object]:
    return {
        "kafka.bootstrap_servers": f"127.0.0.1:{free_ports(1)[0]}",
        "kafka.startup_timeout": "1s",
        "kafka.properties": {"security.protocol": "SASL_PLAINTEXT", "sasl.username": "u"},
        "gateway.url": "http://127.0.0.1:1/router/rest",
        "gateway.app_key": "12345678",
        "input.start": "earliest",
        "log.level": "debug",
    }


def _from_environment(folder: Path) -> dict[str, str]:
    write_configuration(folder / "c.yaml", _settings(folder))
    properties = f'{{"ssl.keystore.password":"{_CANARY}","sasl.oauthbearer.client.secret":"{_CANARY}"}}'
    return {"LIPPI_BRIDGE_KAFKA_PROPERTIES": properties, **dict.fromkeys(_SECRETS.values(), _CANARY)}


def _from_files(folder: Path) -> dict[str, str]:
    files = {f"{name}_file": str(folder / "secret") for name in _SECRETS}
    (folder / "kafka.properties").write_text(f"ssl.keystore.password={_CANARY}\n")
    files["kafka.properties_file"] = str(folder / "kafka.properties")
    write_configuration(folder / "c.yaml", {**_settings(folder), **files})
    return {}


def _in_wrong_places(folder: Path) -> dict[str, str]:
    wrong: dict[str, object] = dict.fromkeys(_SECRETS, _CANARY)
    properties = dict.fromkeys(("sasl.password", "ssl.key.pem", "ssl.keystore.password"), _CANARY)
    (folder / "kafka.properties").write_text(f"sasl.password={_CANARY}\n{_CANARY}\n")
    wrong |= {
        "kafka.properties": properties,
        "kafka.properties_file": str(folder / "kafka.properties"),
        "gateway.app_secret_file": str(folder / "two-lines"),
    }
    (folder / "two-lines").write_text(f"{_CANARY}\n{_CANARY}\n")
    write_configuration(folder / "c.yaml", {**_settings(folder), **wrong})
    return {"LIPPI_BRIDGE_APP_SECRET": _CANARY, "LIPPI_BRIDGE_GATEWAY_SESION": _CANARY}


@pytest.mark.parametrize("place", [_from_environment, _from_files, _in_wrong_places])
def test_no_command_shows_a_secret(
    binary: Path, tmp_path: Path, place: Callable[[Path], dict[str, str]]
) -> None:
    (tmp_path / "secret").write_text(_CANARY)
    environment = {**outside_environment(), **place(tmp_path), "LIPPI_BRIDGE_CONFIG": "c.yaml"}
    environment["NO_COLOR"] = "1"

    def run(*arguments: str) -> None:
        done = subprocess.run(
            [binary, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            cwd=tmp_path,
            env=environment,
            check=False,
        )
        assert done.returncode >= 0, done.stderr
        _assert_hidden(done.stdout + done.stderr, _CANARY, " ".join(arguments))

    for verb in verbs(binary):
        run(*verb.split(), *(_ARGUMENTS.get(verb) or []))
        run(*verb.split(), "--help")
    run("version", "--json")
    run("config", "explain", "--json")
    run("config", "explain", "gateway.app_secret", "kafka")


@pytest.mark.kafka
def test_the_log_of_a_worker_shows_no_secret_and_no_content(make_line: Callable[..., Line]) -> None:
    """Also while it is refused, rotated and asked to read again."""
    line = make_line(settings={"log.level": "debug"})
    events = EventGenerator(seed=5, conversations=4).events(50)
    line.load(events)
    line.write_secret(_CANARY)
    line.worker.start()
    line.worker.wait_for_log("halted")
    line.worker.signal(signal.SIGHUP)
    line.worker.wait_for_log("secrets unchanged")
    line.write_secret(APP_SECRET)
    line.worker.wait_for_log("secrets read again")
    line.wait_until_done()
    assert line.worker.stop() == 0
    log = line.worker.log.path.read_bytes()
    _assert_hidden(log, _CANARY, "the log")
    _assert_hidden(log, APP_SECRET, "the log")
    text = log.decode()
    assert events
    for event in events:
        for private in (event.content, *event.private):
            assert private is None or len(private) < 8 or private not in text, private
