"""The demonstration as a newcomer starts it."""

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from confluent_kafka import Producer

from lippi_e2e import schemas
from lippi_e2e.kafka import KafkaCluster
from lippi_e2e.member_forms import CONTENT_TYPES
from lippi_e2e.process import outside_environment

_EVENTS = 40
_SECONDS = 60
# Torn events: their outcomes carry no ids.
_UNREADABLE = 2
_FIRST_OUTCOME_LIMIT_SECONDS = 15


def _start(binary: Path, folder: Path, *more: str, events: int = _EVENTS) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(binary), "demo", "--events", str(events), *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=outside_environment(),
        # A process group of its own shows whether anything outlives the demonstration.
        start_new_session=True,
    )


def _ended(demo: subprocess.Popen[str]) -> tuple[list[str], str]:
    """What it wrote, as soon as it has ended."""
    try:
        stdout, stderr = demo.communicate(timeout=_SECONDS)
    finally:
        demo.kill()
        demo.wait()
    return stdout.splitlines(), stderr


def _assert_published(part: object, schema: dict) -> None:
    """Each member is in the schema, which itself lets others pass: readers must, of a later release."""
    if isinstance(part, dict):
        for name, value in part.items():
            assert name in schema["properties"], name
            _assert_published(value, schema["properties"][name])
    elif isinstance(part, list):
        for item in part:
            _assert_published(item, schema["items"])


def _check(lines: list[str]) -> None:
    outcomes = [json.loads(line) for line in lines]
    sources = [(outcome["source"]["partition"], outcome["source"]["offset"]) for outcome in outcomes]
    assert len(set(sources)) == _EVENTS
    assert {outcome["outcome"] for outcome in outcomes} == {"delivered", "invalid", "rejected"}
    for outcome in outcomes:
        _assert_published(outcome, schemas.schema("outcome"))
    delivered = [outcome for outcome in outcomes if outcome["outcome"] == "delivered"]
    assert {outcome["content_type"] for outcome in delivered} == set(CONTENT_TYPES.values())
    assert any(outcome["attempts"] > 1 and not outcome["possible_duplicate"] for outcome in delivered)
    assert any(outcome["possible_duplicate"] for outcome in delivered)
    assert any(len(outcome["error"]["problems"]) > 1 for outcome in outcomes if outcome["error"])


def test_without_kafka(binary: Path, tmp_path: Path) -> None:
    started = time.monotonic()
    with _start(binary, tmp_path, "--json", "--exit-when-idle") as demo:
        assert demo.stdout
        first = demo.stdout.readline()
        seconds = time.monotonic() - started
        print(f"  first outcome after {seconds:.1f} s")
        rest = demo.stdout.read().splitlines()
        assert demo.wait(_SECONDS) == 0
    assert seconds < _FIRST_OUTCOME_LIMIT_SECONDS
    _check([first, *rest])


@pytest.mark.kafka
def test_on_a_real_kafka(binary: Path, kafka: KafkaCluster, tmp_path: Path) -> None:
    for _ in range(2):
        demo = _start(binary, tmp_path, "--json", "--exit-when-idle", "--bootstrap", kafka.bootstrap)
        lines, errors = _ended(demo)
        assert demo.returncode == 0, errors
        assert len(lines) == _EVENTS, "exactly one outcome each, and none of an earlier demonstration"
        _check(lines)


@pytest.mark.kafka
def test_two_at_once_wait_for_their_own_events(binary: Path, kafka: KafkaCluster, tmp_path: Path) -> None:
    """Each sees the other's events too: they must not pass for its own."""
    demos = [
        _start(
            binary,
            tmp_path,
            *("--json", "--exit-when-idle", "--seed", str(seed), "--bootstrap", kafka.bootstrap),
        )
        for seed in (1, 2)
    ]
    try:
        for demo in demos:
            lines, errors = _ended(demo)
            assert demo.returncode == 0, errors
            outcomes = [json.loads(line) for line in lines]
            instances = {outcome["bridge"]["instance"] for outcome in outcomes}
            assert len(instances) == 1
            run = instances.pop().removeprefix("demo-")
            own = [outcome for outcome in outcomes if (outcome["message_id"] or "").startswith(f"{run}-")]
            assert len(own) == _EVENTS - _UNREADABLE
    finally:
        for demo in demos:
            demo.kill()
            demo.wait()


@pytest.mark.kafka
def test_an_outcome_that_comes_twice_is_a_fault(binary: Path, kafka: KafkaCluster, tmp_path: Path) -> None:
    more = ("--json", "--exit-when-idle", "--bootstrap", kafka.bootstrap)
    with _start(binary, tmp_path, *more, events=2000) as demo:
        assert demo.stdout
        assert demo.stderr
        # Not a torn event, whose id is not the one that the demonstration knows it by.
        line = next(line for line in demo.stdout if json.loads(line)["message_id"])
        event_id = json.loads(line)["event_id"]
        producer = Producer({"bootstrap.servers": kafka.bootstrap})
        producer.produce("lippi-demo-outcomes", value=line.strip(), headers={"lippi-demo-event": event_id})
        assert producer.flush(_SECONDS) == 0
        demo.stdout.read()
        assert demo.wait(_SECONDS) == 1
        assert f"1 of 2000 events have more than one outcome: {event_id}" in demo.stderr.read()


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_and_all_its_parts(binary: Path, tmp_path: Path, stop: signal.Signals) -> None:
    with _start(binary, tmp_path, "--json") as demo:
        try:
            assert demo.stdout
            assert demo.stdout.readline()
            demo.send_signal(stop)
            assert demo.wait(_SECONDS) == 0
        finally:
            demo.kill()
    with pytest.raises(ProcessLookupError):
        os.killpg(demo.pid, 0)


def test_a_table_for_people(binary: Path, tmp_path: Path) -> None:
    with _start(binary, tmp_path) as demo:
        try:
            assert demo.stdout
            assert demo.stderr
            lines: list[str] = []
            for line in demo.stdout:
                lines.append(line.rstrip("\n"))
                if "gateway's view" in line:
                    break
            demo.send_signal(signal.SIGINT)
            assert demo.wait(_SECONDS) == 0
            assert demo.stderr.read() == ""
        finally:
            demo.kill()
    text = "\n".join(lines)
    assert "\x1b" not in text, "colours belong on a terminal"
    rows = [line for line in lines if re.match(r"\d\d:\d\d:\d\d\.\d{3} ", line)]
    assert len(rows) == _EVENTS
    for words in [
        "content is empty",
        "the event is no JSON",
        "The gateway refused this message: isv.invalid-parameter",
        "after 2 retries (isp.top-remote-connection-error)",
        "sent again after an answer was lost",
    ]:
        assert any(words in row for row in rows), words
    assert re.search(rf"^{_EVENTS} outcomes: .* p50 \d+ ms, p95 \d+ ms$", text, re.MULTILINE)
    assert re.search(r"^Kafka +127\.0\.0\.1:\d+ ", text, re.MULTILINE)
    assert re.search(r"^stats +http://127\.0\.0\.1:\d+/_stats$", text, re.MULTILINE)


def test_what_is_missing_is_said(binary: Path, tmp_path: Path) -> None:
    demo = _start(binary, tmp_path, "--json", "--exit-when-idle", "--timeout", "1s")
    _, errors = _ended(demo)
    # The mock cluster's first join alone takes longer.
    assert demo.returncode == 1
    assert re.search(rf"{_EVENTS} of {_EVENTS} events have no outcome: \w+-0, \w+-1, ", errors)
