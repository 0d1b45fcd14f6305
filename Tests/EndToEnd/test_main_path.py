"""Many events, a healthy gateway: everything delivered once, in order, to the end, at a modest price."""

import os
import time
from collections.abc import Callable

import pytest

from lippi_e2e.checker import Expectations
from lippi_e2e.events import EventGenerator
from lippi_e2e.line import Line
from lippi_e2e.waiting import until

pytestmark = pytest.mark.kafka

_EVENTS = int(os.environ.get("LIPPI_E2E_EVENTS", "20000"))
_CONVERSATIONS = 1_000
_PARTITIONS = 6
_RSS_LIMIT = 150 * 1024 * 1024


def test_every_event_once_in_order_and_lag_0(make_line: Callable[..., Line]) -> None:
    line = make_line(partitions=_PARTITIONS, latency_ms=5)
    line.load(EventGenerator(seed=1, conversations=_CONVERSATIONS).events(_EVENTS))

    line.worker.start()
    before, began = line.worker.usage(), time.monotonic()
    line.wait_until_done(seconds=60 + _EVENTS / 500)
    seconds, after = time.monotonic() - began, line.worker.usage()

    line.simulator.wait_for_requests(_EVENTS)
    line.check(Expectations(no_flags=True, all_delivered=True, one_request_each=True))
    assert line.worker.stop() == 0
    cpu = (after.cpu_us - before.cpu_us) / _EVENTS
    print(
        f"  {cpu:.1f} µs CPU per event, {_EVENTS / seconds:.0f} events/s,"
        f" RSS peak {after.rss_peak_bytes / 2**20:.0f} MiB"
    )
    assert after.rss_peak_bytes <= _RSS_LIMIT


def test_events_that_come_while_the_worker_runs(make_line: Callable[..., Line]) -> None:
    line = make_line(partitions=3, latency_ms=1)
    generator = EventGenerator(seed=2, conversations=10)
    line.worker.start()
    for expected in (1, 2, 50, 500):
        line.load(generator.events(expected - len(line.inputs)))
        line.wait_for_outcomes(expected)
        line.wait_until_done()
    line.check(Expectations(no_flags=True, all_delivered=True, one_request_each=True))
    assert line.worker.stop() == 0


def test_one_conversation_is_strictly_one_after_the_other(make_line: Callable[..., Line]) -> None:
    line = make_line(partitions=1, latency_ms=2)
    line.load(EventGenerator(seed=3, conversations=1).events(300))
    line.worker.start()
    line.wait_until_done()
    line.check(Expectations(no_flags=True, all_delivered=True, one_request_each=True))
    requests = line.simulator.wait_for_requests(300)
    # A request that came before the answer to the one before was sent too early.
    for one, next_one in zip(requests, requests[1:], strict=False):
        assert next_one["arrived_us"] >= one["completed_us"] >= one["arrived_us"] + 2_000, (one, next_one)


def test_two_workers_share_the_partitions(make_line: Callable[..., Line]) -> None:
    line = make_line(partitions=6, latency_ms=20)
    generator = EventGenerator(seed=4, conversations=500)
    line.worker.start()
    other = line.another_worker("two").start()

    def both_have_worked() -> bool:
        line.load(generator.events(200))
        return {o.document["bridge"]["instance"] for o in line.reader.read()} == {"one", "two"}

    # The events go on through the rebalance: that is what this test is about.
    until(both_have_worked, 60, "both workers have written outcomes", guard=other.assert_running)
    line.wait_until_done()
    assert other.stop() == 0
    line.load(generator.events(500))
    line.wait_until_done()
    line.check(Expectations(no_flags=True, all_delivered=True, one_request_each=True))
    assert line.worker.stop() == 0
