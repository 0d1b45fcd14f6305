"""CloudEvents as others write and read them: events from the official SDK, outcomes for it."""

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cloudevents.core.bindings import kafka as sdk
from cloudevents.core.v1.event import CloudEvent

from lippi_e2e.bad_events import bad_events
from lippi_e2e.convert import convert
from lippi_e2e.events import ChatEvent, EventGenerator
from lippi_e2e.line import Line
from lippi_e2e.reader import Outcome

_DATA = {
    "message_id": "768572312",
    "sid": "testSessionId",
    "session_source": "XSpace",
    "bu_id": "100",
    "content": '你好 😀 a+b&c=d/e"\n',
    "content_type": "text",
}
_REQUEST = {
    "ly_ding_open_para_dto": {},
    "ly_open_message_dto": {**_DATA, "content_type": 1, "sender_type": "1"},
}
_SENT = {"request": _REQUEST, "warnings": []}


def _event(data: object, **attributes: object) -> CloudEvent:
    named = {"id": "x-1", "source": "/shop", "type": "chat", "partitionkey": "testSessionId", **attributes}
    return CloudEvent(attributes=named, data=data)


def _record(message: sdk.KafkaMessage) -> dict:
    key = message.key.decode() if isinstance(message.key, bytes) else message.key
    headers = [
        [name, {"base64": base64.b64encode(value).decode()}] for name, value in message.headers.items()
    ]
    return {"key": key, "headers": headers, "value_base64": base64.b64encode(message.value).decode()}


def _converted(binary: Path, message: sdk.KafkaMessage) -> dict:
    (line,) = convert(binary, [_record(message)])
    return line


@pytest.mark.parametrize("write", [sdk.to_structured_event, sdk.to_binary_event])
@pytest.mark.parametrize(
    "data",
    [_DATA, json.dumps(_DATA).encode(), {"ly_open_message_dto": _DATA}],
    ids=["object", "bytes", "nested"],
)
def test_events_of_the_sdk(
    write: Callable[[CloudEvent], sdk.KafkaMessage], data: object, binary: Path
) -> None:
    event = _event(data, datacontenttype="application/json", expirytime="2030-01-01T00:00:00Z")
    message = write(event)
    assert message.key == "testSessionId"
    assert _converted(binary, message) == _SENT


def _problem(pointer: str, code: str) -> dict:
    return {"problems": [{"pointer": pointer, "code": code}]}


def test_problems_stand_where_the_sdk_put_the_members(binary: Path) -> None:
    wrong = _DATA | {"content": ""}
    encoded = json.dumps(wrong).encode()
    assert _converted(binary, sdk.to_structured_event(_event(wrong))) == _problem("/data/content", "empty")
    assert _converted(binary, sdk.to_structured_event(_event(encoded))) == _problem(
        "/data_base64/content", "empty"
    )
    assert _converted(binary, sdk.to_binary_event(_event(wrong))) == _problem("/content", "empty")
    for write in (sdk.to_structured_event, sdk.to_binary_event):
        assert _converted(binary, write(_event(_DATA, expirytime="soon"))) == _problem(
            "/expirytime", "bad_time"
        )


def test_events_without_data(binary: Path) -> None:
    assert _converted(binary, sdk.to_structured_event(_event(None))) == _problem("/data", "missing")
    assert _converted(binary, sdk.to_binary_event(_event(None))) == _problem("", "empty")


def _read(outcome: Outcome) -> CloudEvent:
    return sdk.from_kafka_event(
        sdk.KafkaMessage(headers=outcome.headers, key=outcome.key, value=outcome.value)
    )


@pytest.mark.kafka
def test_outcomes_for_the_sdk(make_line: Callable[..., Line]) -> None:
    line = make_line(partitions=2, latency_ms=1)
    generator = EventGenerator(seed=5, conversations=3)
    bad = [
        event
        for event in bad_events(generator, "sdk-conversation")
        if event.name in ("null_record", "missing_sid")
    ]
    line.load([*generator.events(20), *bad, _from_sdk(sdk.to_structured_event, "x-structured")])
    line.load([_from_sdk(sdk.to_binary_event, "x-binary")])
    line.worker.start()
    line.wait_until_done()
    outcomes = line.reader.read()
    assert line.worker.stop() == 0

    assert len(outcomes) == 24
    assert {outcome.kind for outcome in outcomes} == {"delivered", "invalid"}
    for outcome in outcomes:
        event, document = _read(outcome), outcome.document
        source = document["source"]
        assert event.get_specversion() == "1.0"
        assert event.get_id() == f"{source['topic']}/{source['partition']}/{source['offset']}"
        assert event.get_source() == f"/lippi-bridge/{line.group}"
        assert event.get_type() == f"com.lippi-bridge.message.{outcome.kind}.v1"
        assert event.get_subject() == document["message_id"]
        assert round(event.get_time().timestamp() * 1000) == document["finished_at"]
        assert event.get_datacontenttype() == "application/json"
        assert event.get_data() == document
    identities = {outcome.document["event_id"] for outcome in outcomes}
    assert {"x-structured", "x-binary"} <= identities


def _from_sdk(write: Callable[[CloudEvent], sdk.KafkaMessage], identity: str) -> ChatEvent:
    message = write(_event(_DATA | {"sid": "sdk-conversation"}, id=identity))
    return ChatEvent(
        message_id=_DATA["message_id"],
        sid="sdk-conversation",
        key=b"sdk-conversation",
        value=message.value,
        content=_DATA["content"],
        headers=list(message.headers.items()),
    )
