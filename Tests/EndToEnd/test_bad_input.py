"""Records that are no chat events: each gets its outcome, in its turn, with all its problems."""

from collections.abc import Callable

import pytest

from lippi_e2e.bad_events import bad_events, edge_events
from lippi_e2e.checker import Expectations
from lippi_e2e.events import ChatEvent, EventGenerator
from lippi_e2e.line import Line

pytestmark = pytest.mark.kafka


def _mixed(generator: EventGenerator, sid: str) -> list[ChatEvent]:
    """Bad ones and odd ones, each between two proper events of the same conversation."""
    events: list[ChatEvent] = []
    for event in [*bad_events(generator, sid), *edge_events(generator, sid)]:
        events += [generator.event(sid), event]
    return [*events, generator.event(sid)]


def test_bad_records_among_good_ones(make_line: Callable[..., Line]) -> None:
    line = make_line(partitions=3, latency_ms=1)
    generator = EventGenerator(seed=11, conversations=3)
    for conversation in range(3):
        line.load(_mixed(generator, f"mixed-conversation-{conversation}"))
    line.load([ChatEvent(message_id=None, sid=None, key=None, value=b"no key", invalid=True, name="no_key")])
    line.worker.start()
    line.wait_until_done()
    assert line.worker.stop() == 0
    line.check(Expectations(no_flags=True, all_delivered=True, one_request_each=True))


def test_nothing_but_bad_records(make_line: Callable[..., Line]) -> None:
    line = make_line(partitions=3)
    junk = [
        ChatEvent(
            message_id=None, sid=None, key=f"k{n % 7}".encode(), value=b"\x00" * (n % 50 + 6), invalid=True
        )
        for n in range(2_000)
    ]
    line.load(junk)
    line.worker.start()
    line.wait_until_done()
    line.check(Expectations(no_flags=True, one_request_each=True))
    assert line.simulator.requests() == []
