"""Whatever the worker waits for, it sleeps meanwhile.

A wake-up that comes too early, again and again, is seen nowhere but in the processor's time.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from confluent_kafka.admin import ResourceType

from lippi_e2e.admin import AdminPort
from lippi_e2e.checker import Expectations
from lippi_e2e.events import EventGenerator
from lippi_e2e.kafka import KafkaCluster
from lippi_e2e.line import Line
from lippi_e2e.topics import alter_setting
from lippi_e2e.waiting import until

pytestmark = pytest.mark.kafka

_MEASURED_SECONDS = 3
# Until what was under way when the wait began has ended.
_SETTLING_SECONDS = 1
_PERCENT_LIMIT = 3.0
_EVENTS = 400
# Much is left to be done when the wait begins.
_SLOW_MS = 300
_NOT_REACHED = {"code": 15, "sub_code": "isp.top-remote-connection-error", "delivered": False}
_TOKEN = "let-me-in"


def _cpu_percent(line: Line) -> float:
    time.sleep(_SETTLING_SECONDS)
    return line.worker.cpu_percent(_MEASURED_SECONDS)


def _reason(line: Line, *reasons: str) -> None:
    """Health says that this is what is waited for."""
    port = AdminPort.of(line.worker)
    until(lambda: port.reasons() & set(reasons), 30, f"{reasons} is named", explain=line.worker.log.tail)


def _away(line: Line) -> None:
    line.simulator.kill()
    _reason(line, "breaker", "gateway_unreachable")


def _failed_once(line: Line) -> None:
    port = AdminPort.of(line.worker)
    until(lambda: port.metric("retries_total") >= 50, 30, "50 have failed")


def _paused(line: Line) -> None:
    port = AdminPort.of(line.worker)
    assert port.ask("POST", "/pause", '{"reason":"lunch"}', token=_TOKEN).status == 202
    until(lambda: port.metric("line_state", state="paused") == 1, 10, "the line is paused")


def _refused_outcomes(line: Line) -> None:
    """Kafka takes an outcome in no form. Some have been published before, so that offsets move as well."""
    line.wait_for_outcomes(20)
    alter_setting(line.bootstrap, ResourceType.TOPIC, line.result_topic, "max.message.bytes", "100")
    line.worker.wait_for_log("halted", seconds=60)


@dataclass(frozen=True)
class Wait:
    name: str
    begin: Callable[[Line], object]
    """Brings the running line there."""
    fault: dict = field(default_factory=dict)
    settings: dict = field(default_factory=dict)
    latency_ms: int = 5


_WAITS = [
    Wait("for events", lambda line: line.wait_until_done()),
    Wait("for the end of a ban", lambda line: _reason(line, "ban"), {"kind": "ban", "seconds": 600}),
    Wait(
        "for a right key",
        lambda line: _reason(line, "halt"),
        {"kind": "answer", "code": 25, "delivered": False},
    ),
    Wait(
        "for the backend",
        lambda line: _reason(line, "breaker"),
        {"kind": "answer", **_NOT_REACHED},
    ),
    Wait("for the gateway", _away, latency_ms=1_000),
    Wait(
        "for answers",
        lambda line: until(lambda: line.simulator.stats()["requests"] >= 64, 30, "64 are under way"),
        {"kind": "latency", "ms": 60_000},
    ),
    Wait(
        "between attempts",
        _failed_once,
        {"kind": "answer", **_NOT_REACHED},
        {
            "breaker.failures_in_a_row": 100_000,
            "breaker.min_results": 100_000,
            "retry.base": "1m",
            "retry.cap": "10m",
        },
    ),
    Wait("for its turn", lambda line: line.wait_for_outcomes(2), settings={"gateway.requests_per_second": 1}),
    Wait("for an operator", _paused, latency_ms=200),
    Wait(
        "for somebody who looks",
        lambda line: line.worker.wait_for_log("braked"),
        {"kind": "answer", "result_code": "400001", "delivered": False},
        {"brake.window": 100},
    ),
    Wait("for the result topic", _refused_outcomes, latency_ms=_SLOW_MS),
]


@pytest.mark.parametrize("policy", ["resend", "report"])
@pytest.mark.parametrize("wait", _WAITS, ids=lambda wait: wait.name)
def test_a_worker_sleeps_while_it_waits(
    make_line: Callable[..., Line], tmp_path: Path, wait: Wait, policy: str
) -> None:
    (tmp_path / "token").write_text(_TOKEN)
    settings = {"ambiguous.policy": policy, "admin.token_file": str(tmp_path / "token"), **wait.settings}
    line = make_line(partitions=3, latency_ms=wait.latency_ms, settings=settings)
    if wait.fault:
        line.simulator.fault(**wait.fault)
    line.load(EventGenerator(seed=91, conversations=100).events(_EVENTS))
    line.worker.start()
    wait.begin(line)
    percent = _cpu_percent(line)
    print(f"  {wait.name} ({policy}): {percent:.1f} % of a processor")
    line.worker.assert_running()
    assert percent < _PERCENT_LIMIT, line.worker.log.tail()


def test_a_worker_sleeps_while_kafka_is_away(binary: Path, tmp_path: Path) -> None:
    with (
        KafkaCluster(tmp_path / "kafka") as cluster,
        Line(binary, cluster.bootstrap, tmp_path / "line", partitions=3, latency_ms=_SLOW_MS) as line,
    ):
        line.load(EventGenerator(seed=92, conversations=100).events(_EVENTS))
        line.worker.start()
        line.wait_for_outcomes(20)
        cluster.kill()
        _reason(line, "broker_gone")
        percent = _cpu_percent(line)
        print(f"  for Kafka: {percent:.1f} % of a processor")
        assert percent < _PERCENT_LIMIT


def test_a_line_goes_on_when_kafka_takes_the_outcome(make_line: Callable[..., Line]) -> None:
    line = make_line(partitions=3, latency_ms=_SLOW_MS)
    line.load(EventGenerator(seed=93, conversations=100).events(_EVENTS))
    line.worker.start()
    _refused_outcomes(line)
    _reason(line, "committer_stuck")
    sent = line.simulator.stats()["requests"]
    assert sent < _EVENTS
    alter_setting(line.bootstrap, ResourceType.TOPIC, line.result_topic, "max.message.bytes", "1048576")
    line.wait_until_done()
    assert line.worker.stop() == 0
    line.check(Expectations(no_flags=True, all_delivered=True, one_request_each=True))
