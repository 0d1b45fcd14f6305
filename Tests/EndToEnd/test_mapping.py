"""Events of other platforms, mapped by the configuration: `convert` shows them, `publish` brings them."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lippi_e2e.line import Line
from lippi_e2e.process import outside_environment
from lippi_e2e.worker import write_configuration

_EXAMPLES = Path(__file__).parents[2] / "config" / "examples"
_SECONDS = 60


def _run(binary: Path, *words: str | Path, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [binary, *words],
        input=text,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        env=outside_environment(),
        check=False,
    )


def _converted(binary: Path, name: str, *options: str) -> list[dict]:
    events = (_EXAMPLES / f"{name}.jsonl").read_text()
    result = _run(
        binary, "convert", "--explain", "--config", _EXAMPLES / f"{name}.yaml", *options, text=events
    )
    assert (result.returncode, result.stderr) == (0, "")
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_chat_platform(binary: Path) -> None:
    first, second, third = _converted(binary, "chat-platform")
    assert first["request"]["ly_open_message_dto"] == {
        "bu_id": "100",
        "cms_id": "8003",
        "content": "Where is my parcel?",
        "content_type": 1,
        "message_create_at": 1577096532390,
        "message_id": "m-1",
        "open_instance_id": "shop001",
        "sender_type": "1",
        "session_source": "chat-platform",
        "sid": "c-17",
    }
    assert first["event_id"] == "01HF8Z"
    assert first["from"]["sid"] == "pointer /conversation/id"
    assert second["request"]["ly_open_message_dto"]["content_type"] == 2
    assert second["request"]["ly_open_message_dto"]["message_create_at"] == 1577096540000
    assert third["from"]["content_type"] == "mapping default"


def test_a_helpdesk(binary: Path) -> None:
    structured, in_headers = _converted(binary, "helpdesk", "--records")
    message = structured["request"]["ly_open_message_dto"]
    assert (message["message_id"], message["sid"], message["bu_id"]) == ("evt-9", "ticket-311", "42")
    assert json.loads(message["content"])[0] == {"text": "The lamp is broken"}
    assert structured["request"]["ly_ding_open_para_dto"] == {"org_id": 123}
    assert in_headers["from"]["bu_id"] == "mapping default"
    assert in_headers["from"]["sid"] == "attribute subject"


def test_every_fault_has_its_line(binary: Path, tmp_path: Path) -> None:
    file = tmp_path / "lippi.yaml"
    file.write_text(
        """input:
  mapping:
    sidd: /x
    sid: {pointer: x, colour: 1}
    content_type: {pointer: /k, values: {a: banner}}
    content: [a]
    bu_id: {default: "1"}
    message_id: {key: true, convert: upper}
"""
    )
    result = _run(binary, "convert", "--config", file)
    assert result.returncode == 78
    places = re.findall(r"^.*lippi\.yaml:(\d+):\d+: input\.mapping (\S+) ", result.stderr, re.MULTILINE)
    assert sorted(places) == sorted(
        [
            ("3", "sidd"),
            ("4", "sid.pointer"),
            ("4", "sid.colour"),
            ("5", "content_type.values.a"),
            ("6", "content"),
            ("7", "bu_id"),
            ("8", "message_id.convert"),
        ]
    )
    assert "sidd is no member" in result.stderr
    assert "did you mean sid?" in result.stderr


@pytest.mark.kafka
def test_published_and_delivered(make_line: Callable[..., Line], binary: Path, tmp_path: Path) -> None:
    mapping = {"sid": "/chat", "session_source": {"constant": "shop"}}
    line = make_line(partitions=3, latency_ms=1, settings={"input.mapping": mapping})
    events = [
        {"chat": f"c-{n % 2}", "message_id": f"m-{n}", "bu_id": "1", "content": "hi", "content_type": 1}
        for n in range(6)
    ]
    file = tmp_path / "publish.yaml"
    write_configuration(file, line.worker.settings)
    published = _run(
        binary,
        *("publish", "--config", file),
        text="".join(json.dumps(event) + "\n" for event in [*events, {"chat": "c-0"}]),
    )
    assert published.returncode == 0, published.stderr
    assert "7 events are in " in published.stderr
    assert "1 of them invalid" in published.stderr
    line.worker.start()
    line.wait_for_outcomes(7)
    outcomes = line.reader.outcomes
    by_id = {outcome.document["message_id"]: outcome.document for outcome in outcomes if outcome.document}
    assert {by_id[f"m-{number}"]["outcome"] for number in range(6)} == {"delivered"}
    assert (by_id["m-3"]["sid"], by_id["m-3"]["session_source"]) == ("c-1", "shop")
    assert by_id[None]["outcome"] == "invalid"
    assert {outcome.key for outcome in outcomes} == {b"c-0", b"c-1"}
