"""Partitions that are not started: each reason made with Kafka's own means, and decided by the command that
the log names while the worker runs beside it."""

import functools
import json
import re
import shlex
import socket
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from lippi_e2e.checker import Expectations
from lippi_e2e.events import EventGenerator
from lippi_e2e.kafka import kafka_home
from lippi_e2e.line import Line
from lippi_e2e.waiting import until

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

_BAD_DATA = 65
_USAGE = 64
# Asked again every 10 s, and then some.
_DECIDED_SECONDS = 20
_SECONDS = 60
_PARTITIONS = 2


@functools.cache
def _admin_of(bootstrap: str) -> AdminClient:
    # It has to outlive what it was asked for.
    return AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})


def _admin(line: Line) -> AdminClient:
    return _admin_of(line.bootstrap)


def _text(word: str) -> bytes:
    return struct.pack(">h", len(word.encode())) + word.encode()


def _ask(line: Line, request: int, version: int, body: bytes) -> bytes:
    """One request in Kafka's own form. The client is not used for metadata: it reads and writes more than
    there is, because it takes metadata for text that ends with a NUL."""
    message = struct.pack(">hhi", request, version, 1) + _text("test") + body
    host, port = line.bootstrap.split(",")[0].rsplit(":", 1)
    with socket.create_connection((host, int(port)), _SECONDS) as connection:
        connection.sendall(struct.pack(">i", len(message)) + message)
        answer = connection.makefile("rb")
        (size,) = struct.unpack(">i", answer.read(4))
        return answer.read(size)


def _committed(line: Line) -> list[TopicPartition]:
    """With metadata. One broker is its own coordinator."""
    partitions = struct.pack(f">i{_PARTITIONS}i", _PARTITIONS, *range(_PARTITIONS))
    # OffsetFetch, version 1.
    held = _ask(line, 9, 1, _text(line.group) + struct.pack(">i", 1) + _text(line.input_topic) + partitions)
    at = 4 + 4 + len(_text(line.input_topic))
    (count,) = struct.unpack_from(">i", held, at)
    at += 4
    found = []
    for _ in range(count):
        partition, offset, length = struct.unpack_from(">iqh", held, at)
        metadata = held[at + 14 : at + 14 + length].decode()
        at += 14 + length
        (code,) = struct.unpack_from(">h", held, at)
        at += 2
        assert code == 0, (partition, code)
        found.append(TopicPartition(line.input_topic, partition, offset, metadata))
    return sorted(found, key=lambda tp: tp.partition)


def _commit(line: Line, offsets: list[TopicPartition]) -> None:
    """As somebody who is no member; Kafka takes it when the group has none."""
    body = _text(line.group) + struct.pack(">i", -1) + _text("") + struct.pack(">q", -1)
    body += struct.pack(">i", 1) + _text(line.input_topic) + struct.pack(">i", len(offsets))
    for tp in offsets:
        body += struct.pack(">iq", tp.partition, tp.offset) + _text(tp.metadata)
    # OffsetCommit, version 2: each partition with its error code, at the end.
    held = _ask(line, 8, 2, body)[-6 * len(offsets) :]
    codes = [code for _, code in struct.iter_unpack(">ih", held)]
    assert codes == [0] * len(offsets), codes


def _wait_until_the_group_is_empty(line: Line) -> None:
    def is_empty() -> bool:
        described = _admin(line).describe_consumer_groups([line.group])[line.group].result(_SECONDS)
        return not described.members

    until(is_empty, _SECONDS, "the group has no members", every=0.2)
    line.topics.wait_until_no_transaction_is_open(line.result_topic)


def _offsets(line: Line, *words: str, code: int = 0) -> subprocess.CompletedProcess:
    configuration = line.worker.folder / "lippi-bridge.yaml"
    command = [line.worker.binary, "offsets", *words, "--config", configuration]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    assert ran.returncode == code, (ran.returncode, ran.stdout, ran.stderr)
    return ran


def _shown(line: Line) -> dict[int, dict]:
    rows = [json.loads(text) for text in _offsets(line, "show", "--json").stdout.splitlines()]
    return {row["partition"]: row for row in rows}


def _undecided(line: Line, reason: str) -> list[dict]:
    """The log's lines about partitions that are not started for that reason, one for each."""
    line.worker.start(wait=False)
    until(
        lambda: len(line.worker.logged("partition not started")) >= _PARTITIONS,
        _SECONDS,
        "the worker says which partitions are not started",
        guard=line.worker.assert_running,
        explain=lambda: line.worker.log.tail(),
    )
    said = line.worker.logged("partition not started")[:_PARTITIONS]
    assert {row["reason"] for row in said} == {reason}, said
    assert {row["partition"] for row in said} == set(range(_PARTITIONS))
    assert {(row["state"], row["reason"]) for row in _shown(line).values()} == {("not_started", reason)}
    return said


def _type(line: Line, command: str) -> str:
    """Types a command that the log names."""
    words = shlex.split(command)
    assert words[:2] == ["lippi-bridge", "offsets"], command
    ran = subprocess.run(
        [line.worker.binary, *words[1:]],
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
        cwd=line.worker.folder,
    )
    assert ran.returncode == 0, (command, ran.stdout, ran.stderr)
    return ran.stdout


def _decide(line: Line, said: list[dict], verb: str) -> str:
    """For each partition the command of that verb that the log names; then the worker starts them."""
    output = ""
    for row in said:
        found = re.findall(r"lippi-bridge offsets \w+ .*?--yes", row["next_step"])
        output += _type(line, next(text for text in found if f" {verb} " in text))
    until(
        lambda: len(line.worker.logged("partition started")) == _PARTITIONS,
        _DECIDED_SECONDS,
        "the worker starts what was decided",
        guard=line.worker.assert_running,
        explain=lambda: line.worker.log.tail(),
    )
    return output


def _worked_line(make_line: Callable[..., Line], events: int, **choices: object) -> Line:
    """All of these events have an outcome, and the worker is stopped."""
    line = make_line(partitions=_PARTITIONS, **choices)
    line.load(EventGenerator(seed=5, conversations=20).events(events))
    line.worker.start()
    line.wait_until_done()
    assert line.worker.stop() == 0
    return line


def _killed_line(make_line: Callable[..., Line]) -> Line:
    """Killed in the middle of its work; the group has forgotten the member."""
    line = make_line(partitions=_PARTITIONS, latency_ms=20)
    line.load(EventGenerator(seed=6, conversations=100).events(1_500))
    line.worker.start()
    line.wait_for_outcomes(300)
    line.worker.kill()
    _wait_until_the_group_is_empty(line)
    return line


def test_a_reset_tool_has_set_offsets(make_line: Callable[..., Line]) -> None:
    line = _worked_line(make_line, 200)
    ends = line.topics.ends(line.input_topic, committed_only=True)
    line.load(EventGenerator(seed=7, conversations=20).events(100))
    # What the bridge had committed anyway; but the tool does not know its recovery log.
    for partition, end in ends.items():
        _run_reset_tool(line, partition, end)
    said = _undecided(line, "foreign_offset")

    shown = _offsets(line, "adopt", "--all")
    assert "nothing was written" in shown.stderr
    assert _shown(line)[0]["state"] == "not_started"
    _decide(line, said, "adopt")
    line.wait_until_done()
    refused = _offsets(line, "adopt", "--partition", "0", code=_BAD_DATA)
    assert "it is started" in refused.stderr
    assert line.worker.stop() == 0
    line.check(Expectations(no_flags=True, all_delivered=True, one_request_each=True))


def _run_reset_tool(line: Line, partition: int, offset: int) -> None:
    tool = kafka_home() / "bin" / "kafka-consumer-groups.sh"
    subprocess.run(
        [
            *(tool, "--bootstrap-server", line.bootstrap, "--group", line.group),
            *("--topic", f"{line.input_topic}:{partition}", "--reset-offsets"),
            *("--to-offset", str(offset), "--execute"),
        ],
        check=True,
        capture_output=True,
        timeout=_SECONDS,
    )


def test_the_recovery_log_is_damaged(make_line: Callable[..., Line]) -> None:
    line = _killed_line(make_line)
    damaged = [
        TopicPartition(tp.topic, tp.partition, tp.offset, "AQ" + tp.metadata[2:-4] + "AAAA")
        for tp in _committed(line)
    ]
    _commit(line, damaged)
    said = _undecided(line, "damaged_recovery_log")
    _decide(line, said, "repair")
    line.wait_until_done()
    assert line.worker.stop() == 0
    line.check(Expectations(all_delivered=True))


def test_offsets_are_gone_although_outcomes_exist(make_line: Callable[..., Line]) -> None:
    line = _killed_line(make_line)
    _admin(line).delete_consumer_groups([line.group])[line.group].result(_SECONDS)
    said = _undecided(line, "outcomes_without_offset")
    output = _decide(line, said, "repair")
    assert "count as possibly sent and are sent and flagged" in output
    line.wait_until_done()
    assert line.worker.stop() == 0
    line.check(Expectations(all_delivered=True))


@pytest.mark.parametrize("reason", ["beyond_end_of_log", "outcomes_without_offset"])
def test_the_topic_was_made_anew_and_is_shorter(make_line: Callable[..., Line], reason: str) -> None:
    line = _worked_line(make_line, 200)
    before = _committed(line)
    _admin(line).delete_topics([line.input_topic])[line.input_topic].result(_SECONDS)
    seen = len(line.reader.read())

    def is_gone() -> bool:
        return line.input_topic not in _admin(line).list_topics(timeout=_SECONDS).topics

    until(is_gone, _SECONDS, "the topic is gone")
    line.topics.create(line.input_topic, _PARTITIONS)
    line.inputs.clear()
    line.load(EventGenerator(seed=8, conversations=20).events(40))
    # Kafka may have dropped them with the topic.
    _commit(line, before)
    said = _undecided(line, "beyond_end_of_log")

    refused = _offsets(line, "repair", "--partition", "0", "--yes", code=_BAD_DATA)
    assert "the topic was made anew" in refused.stderr
    _decide(line, said, "adopt")
    line.wait_until_done()
    assert line.worker.stop() == 0
    outcomes = line.reader.read()[seen:]
    ids = sorted(outcome.document["message_id"] for outcome in outcomes)
    assert ids == sorted(event.event.message_id for event in line.inputs)
    assert {outcome.kind for outcome in outcomes} == {"delivered"}
    assert not any(outcome.flagged for outcome in outcomes)


def test_retention_has_removed_what_was_not_read(make_line: Callable[..., Line]) -> None:
    line = _worked_line(make_line, 100)
    committed = {tp.partition: tp.offset for tp in _committed(line)}
    line.load(EventGenerator(seed=9, conversations=20).events(100))
    removed = [
        TopicPartition(line.input_topic, partition, offset + 3) for partition, offset in committed.items()
    ]
    for future in _admin(line).delete_records(removed).values():
        future.result(_SECONDS)
    line.inputs = [event for event in line.inputs if not 0 <= event.offset - committed[event.partition] < 3]
    said = _undecided(line, "before_start_of_log")
    output = _decide(line, said, "skip")
    assert "at most 3 records get no outcome" in output
    line.wait_until_done()
    assert line.worker.stop() == 0
    line.check(Expectations(no_flags=True, all_delivered=True, one_request_each=True))


def test_what_cannot_be_decided_is_refused(make_line: Callable[..., Line]) -> None:
    line = _worked_line(make_line, 20)
    for row in _shown(line).values():
        assert row["state"] == "started"
        assert row["lag"] == 0
        assert row["possibly_sent"] == []
        assert row["first_partition_count"] == _PARTITIONS
    for verb, *words in [("adopt", "--at", "0"), ("repair",), ("skip", "--to", "0")]:
        refused = _offsets(line, verb, "--partition", "1", "--yes", *words, code=_BAD_DATA)
        assert "it is started" in refused.stderr
    assert "no partition waits" in _offsets(line, "adopt", "--all", "--yes").stderr
    for words in [
        ("adopt",),
        ("adopt", "--all", "--at", "3"),
        ("skip", "--all"),
        ("repair", "--partition", "x"),
    ]:
        _offsets(line, *words, code=_USAGE)
    table = _offsets(line, "show").stdout
    assert "possibly sent" in table
    assert Path(line.worker.folder / "lippi-bridge.yaml").is_file()
