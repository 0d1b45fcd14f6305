"""The gateway misbehaves and the line stops: for a ban, for our own fault, for a gateway that is away.

Each is measured by what the gateway took and when, under both policies."""

import os
import threading
import time
from collections.abc import Callable

import pytest

from lippi_e2e.checker import Expectations
from lippi_e2e.events import EventGenerator
from lippi_e2e.gateway_client import APP_SECRET
from lippi_e2e.line import Line
from lippi_e2e.waiting import until

pytestmark = pytest.mark.kafka

# Between an answer that stops the line and the last request that was on its way.
_READING_SECONDS = 0.5
_AWAY_SECONDS = int(os.environ.get("LIPPI_E2E_AWAY_SECONDS", "10"))
# With these the breaker opens, as it is set by default.
_FAILURES_IN_A_ROW = 5
# Between two probes at most, as the breaker is set by default.
_PROBE_SECONDS = 30
# What a busy machine may add to a time that the bridge keeps by itself.
_SLACK_SECONDS = 1.5


@pytest.fixture(params=["resend", "report"])
def policy(request: pytest.FixtureRequest) -> str:
    return request.param


def _line(make_line: Callable[..., Line], policy: str, latency_ms: int = 5, **settings: object) -> Line:
    more = {name.replace("__", "."): value for name, value in settings.items()}
    return make_line(partitions=3, latency_ms=latency_ms, settings={"ambiguous.policy": policy, **more})


def _work_then(line: Line, seed: int, count: int, fault: Callable[[], None]) -> None:
    """The line is at work when the fault comes, and the rest of the load follows it, however fast it is."""
    events = EventGenerator(seed=seed, conversations=200).events(count)
    line.load(events[:500])
    line.worker.start()
    line.wait_for_outcomes(100)
    fault()
    line.load(events[500:])


def _arrivals(line: Line) -> list[float]:
    return sorted(request["arrived_us"] / 1e6 for request in line.simulator.requests())


def _answered(line: Line, code: int) -> list[dict]:
    return [r for r in line.simulator.requests() if r["answer"] and r["answer"]["code"] == code]


def _say(what: str, policy: str, **found: object) -> None:
    values = ", ".join(
        f"{name.replace('_', ' ')} {value:.2f}"
        if isinstance(value, float)
        else f"{name.replace('_', ' ')} {value}"
        for name, value in found.items()
    )
    print(f"  {what} ({policy}): {values}")


def _attempts(line: Line) -> str:
    attempts = [outcome.document["attempts"] for outcome in line.reader.outcomes]
    return f"{min(attempts)} to {max(attempts)}"


def test_a_ban_with_a_number(make_line: Callable[..., Line], policy: str) -> None:
    seconds = 4
    line = _line(make_line, policy)
    _work_then(line, 71, 4_000, lambda: line.simulator.fault("ban", seconds=seconds))
    line.wait_until_done()
    line.check(Expectations(no_flags=True, all_delivered=True))
    banned = _answered(line, 7)
    assert banned
    began = min(r["completed_us"] for r in banned) / 1e6
    during = [at for at in _arrivals(line) if began + _READING_SECONDS < at < began + seconds]
    resumed = min(at for at in _arrivals(line) if at >= began + seconds) - began - seconds
    _say(
        "ban of 4 s", policy, requests_during_it=len(during), resumed_after=resumed, attempts=_attempts(line)
    )
    assert not during
    assert resumed <= 2 + _SLACK_SECONDS
    assert any(outcome.document["waited_ms"]["ban"] > 1_000 for outcome in line.reader.outcomes)


def test_a_ban_without_a_number(make_line: Callable[..., Line], policy: str) -> None:
    line = _line(make_line, policy)
    _work_then(line, 72, 2_000, lambda: line.simulator.fault("answer", code=7, delivered=False))
    line.worker.wait_for_log("banned")
    # The third probe is 1 + 2 + 4 s away at least.
    first = until(lambda: _answered(line, 7), 10, "a ban")[0]["completed_us"] / 1e6
    probes = until(
        lambda: [r for r in _answered(line, 7) if r["arrived_us"] / 1e6 > first + _READING_SECONDS][1:],
        20,
        "two probes were banned",
    )
    line.simulator.clear_faults()
    cleared = time.time()
    line.wait_until_done()
    line.check(Expectations(no_flags=True, all_delivered=True))
    times = [at for at in _arrivals(line) if first + _READING_SECONDS < at <= probes[0]["arrived_us"] / 1e6]
    waits = [later - earlier for earlier, later in zip([first, *times], times, strict=False)]
    resumed = min(at for at in _arrivals(line) if at > cleared) - cleared
    _say("ban without a number", policy, waits=[round(wait, 2) for wait in waits], resumed_after=resumed)
    assert len(times) == 2, "one request each"
    assert waits[0] >= 1
    assert waits[1] >= 2
    assert resumed <= 4 + 1 + _SLACK_SECONDS


def test_a_wrong_secret_is_replaced_in_its_file(make_line: Callable[..., Line], policy: str) -> None:
    line = _line(make_line, policy)
    line.load(EventGenerator(seed=73, conversations=50).events(500))
    line.write_secret("not the secret")
    line.worker.start()
    line.worker.wait_for_log("halted")
    assert line.reader.count() == 0
    line.write_secret(APP_SECRET)
    replaced = time.time()
    line.wait_until_done()
    line.check(Expectations(no_flags=True, all_delivered=True, bad_signatures=True))
    refused = [request for request in line.simulator.requests() if not request["signature_ok"]]
    resumed = min(at for at in _arrivals(line) if at > replaced) - replaced
    _say("wrong secret", policy, refused=len(refused), resumed_after=resumed, attempts=_attempts(line))
    assert len(refused) <= 5, "the first request, and three probes that confirm it"
    assert resumed <= 5 + _SLACK_SECONDS
    assert len(line.worker.logged("halted")) == 1
    assert len(line.worker.logged("resumed")) == 1


def test_one_bad_caller_among_a_thousand(make_line: Callable[..., Line], policy: str) -> None:
    line = _line(make_line, policy)
    generator = EventGenerator(seed=74, conversations=1)
    line.load([generator.event(sid=f"conversation-{number}") for number in range(1_000)])
    bad = line.inputs[500].event
    line.simulator.fault(
        "answer", code=11, sub_code="isv.permission-api-package-limit", sid=bad.sid, delivered=False
    )
    line.worker.start()
    line.wait_until_done()
    line.check(Expectations(no_flags=True))
    outcomes = [outcome.document for outcome in line.reader.outcomes]
    assert sum(document["outcome"] == "delivered" for document in outcomes) == 999
    (rejected,) = (document for document in outcomes if document["outcome"] == "rejected")
    assert rejected["sid"] == bad.sid
    assert rejected["error"]["code"] == "caller_refused"
    _say(
        "one bad caller", policy, attempts_of_it=rejected["attempts"], halts=len(line.worker.logged("halted"))
    )
    assert not line.worker.logged("halted")


@pytest.mark.timeout(_AWAY_SECONDS + 280)
def test_the_gateway_is_away_and_back(make_line: Callable[..., Line], policy: str) -> None:
    # 1 280 a second at most, so that much is left and much is in flight when the gateway goes.
    line = _line(make_line, policy, latency_ms=50)
    line.load(EventGenerator(seed=75, conversations=300).events(8_000))
    line.worker.start()
    line.wait_for_outcomes(100)
    line.simulator.stop()
    left = time.time()
    line.worker.wait_for_log("breaker opened")
    # The length of the outage is the subject.
    time.sleep(max(0.0, left + _AWAY_SECONDS - time.time()))
    line.simulator.start()
    back = time.time()
    line.wait_until_done()
    after = [at for at in _arrivals(line) if at > back]
    line.reader.read()
    flagged = [
        outcome.document
        for outcome in line.reader.outcomes
        if outcome.document["outcome"] == "in_doubt" or outcome.document["possible_duplicate"]
    ]
    failed = [outcome for outcome in line.reader.outcomes if outcome.document["outcome"] == "failed"]
    _say(
        f"gateway away for {_AWAY_SECONDS} s",
        policy,
        probe_after=after[0] - back,
        first_send_after_probe=after[1] - after[0],
        the_rest_took=after[-1] - after[0],
        flagged=len(flagged),
        attempts=_attempts(line),
    )
    assert not failed
    # Each failure frees the place of one request; while the gateway is going it still takes connections.
    started_before_it_opened = _FAILURES_IN_A_ROW - 1
    assert len(flagged) <= line.worker.settings["gateway.concurrency"] + started_before_it_opened
    assert after[0] - back <= _PROBE_SECONDS + _SLACK_SECONDS
    assert after[1] - after[0] <= 1
    line.check(Expectations())


def test_an_outage_at_one_event_a_second(make_line: Callable[..., Line], policy: str) -> None:
    """So slowly that no share of failures ever shows: nothing is failed all the same."""
    line = _line(make_line, policy)
    generator = EventGenerator(seed=76, conversations=1)
    line.worker.start()
    line.load([generator.event(sid="first")])
    line.wait_for_outcomes(1)
    line.simulator.fault("answer", code=15, sub_code="isp.top-remote-connection-error", delivered=False)
    for number in range(10):
        line.load([generator.event(sid=f"conversation-{number}")])
        time.sleep(1)
    assert line.reader.count() == 1, "nothing is failed"
    line.simulator.clear_faults()
    line.wait_until_done()
    line.check(Expectations(no_flags=True, all_delivered=True))
    _say("outage at 1 event/s", policy, requests=len(line.simulator.requests()), attempts=_attempts(line))
    assert line.worker.logged("breaker opened")


_STOPS = {
    "ban": ("banned", {"kind": "ban", "seconds": 60}),
    "halt": ("halted", {"kind": "answer", "code": 25, "delivered": False}),
    "breaker": (
        "breaker opened",
        {"kind": "answer", "code": 15, "sub_code": "isp.top-remote-connection-error", "delivered": False},
    ),
    "back-off": (
        None,
        {
            "kind": "answer",
            "code": 15,
            "sub_code": "isp.top-remote-connection-error",
            "delivered": False,
            "rate": 0.3,
        },
    ),
}


@pytest.mark.parametrize("stop", list(_STOPS))
def test_sigterm_while_the_line_stands_still(make_line: Callable[..., Line], policy: str, stop: str) -> None:
    message, fault = _STOPS[stop]
    # 640 a second at most, so that much is left when the fault comes.
    line = _line(make_line, policy, latency_ms=50, gateway__concurrency=32, retry__base="5s")
    line.load(EventGenerator(seed=77, conversations=200).events(3_000))
    line.worker.start()
    line.wait_for_outcomes(100)
    line.simulator.fault(**fault)
    if message:
        line.worker.wait_for_log(message)
    else:
        until(lambda: len(_answered(line, 15)) >= 10, 20, "some events back off")
    began = time.monotonic()
    assert line.worker.stop() == 0
    took = time.monotonic() - began
    assert line.lag() > 0, "something must be left, or this test shows nothing"
    line.simulator.clear_faults()
    line.worker.start()
    line.wait_until_done()
    line.check(Expectations(no_flags=True, all_delivered=True))
    _say(f"SIGTERM during {stop}", policy, stopped_after=took, flagged=0)


def test_a_hot_conversation_holds_up_its_own_partition_alone(
    make_line: Callable[..., Line], policy: str
) -> None:
    """One conversation gets twice what can be sent one after the other. The others go at their own rate."""
    line = make_line(partitions=2, latency_ms=50, settings={"ambiguous.policy": policy})
    generator = EventGenerator(seed=78, conversations=60)
    line.worker.start()
    seconds, rate = 8, 100
    hot = [generator.event(sid="hot") for _ in range(40 * seconds)]
    others = [generator.event(sid=f"calm-{n % 60}") for n in range(rate * seconds)]
    loading = threading.Thread(target=_load_evenly, args=(line, hot, others, seconds))
    loading.start()
    loading.join()
    ended = time.time()
    line.wait_until_done(seconds=180)
    line.check(Expectations(no_flags=True, all_delivered=True))
    by_sid = {item.event.message_id: item for item in line.inputs}
    home = next(item.partition for item in line.inputs if item.event.sid == "hot")
    shares = {}
    for name, same in (("own", True), ("other", False)):
        chosen = [
            outcome
            for outcome in line.reader.outcomes
            if outcome.document["sid"] != "hot"
            and (by_sid[outcome.document["message_id"]].partition == home) == same
        ]
        in_time = sum(outcome.document["finished_at"] / 1_000 <= ended + 1 for outcome in chosen)
        shares[name] = in_time / len(chosen) if chosen else 1.0
    _say("hot conversation", policy, own_partition=shares["own"], other_partition=shares["other"])
    assert shares["other"] >= 0.95
    assert shares["own"] >= 0.90


def _load_evenly(line: Line, hot: list, others: list, seconds: int) -> None:
    portions = seconds * 4
    began = time.monotonic()
    for number in range(portions):
        events = hot[number * len(hot) // portions : (number + 1) * len(hot) // portions]
        events += others[number * len(others) // portions : (number + 1) * len(others) // portions]
        line.load(events)
        time.sleep(max(0.0, began + (number + 1) / 4 - time.monotonic()))
