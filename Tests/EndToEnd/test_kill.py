"""kill -9 in the middle of the work, again and again: nothing lost, nothing twice without saying so."""

import os
from collections.abc import Callable

import pytest

from lippi_e2e.checker import Expectations
from lippi_e2e.events import EventGenerator
from lippi_e2e.line import KILLS_LATENCY_MS, Line

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(400)]

_EVENTS = int(os.environ.get("LIPPI_E2E_KILL_EVENTS", "6000"))
_KILLS = 3
_FLAGGED_PER_KILL_LIMIT = 1_000
_SEED = int(os.environ.get("LIPPI_E2E_SEED", "20"))

# A restart inside the session keeps the partitions; without a name in the group the broker must first notice.
_STATIC = {"kafka.static_membership": True}
_DYNAMIC = {"kafka.static_membership": False}


@pytest.mark.parametrize("membership", [_STATIC, _DYNAMIC], ids=["static", "dynamic"])
def test_killed_at_random_points(make_line: Callable[..., Line], membership: dict) -> None:
    line = make_line(latency_ms=KILLS_LATENCY_MS, settings=membership)
    line.load(EventGenerator(seed=_SEED, conversations=500).events(_EVENTS))
    line.work_through_kills(line.random_points(f"{_SEED} {membership}", _KILLS))

    report = line.check(Expectations(all_delivered=True))
    # A crash leaves in doubt what was sent or might have been soon, not all that was read.
    assert report.counts["outcomes flagged"] < _KILLS * _FLAGGED_PER_KILL_LIMIT


@pytest.mark.parametrize("membership", [_STATIC, _DYNAMIC], ids=["static", "dynamic"])
def test_killed_under_report(make_line: Callable[..., Line], membership: dict) -> None:
    """Nothing that may have reached the agent is sent again; only what was out, or next, is in doubt."""
    in_flight = 32
    settings = membership | {"ambiguous.policy": "report", "gateway.concurrency": in_flight}
    line = make_line(latency_ms=KILLS_LATENCY_MS, settings=settings)
    line.load(EventGenerator(seed=_SEED, conversations=300).events(3_000))
    line.work_through_kills([300, 1_200, 2_000])

    report = line.check(Expectations(report_policy=True))
    # At each kill: requests under way, heads below the ceiling, outcomes that were not durable.
    assert 0 < report.counts["outcomes flagged"] <= _KILLS * 300


def test_killed_before_the_first_event(make_line: Callable[..., Line]) -> None:
    line = make_line(latency_ms=1, settings=_STATIC)
    line.worker.start()
    line.worker.kill()
    line.load(EventGenerator(seed=_SEED, conversations=5).events(50))
    line.worker.start()
    line.wait_until_done()
    line.check(Expectations(no_flags=True, all_delivered=True, one_request_each=True))


def test_killed_when_everything_was_done(make_line: Callable[..., Line]) -> None:
    line = make_line(latency_ms=1, settings=_STATIC)
    line.load(EventGenerator(seed=_SEED, conversations=5).events(200))
    line.worker.start()
    line.wait_until_done()
    line.worker.kill()
    line.load(EventGenerator(seed=_SEED + 1, conversations=5).events(200))
    line.worker.start(wait=False)
    line.wait_until_done()
    line.check(Expectations(all_delivered=True))
