"""How long it takes until work goes on: after a kill with an immediate restart, and when others take over."""

import time
from collections.abc import Callable

import pytest

from lippi_e2e.checker import Expectations
from lippi_e2e.line import Line
from lippi_e2e.reader import Outcome
from lippi_e2e.steady_load import SteadyLoad
from lippi_e2e.waiting import until

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

_RATE = 100
_SEED = 31
_KILLS = 3
_STATIC_SECONDS = 5
_DYNAMIC_SECONDS = 20
_TAKE_OVER_SECONDS = 30


class Loaded:
    def __init__(self, line: Line):
        self.line = line
        self.load = SteadyLoad(line.bootstrap, line.input_topic, seed=_SEED, rate=_RATE, bad_share=0)

    def __enter__(self) -> Line:
        self.load.start()
        return self.line

    def __exit__(self, kind: object, *_: object) -> None:
        self.load.stop()
        if kind is None:
            self.line.wait_until_done(60)
            self.line.inputs = self.load.loaded(self.line.topics)


def _outcome_ms(outcomes: list[Outcome], since_ms: float, partitions: set[int]) -> dict[int, float]:
    """For each of the partitions: when it had its first outcome after that moment."""
    found: dict[int, float] = {}
    for outcome in outcomes:
        if outcome.partition in partitions and outcome.timestamp > since_ms:
            found.setdefault(outcome.partition, outcome.timestamp)
    return found


def _wait_for_all(line: Line, since_ms: float, partitions: set[int], seconds: float) -> float:
    """Seconds until the last of the partitions has an outcome again."""
    until(
        lambda: _outcome_ms(line.reader.read(), since_ms, partitions).keys() == partitions,
        seconds,
        f"partitions {sorted(partitions)} have outcomes again",
        every=0.1,
    )
    return (max(_outcome_ms(line.reader.outcomes, since_ms, partitions).values()) - since_ms) / 1000


@pytest.fixture
def partitions() -> set[int]:
    return set(range(3))


@pytest.mark.parametrize(
    ("static", "limit"),
    [(True, _STATIC_SECONDS), (False, _DYNAMIC_SECONDS)],
    ids=["static", "dynamic"],
)
def test_killed_and_started_at_once(
    make_line: Callable[..., Line], partitions: set[int], static: bool, limit: float
) -> None:
    line = make_line(partitions=3, settings={"kafka.static_membership": static})
    line.worker.start()
    times = []
    with Loaded(line):
        for _ in range(_KILLS):
            _wait_for_all(line, time.time() * 1000, partitions, 60)
            line.worker.kill()
            killed = time.time() * 1000
            line.worker.start(wait=False)
            times.append(_wait_for_all(line, killed, partitions, 60))
    assert line.worker.stop() == 0
    report = line.check(Expectations(all_delivered=True))
    flagged = report.counts["outcomes flagged"] / _KILLS
    print(f"  static {static}: {[f'{t:.1f} s' for t in times]}, {flagged:.0f} flagged per kill")
    assert max(times) <= limit


def test_others_take_over(make_line: Callable[..., Line], partitions: set[int]) -> None:
    line = make_line(partitions=3)
    line.worker.start()
    other = line.another_worker("two")
    other.start()
    with Loaded(line):
        until(lambda: other.logged("partition started"), 60, "the second member has work")
        _wait_for_all(line, time.time() * 1000, partitions, 60)
        other.kill()
        seconds = _wait_for_all(line, time.time() * 1000, partitions, 60)
    assert line.worker.stop() == 0
    line.check(Expectations(all_delivered=True))
    print(f"  taken over after {seconds:.1f} s")
    assert seconds <= _TAKE_OVER_SECONDS
