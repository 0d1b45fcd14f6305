"""`lippi-bridge results`: the right outcomes of a topic, whatever else lies in it, and a quiet end."""

import itertools
import json
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka import Producer

from lippi_e2e.kafka import KafkaCluster
from lippi_e2e.many_outcomes import outcome
from lippi_e2e.process import outside_environment
from lippi_e2e.topics import Topics
from lippi_e2e.waiting import until

pytestmark = pytest.mark.kafka

_SECONDS = 30
_HOUR = 3_600_000
_numbers = itertools.count(1)

Topic = Callable[..., str]


@pytest.fixture
def make_topic(kafka: KafkaCluster) -> Topic:
    """Makes a topic with these values (an outcome, bytes, or None), in this order over its partitions."""

    def make(*values: dict | bytes | None, partitions: int = 3) -> str:
        topic = f"outcomes-{next(_numbers)}"
        Topics(kafka.bootstrap).create(topic, partitions)
        _publish(kafka, topic, values, partitions)
        return topic

    return make


def _publish(kafka: KafkaCluster, topic: str, values: tuple, partitions: int = 3) -> None:
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "enable.idempotence": True})
    for number, value in enumerate(values):
        text = json.dumps(value).encode() if isinstance(value, dict) else value
        producer.produce(topic, text, partition=number % partitions)
    assert producer.flush(_SECONDS) == 0


def _results(
    binary: Path, kafka: KafkaCluster, topic: str, *options: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [binary, "results", "--bootstrap", kafka.bootstrap, "--topic", topic, *options],
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        env=outside_environment(),
    )


def _ids(done: subprocess.CompletedProcess[str]) -> set[str]:
    assert done.returncode == 0, done.stderr
    return {json.loads(line)["message_id"] for line in done.stdout.splitlines()}


def _now() -> int:
    return int(time.time() * 1000)


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ([], "012345"),
        (["--outcome", "rejected"], "1"),
        (["--outcome", "rejected", "--outcome", "failed"], "13"),
        (["--class", "ambiguous"], "2"),
        (["--sid", "session-4", "--sid", "session-0"], "04"),
        (["--sid", "session-4", "--outcome", "rejected"], ""),
        (["--message-id", "m-5"], "5"),
        (["--since", "90m"], "01234"),
        (["--until", "30m"], "45"),
        (["--since", "3h", "--until", "30m"], "45"),
        (["--since", "2100-01-01T00:00:00Z"], ""),
        (["--partition", "0"], "03"),
        (["--partition", "1", "--partition", "2"], "1245"),
    ],
    ids=" ".join,
)
def test_filters(
    binary: Path, kafka: KafkaCluster, make_topic: Topic, options: list[str], wanted: str
) -> None:
    kinds = ["delivered", "rejected", "in_doubt", "failed", "delivered", "delivered"]
    ages = [0, 0, 0, 0, _HOUR, 2 * _HOUR]
    topic = make_topic(*(outcome(n, kinds[n], _now() - ages[n]) for n in range(6)))
    assert _ids(_results(binary, kafka, topic, "--json", *options)) == {f"m-{n}" for n in wanted}


def test_json_lines_are_the_outcomes(binary: Path, kafka: KafkaCluster, make_topic: Topic) -> None:
    strange = outcome(1, "rejected", _now(), sid="a\x1b[31m\u009b2J\u202e\x7f你好")
    done = _results(binary, kafka, make_topic(strange), "--json")
    assert json.loads(done.stdout) == strange


def test_what_is_no_outcome_is_counted(binary: Path, kafka: KafkaCluster, make_topic: Topic) -> None:
    good = outcome(1, "delivered", _now())
    others = [
        None,
        b"",
        b"\x00\xff\xfe",
        b"{",
        b"[1]",
        b"7",
        b"[" * 5000,
        b'{"schema":"lippi-outcome/v1","outcome":"delivered"',
        {**good, "schema": "lippi-outcome/v2"},
        {**good, "outcome": "lost"},
        {**good, "outcome": 7},
        {"outcome": "delivered"},
    ]
    # An outcome, though a poor one.
    poor = {"schema": "lippi-outcome/v1", "outcome": "failed", "total_ms": "x", "finished_at": 10**30}
    topic = make_topic(good, *others, poor)
    for options in ((), ("--json",), ("--class", "temporary", "--since", "1h")):
        done = _results(binary, kafka, topic, *options)
        assert done.returncode == 0, done.stderr
        assert f"{len(others)} records are no outcomes" in done.stderr
    assert "2 outcomes: 1 delivered, 1 failed" in _results(binary, kafka, topic).stderr


def test_the_table_cannot_harm_a_terminal(binary: Path, kafka: KafkaCluster, make_topic: Topic) -> None:
    bad = "\x1b]0;x\x07\x1b[2J\r\n\u009b1m\u202e\u2028"
    value = outcome(1, "rejected", _now(), sid=bad, message_id=bad)
    value["gateway"]["sub_message"] = bad
    value["error"]["message"] = bad
    done = _results(binary, kafka, make_topic(value))
    lines = done.stdout.split("\n")
    assert len(lines) == 3, done.stdout
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e]", done.stdout)


def test_the_summary(binary: Path, kafka: KafkaCluster, make_topic: Topic) -> None:
    values = [outcome(n, "delivered", _now(), total_ms=n, possible_duplicate=n > 97) for n in range(1, 101)]
    done = _results(binary, kafka, make_topic(*values), "--json")
    said = done.stderr.strip()
    assert said == (
        "100 outcomes: 100 delivered; 3 possible duplicates; from event to outcome p50 50 ms, p99 99 ms"
    )


def test_an_empty_topic(binary: Path, kafka: KafkaCluster, make_topic: Topic) -> None:
    done = _results(binary, kafka, make_topic(), "--json")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "0 outcomes\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_following_until_a_signal(
    binary: Path, kafka: KafkaCluster, make_topic: Topic, tmp_path: Path, number: signal.Signals
) -> None:
    topic = make_topic(outcome(0, "delivered", _now()))
    file = tmp_path / "lines"
    with file.open("wb") as lines:
        process = subprocess.Popen(
            [binary, "results", "--bootstrap", kafka.bootstrap, "--topic", topic, "--follow", "--json"],
            stdout=lines,
            stderr=subprocess.PIPE,
            text=True,
            env=outside_environment(),
        )
    try:
        until(lambda: len(file.read_text().splitlines()) == 1, _SECONDS, "the first outcome is shown")
        _publish(kafka, topic, tuple(outcome(n, "failed", _now()) for n in range(1, 4)))
        until(lambda: len(file.read_text().splitlines()) == 4, _SECONDS, "all outcomes are shown")
        process.send_signal(number)
        _, said = process.communicate(timeout=_SECONDS)
    finally:
        process.kill()
    assert process.returncode == 0
    assert said.startswith("4 outcomes: 1 delivered, 3 failed")


@pytest.mark.parametrize("options", [(), ("--follow",), ("--json",)])
def test_a_reader_that_goes_away(
    binary: Path, kafka: KafkaCluster, make_topic: Topic, options: tuple[str, ...]
) -> None:
    topic = make_topic(*(outcome(n, "delivered", _now()) for n in range(3000)))
    process = subprocess.Popen(
        [binary, "results", "--bootstrap", kafka.bootstrap, "--topic", topic, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=outside_environment(),
    )
    try:
        assert process.stdout.readline()
        process.stdout.close()
        assert process.wait(timeout=_SECONDS) == 0
        assert process.stderr.read() == ""
    finally:
        process.kill()
        process.stderr.close()


@pytest.mark.parametrize(
    ("options", "code", "word"),
    [
        (["--outcome", "fail"], 64, "did you mean failed"),
        (["--class", "x"], 64, "validation"),
        (["--since", "yesterday"], 64, "2025-01-31T08:00:00Z"),
        (["--partition", "-1"], 64, "--partition"),
        (["--partition", "3"], 78, "none with number 3"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_not_understood(
    binary: Path, kafka: KafkaCluster, make_topic: Topic, options: list[str], code: int, word: str
) -> None:
    done = _results(binary, kafka, make_topic(), *options)
    assert done.returncode == code, done.stderr
    assert word in done.stderr
