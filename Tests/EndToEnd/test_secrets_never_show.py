"""A secret is in no output of any command and in no log, however it is given and however it is encoded."""

import base64
import json
import signal
import subprocess
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from lippi_e2e.admin import AdminPort
from lippi_e2e.events import ChatEvent, EventGenerator
from lippi_e2e.gateway_client import APP_SECRET
from lippi_e2e.kafka import free_ports
from lippi_e2e.line import Line
from lippi_e2e.process import outside_environment
from lippi_e2e.shell_examples import verbs
from lippi_e2e.waiting import until
from lippi_e2e.worker import write_configuration

_CANARY = "kanarien/vogel+geheim 4711"
_SECRETS = {
    "gateway.app_secret": "LIPPI_BRIDGE_GATEWAY_APP_SECRET",
    "gateway.session": "LIPPI_BRIDGE_GATEWAY_SESSION",
    "kafka.sasl_password": "LIPPI_BRIDGE_KAFKA_SASL_PASSWORD",
    "admin.token": "LIPPI_BRIDGE_ADMIN_TOKEN",
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
    for ascii_only in (True, False):
        escaped = json.dumps(secret, ensure_ascii=ascii_only)[1:-1]
        yield escaped.encode()
        yield escaped.replace("/", "\\/").encode()


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
        "admin.listen": "127.0.0.1:0",
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


# Of every kind of event; with letters that every encoding writes in another way.
_CONTENT = 'Kanarienvögel/geheim+4711 «ß» "zitiert" \U0001f426'
_MEMBER = "mitglied+4711/ü"
_SECRET = "helloworld-kanarie+4711"


def _marked(kind: str, number: int, **changes: object) -> ChatEvent:
    members = {
        "message_id": f"{kind}-{number}",
        "sid": f"sid-{kind}",
        "session_source": "XSpace",
        "bu_id": "100",
        "content": f"{_CONTENT} {kind}",
        "content_type": "text",
        "cms_id": _MEMBER,
        "sender_id": _MEMBER,
        **changes,
    }
    key = f"sid-{kind}"
    value = json.dumps(members, ensure_ascii=number % 2 == 0)
    return ChatEvent(
        message_id=f"{kind}-{number}",
        sid=key,
        key=key.encode(),
        value=value.encode(),
        content=f"{_CONTENT} {kind}",
        private=(_CONTENT, _MEMBER),
    )


def _everything_in(bootstrap: str, topic: str, partitions: int) -> bytes:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "canary", "enable.partition.eof": True})
    consumer.assign([TopicPartition(topic, partition, 0) for partition in range(partitions)])
    found = b""
    ended = 0
    while ended < partitions:
        message = consumer.poll(10)
        assert message is not None
        if message.error() is not None:
            ended += 1
            continue
        found += b"\n".join([message.key() or b"", message.value() or b""])
        for name, value in message.headers() or []:
            found += b"\n" + name.encode() + b": " + (value or b"")
    consumer.close()
    return found


@pytest.mark.kafka
def test_marked_events_leave_no_trace_but_the_call(make_line: Callable[..., Line], tmp_path: Path) -> None:
    """On every way: delivered, refused by an answer that repeats them, invalid, unknown, torn, halted."""
    (tmp_path / "secret").write_text(_SECRET)
    (tmp_path / "token").write_text(_CANARY)
    line = make_line(
        partitions=2,
        settings={
            "log.level": "debug",
            "admin.token_file": str(tmp_path / "token"),
            "ambiguous.policy": "report",
            "health.stalled_after": "1s",
        },
        simulator_options=["--app-secret-file", tmp_path / "secret"],
    )
    status = f"{line.result_topic}-status"
    line.topics.create(status, 1)
    line.worker.settings["status.topic"] = status
    simulator = line.simulator
    simulator.fault(
        "answer",
        sid="sid-refused",
        code=50,
        sub_code="isv.invalid-parameter",
        sub_msg=f"not this: {_CONTENT} refused of {_MEMBER}",
        delivered=False,
    )
    simulator.fault("text", sid="sid-unknown", body=f'{{"what": "{_MEMBER}"}}')
    simulator.fault("close", sid="sid-torn", when="mid_answer", delivered=True)
    kinds = ("delivered", "refused", "unknown", "torn")
    events = [_marked(kind, number) for kind in kinds for number in range(3)]
    events += [_marked("invalid", number, bu_id=None, more={"deep": _CONTENT}) for number in range(3)]
    line.load(events)
    # The signature made with a wrong secret halts the line: seen as well.
    line.write_secret(_CANARY)
    line.worker.start()
    port = AdminPort.of(line.worker)
    line.worker.wait_for_log("halted")
    until(lambda: port.get("/health").status == 503, 20, "health is red")
    shown = [port.get(path).body for path in ("/health", "/metrics", "/ready", "/live", "/nothing")]
    shown.append(port.ask("POST", "/pause", '{"reason":"x"}', token="wrong").body)
    shown.append(port.ask("POST", "/pause", '{"reason":"x"}', token=_CANARY).body)
    shown.append(port.ask("POST", "/resume", token=_CANARY).body)
    line.write_secret(_SECRET)
    line.wait_until_done(120)
    shown += [port.get(path).body for path in ("/health", "/metrics")]
    assert line.worker.stop() == 0
    kinds_seen = {outcome.kind for outcome in line.reader.read()}
    assert {"delivered", "rejected", "invalid", "in_doubt"} <= kinds_seen, kinds_seen
    places = {
        "the log": line.worker.log.path.read_bytes(),
        "the admin port": "\n".join(shown).encode(),
        "outcomes": _everything_in(line.bootstrap, line.result_topic, 2),
        "the status topic": _everything_in(line.bootstrap, status, 1),
    }
    signatures = {
        word
        for request in simulator.requests()
        for name, word in request.items()
        if "sign" in name and isinstance(word, str) and len(word) >= 32
    }
    for place, text in places.items():
        assert len(text) > 100, place
        for private in (_CONTENT, _MEMBER, _SECRET, _CANARY, *signatures):
            _assert_hidden(text, private, place)
    # The search would have found them: the call itself has them, and so has the input topic.
    with pytest.raises(AssertionError):
        _assert_hidden(_everything_in(line.bootstrap, line.input_topic, 2), _MEMBER, "the input topic")


@pytest.mark.kafka
def test_a_trace_goes_on_from_event_to_outcome(make_line: Callable[..., Line]) -> None:
    """traceparent and tracestate of W3C Trace Context, byte for byte, whatever became of the event."""
    line = make_line(partitions=1)
    trace = [
        ("traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ("tracestate", b"rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"),
    ]
    producer = Producer({"bootstrap.servers": line.bootstrap})
    for event in (_marked("delivered", 1), _marked("invalid", 2, bu_id=None)):
        producer.produce(line.input_topic, key=event.key, value=event.value, headers=trace)
    producer.flush(30)
    line.worker.start()
    line.wait_for_outcomes(2)
    outcomes = line.reader.read()
    assert {outcome.kind for outcome in outcomes} == {"delivered", "invalid"}
    for outcome in outcomes:
        assert {name: value for name, value in outcome.headers.items() if name.startswith("trace")} == dict(
            trace
        )
