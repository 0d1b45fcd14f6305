"""`outcomes.delivery: at_least_once`: outcomes may repeat after a crash, and nothing else changes."""

import os
from collections.abc import Callable

import pytest

from lippi_e2e.events import EventGenerator
from lippi_e2e.line import KILLS_LATENCY_MS, Line

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(400)]

_EVENTS = int(os.environ.get("LIPPI_E2E_KILL_EVENTS", "6000"))
_KILLS = 3
_SEED = int(os.environ.get("LIPPI_E2E_SEED", "20"))


def test_killed_at_random_points(make_line: Callable[..., Line]) -> None:
    line = make_line(latency_ms=KILLS_LATENCY_MS, settings={"outcomes.delivery": "at_least_once"})
    line.load(EventGenerator(seed=_SEED, conversations=500).events(_EVENTS))
    line.work_through_kills(line.random_points(f"{_SEED} at_least_once", _KILLS))

    outcomes: dict[str, list] = {}
    for outcome in line.reader.read():
        assert outcome.document
        outcomes.setdefault(outcome.document["message_id"], []).append(outcome)
    repeated = [same for same in outcomes.values() if len(same) > 1]
    for same in repeated:
        assert len({outcome.headers["ce_id"] for outcome in same}) == 1, "a repeat is recognisable"
    assert set(outcomes) == {event.event.message_id for event in line.inputs}, "none is missing"
    taken: dict[str, int] = {}
    for request in line.simulator.requests():
        if request["taken"]:
            taken[request["message_id"]] = taken.get(request["message_id"], 0) + 1
    twice = [message for message, count in taken.items() if count > 1]
    unflagged = [message for message in twice if not any(outcome.flagged for outcome in outcomes[message])]
    flagged = sum(any(outcome.flagged for outcome in same) for same in outcomes.values())
    print(f"  {_EVENTS} events, {len(repeated)} with repeats, {len(twice)} sent twice, {flagged} flagged")
    assert not unflagged
