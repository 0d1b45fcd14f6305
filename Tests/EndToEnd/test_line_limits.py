"""What holds the line, or ends an event, on purpose: the brake, the rate, an event's age. With Kafka and the
simulator."""

import dataclasses
import datetime
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from lippi_e2e.admin import AdminPort
from lippi_e2e.checker import Expectations
from lippi_e2e.events import ChatEvent, EventGenerator
from lippi_e2e.line import Line
from lippi_e2e.waiting import until

pytestmark = pytest.mark.kafka

_BURST_SECONDS = 0.1


def _outcomes(line: Line) -> dict[str, tuple[str, str | None, int]]:
    """By message_id: outcome, error code, attempts."""
    found = {}
    for outcome in line.reader.read():
        document = outcome.document
        error = document["error"]
        found[document["message_id"]] = (
            document["outcome"],
            error["code"] if error else None,
            document["attempts"],
        )
    return found


def _with_deadline(events: Sequence[ChatEvent], seconds: float) -> list[ChatEvent]:
    """As binary CloudEvents that are of use for so long."""
    until_then = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
    attributes = {
        "ce_specversion": "1.0",
        "ce_type": "chat",
        "ce_source": "/test",
        "ce_expirytime": until_then.isoformat(),
    }
    return [
        dataclasses.replace(
            event,
            headers=[
                *((name, value.encode()) for name, value in attributes.items()),
                ("ce_id", event.message_id.encode()),
            ],
        )
        for event in events
    ]


@pytest.mark.parametrize("policy", ["resend", "report"])
def test_events_grow_too_old_while_the_line_is_banned(make_line: Callable[..., Line], policy: str) -> None:
    line = make_line(partitions=2, settings={"gateway.max_event_age": "4s", "ambiguous.policy": policy})
    generator = EventGenerator(seed=5, conversations=10)
    line.simulator.fault("ban", seconds=8)
    aged = generator.events(40)
    dated = _with_deadline(generator.events(20), 2)
    line.worker.start()
    line.load(aged)
    line.load(dated)
    # They expire although nothing is sent, so the group catches up before the ban ends.
    line.wait_until_done()
    requests_during_ban = line.simulator.stats()["requests"]
    fresh = generator.events(20)
    banned = line.worker.wait_for_log("banned")
    # Nobody probes while nothing waits: the ban is over by its time, 8 s and up to one more.
    over = datetime.datetime.fromisoformat(banned["timestamp"]) + datetime.timedelta(seconds=9)
    until(lambda: datetime.datetime.now(datetime.UTC) > over, 30, "the ban is over")
    line.load(fresh)
    line.wait_until_done()
    assert line.worker.stop() == 0
    outcomes = _outcomes(line)
    assert {outcomes[event.message_id][:2] for event in aged} == {("expired", "too_old")}
    assert {outcomes[event.message_id][:2] for event in dated} == {("expired", "deadline_passed")}
    assert sum(outcomes[event.message_id][2] for event in [*aged, *dated]) == requests_during_ban == 1
    assert {outcomes[event.message_id][:2] for event in fresh} == {("delivered", None)}
    line.check(Expectations(no_flags=True))


def test_too_many_refusals_stop_the_line_until_somebody_looked(
    make_line: Callable[..., Line], tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("let-me-in")
    settings = {"brake.window": 100, "gateway.concurrency": 16, "admin.token_file": str(tmp_path / "token")}
    line = make_line(partitions=2, settings=settings)
    line.simulator.fault("answer", result_code="400001", delivered=False)
    line.load(EventGenerator(seed=6, conversations=60).events(600))
    line.worker.start()
    port = AdminPort.of(line.worker)
    said = line.worker.wait_for_log("braked")
    assert "resume" in said["next_step"]
    until(lambda: port.metric("line_state", state="braked") == 1, 10, "the line is seen to be braked")
    until(lambda: port.metric("in_flight") == 0, 10, "nothing is under way")
    sent = line.simulator.stats()["requests"]
    assert 50 < sent <= 51 + 16
    line.simulator.clear_faults()
    assert port.ask("POST", "/resume", token="let-me-in").status == 202
    line.wait_until_done()
    assert line.worker.stop() == 0
    kinds = Counter(outcome[:2] for outcome in _outcomes(line).values())
    assert kinds == {("rejected", "refused_by_backend"): sent, ("delivered", None): 600 - sent}
    line.check(Expectations(no_flags=True, one_request_each=True))


def test_the_rate_of_requests_is_kept(make_line: Callable[..., Line]) -> None:
    rate, count = 100, 400
    line = make_line(partitions=2, settings={"gateway.requests_per_second": rate})
    line.load(EventGenerator(seed=7, conversations=100).events(count))
    line.worker.start()
    began = time.monotonic()
    line.wait_until_done()
    assert time.monotonic() - began < 3 * count / rate
    assert line.worker.stop() == 0
    arrivals = sorted(request["arrived_us"] / 1e6 for request in line.simulator.requests())
    burst = rate * _BURST_SECONDS
    for first, last in zip(arrivals, arrivals[rate:], strict=False):
        # `rate` intervals. What was held up on the way arrives closer together.
        assert last - first > (rate - burst - 2) / rate - 0.1
    print(f"\n  {count} requests at {rate} a second in {arrivals[-1] - arrivals[0]:.2f} s")
    line.check(Expectations(no_flags=True, all_delivered=True, one_request_each=True))
