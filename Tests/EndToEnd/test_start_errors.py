"""A worker that cannot start says what is wrong and what to do, and its exit code tells the kinds apart."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lippi_e2e.events import EventGenerator
from lippi_e2e.line import Line
from lippi_e2e.worker import Worker, offline_worker

_UNREACHABLE = 69
_CONFIGURATION = 78

_kafka = pytest.mark.kafka


def _refused(worker: Worker, code: int, *words: str, seconds: float = 30) -> str:
    """Starts the worker, which must end with `code`, having said each of `words`. Returns what it said."""
    worker.start(wait=False)
    found = worker.wait_for_end(seconds)
    said = worker.log.text()
    assert found == code, said
    for word in words:
        assert word in said, f"{word!r} is not in:\n{said}"
    return said


def test_no_broker(binary: Path, tmp_path: Path) -> None:
    worker = offline_worker(binary, tmp_path, **{"kafka.startup_timeout": "2s"})
    _refused(worker, _UNREACHABLE, worker.settings["kafka.bootstrap_servers"], seconds=2 + 10)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"gateway.app_kay": "1"}, ["gateway.app_kay", "gateway.app_key"]),
        ({"gateway.concurrency": "many"}, ["gateway.concurrency"]),
        ({"gateway.concurrency": 0}, ["gateway.concurrency"]),
        ({"gateway.concurrency": 5000}, ["gateway.concurrency", "4096"]),
        ({"gateway.request_timeout": "8 parsecs"}, ["gateway.request_timeout"]),
        ({"gateway.sign_method": "sha1"}, ["gateway.sign_method", "hmac-sha256"]),
        ({"gateway.app_secret_file": "/nowhere/secret"}, ["gateway.app_secret_file", "/nowhere/secret"]),
        ({"ambiguous.policy": "hope"}, ["ambiguous.policy", "resend", "report"]),
        ({"outcomes.delivery": "once"}, ["outcomes.delivery", "exactly_once", "at_least_once"]),
        ({"input.start": "yesterday"}, ["input.start", "earliest", "latest"]),
        ({"kafka.properties": {"enable.auto.commit": "true"}}, ["enable.auto.commit"]),
        ({"gateway.url": "ftp://gateway/router/rest"}, ["gateway.url"]),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_wrong_configuration(binary: Path, tmp_path: Path, changes: dict, words: list[str]) -> None:
    _refused(offline_worker(binary, tmp_path, **changes), _CONFIGURATION, *words)


def test_all_mistakes_at_once_with_their_lines(binary: Path, tmp_path: Path) -> None:
    changes = {"gateway.concurrency": "many", "kafka.group": "x", "retry.cap": 5}
    worker = offline_worker(binary, tmp_path, **changes)
    said = _refused(worker, _CONFIGURATION, "gateway.concurrency", "kafka.group", "retry.cap")
    text = (tmp_path / "lippi-bridge.yaml").read_text().splitlines()
    line = next(number for number, content in enumerate(text, 1) if "concurrency" in content)
    assert f"lippi-bridge.yaml:{line}" in said, said


def test_required_keys_are_named(binary: Path, tmp_path: Path) -> None:
    worker = offline_worker(binary, tmp_path)
    for key in ("kafka.bootstrap_servers", "gateway.app_key"):
        del worker.settings[key]
    _refused(worker, _CONFIGURATION, "kafka.bootstrap_servers", "gateway.app_key")


def test_the_secret_is_never_said(binary: Path, tmp_path: Path) -> None:
    worker = offline_worker(binary, tmp_path, **{"gateway.app_secret": "helloworld-in-the-wrong-place"})
    said = _refused(worker, _CONFIGURATION)
    assert "helloworld" not in said


@_kafka
def test_no_input_topic(make_line: Callable[..., Line]) -> None:
    line = make_line(settings={"input.topic": "no-such-topic"})
    _refused(line.worker, _CONFIGURATION, "no-such-topic")


@_kafka
def test_no_result_topic(make_line: Callable[..., Line]) -> None:
    line = make_line(settings={"outcomes.topic": "no-such-results"})
    _refused(line.worker, _CONFIGURATION, "no-such-results")


@_kafka
def test_too_few_result_partitions(make_line: Callable[..., Line]) -> None:
    line = make_line(partitions=6, result_partitions=4)
    _refused(line.worker, _CONFIGURATION, line.result_topic, "4", "6")


@_kafka
def test_no_start_position(make_line: Callable[..., Line]) -> None:
    line = make_line()
    line.load(EventGenerator(seed=1, conversations=3).events(20))
    del line.worker.settings["input.start"]
    _refused(line.worker, _CONFIGURATION, "input.start", "earliest", "latest")
    assert line.simulator.requests() == []
    assert all(p.committed is None for p in line.topics.progress(line.group, line.input_topic).values())


@_kafka
def test_the_start_position_is_needed_only_once(make_line: Callable[..., Line]) -> None:
    line = make_line()
    line.load(EventGenerator(seed=1, conversations=3).events(20))
    line.worker.start()
    line.wait_until_done()
    assert line.worker.stop() == 0
    del line.worker.settings["input.start"]
    line.load(EventGenerator(seed=2, conversations=3).events(20))
    line.worker.start()
    line.wait_until_done()
    assert line.worker.stop() == 0
    line.check()


@_kafka
def test_the_gateway_is_not_needed_to_start(make_line: Callable[..., Line]) -> None:
    line = make_line()
    line.simulator.stop()
    line.worker.start()
    assert line.worker.stop() == 0
