"""SIGTERM is an orderly end: in time, with nothing in doubt, and the next start goes on where it stopped."""

import signal
import time
from collections.abc import Callable

import pytest

from lippi_e2e.checker import Expectations
from lippi_e2e.events import EventGenerator
from lippi_e2e.line import Line

pytestmark = pytest.mark.kafka

_GRACE_SECONDS = 25
_ORDERLY = Expectations(no_flags=True, all_delivered=True, one_request_each=True)


def test_stopped_under_load(make_line: Callable[..., Line]) -> None:
    # 5 120 a second at most, so that much is left when the stop comes.
    events = 15_000
    line = make_line(latency_ms=50, settings={"gateway.concurrency": 256})
    line.load(EventGenerator(seed=31, conversations=1_000).events(events))
    line.worker.start()
    line.wait_for_outcomes(1_000)

    began = time.monotonic()
    assert line.worker.stop(_GRACE_SECONDS) == 0
    print(f"  stopped after {time.monotonic() - began:.2f} s")
    left = line.lag()
    assert left > 0, "the load must outlast the stop, or this test shows nothing"
    line.topics.wait_until_no_transaction_is_open(line.result_topic)
    finished = line.reader.count()
    assert len(line.simulator.wait_for_requests(finished)) == finished, "everything sent has its outcome"

    line.worker.start()
    line.wait_until_done()
    assert line.worker.stop() == 0
    line.check(_ORDERLY)


def test_stopped_twice_while_idle(make_line: Callable[..., Line]) -> None:
    line = make_line()
    for _ in range(2):
        line.worker.start()
        assert line.worker.stop(10) == 0
    assert line.reader.count() == 0


def test_sigint_is_like_sigterm(make_line: Callable[..., Line]) -> None:
    line = make_line(latency_ms=20)
    line.load(EventGenerator(seed=32, conversations=50).events(1_000))
    line.worker.start()
    line.wait_for_outcomes(50)
    line.worker.signal(signal.SIGINT)
    assert line.worker.wait_for_end(_GRACE_SECONDS) == 0
    line.worker.start()
    line.wait_until_done()
    line.check(_ORDERLY)


def test_stopped_while_the_gateway_is_away(make_line: Callable[..., Line]) -> None:
    line = make_line(latency_ms=1)
    line.load(EventGenerator(seed=33, conversations=20).events(300))
    line.simulator.stop()
    line.worker.start()
    assert line.worker.stop(_GRACE_SECONDS) == 0
    assert line.reader.count() == 0, "nothing is failed because the gateway was away"
    line.simulator.start()
    line.worker.start()
    line.wait_until_done()
    line.check(_ORDERLY)
