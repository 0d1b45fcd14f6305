"""One measured run of the bench: topics, gateway, the program under measurement, and what it has used."""

import time
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .bench_cases import Case
from .bench_events import Input, events_of, slow_conversations
from .events import load
from .kafka import KafkaCluster
from .line import Line
from .process import Usage, usage_of
from .reader import OutcomeReader
from .tls import make_certificate
from .topics import Topics
from .waiting import until
from .worker import Worker
from .yardstick import Yardstick

_SLOWEST_EVENTS_PER_SECOND = 100
_LOG_POLL_SECONDS = 0.005
_LAG_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Result:
    outcomes: int
    cpu_us_per_event: float
    events_per_second: float
    midway_events_per_second: float
    """Between the first and the last tenth of the outcomes: without the start, which is fetching, joining the
    group and making connections, and without the end, when few conversations are left."""
    rss_peak_mib: float
    simulator_cpu_us_per_event: float
    gateway_ms_p50: float
    gateway_ms_p99: float
    queue_ms_p50: float
    queue_ms_p99: float


class Ground:
    """The broker of a bench, and the input topics on it; everything in one folder."""

    def __init__(self, kafka: KafkaCluster, folder: Path, worker: Path, yardstick: Path | None):
        self.kafka = kafka
        self.folder = folder
        self.worker = worker
        self.yardstick = yardstick
        self.topics = Topics(kafka.bootstrap)
        self._inputs: dict[Input, tuple[str, float]] = {}
        self._certificate = None
        self._runs = 0

    def input_topic(self, wanted: Input) -> str:
        return self._loaded(wanted)[0]

    def mean_value_bytes(self, wanted: Input) -> float:
        return self._loaded(wanted)[1]

    def _loaded(self, wanted: Input) -> tuple[str, float]:
        """Loads the events at the first call."""
        if wanted not in self._inputs:
            topic = f"bench-events-{len(self._inputs) + 1}"
            self.topics.create(topic, wanted.partitions)
            events = events_of(wanted)
            load(self.kafka.bootstrap, topic, events)
            self._inputs[wanted] = (topic, sum(len(event.value or b"") for event in events) / len(events))
        return self._inputs[wanted]

    @contextmanager
    def line(self, case: Case, *, input_topic: str | None, logging: bool = False):
        """A group and a result topic of their own, and a gateway as the case wants it."""
        self._runs += 1
        settings = {"gateway.concurrency": case.in_flight, **case.settings}
        options: Sequence[str | Path] = ()
        if case.tls:
            if self._certificate is None:
                self._certificate = make_certificate(self.folder / "certificate")
            options = self._certificate.simulator_options
            settings["gateway.ca_file"] = str(self._certificate.certificate)
        with Line(
            self.worker,
            self.kafka.bootstrap,
            self.folder / f"run-{self._runs}",
            partitions=case.input.partitions,
            latency_ms=case.latency_ms,
            settings=settings,
            logging=logging,
            simulator_options=options,
            input_topic=input_topic,
        ) as line:
            yield line

    @contextmanager
    def program(
        self, line: Line, case: Case, *, is_yardstick: bool, environment: Mapping[str, str] | None = None
    ):
        """The worker of a line, or the yardstick in its place; ended without questions if it still runs."""
        if is_yardstick:
            assert self.yardstick is not None
            program: Worker | Yardstick = Yardstick(
                self.yardstick,
                line.folder / "yardstick",
                bootstrap=line.bootstrap,
                group=line.group,
                input_topic=line.input_topic,
                result_topic=line.result_topic,
                url=line.simulator.url,
                in_flight=case.in_flight,
                environment=environment,
            )
        else:
            program = line.worker
            program.environment.update(environment or {})
        try:
            yield program
        finally:
            program.abandon()


def start(program: Worker | Yardstick, extra: Sequence[str] = ()) -> None:
    """Returns as soon as it says that it has started: the broker is reached, the group is not joined yet."""
    if isinstance(program, Yardstick):
        program.start()
    else:
        program.start(*extra, wait=False)
        program.wait_for_log("started", every=_LOG_POLL_SECONDS)


def stop(program: Worker | Yardstick) -> None:
    if (code := program.stop()) != 0:
        raise AssertionError(f"{program.title} ended with {code}\n{program.log.tail()}")


def wait_until_done(line: Line, program: Worker | Yardstick, events: int) -> None:
    until(
        lambda: line.lag() == 0,
        60 + events / _SLOWEST_EVENTS_PER_SECOND,
        "lag is 0",
        every=_LAG_POLL_SECONDS,
        guard=program.assert_running,
    )


def measured(ground: Ground, case: Case, *, is_yardstick: bool, extra: Sequence[str] = ()) -> Result:
    """All events of the case's input, once."""
    with (
        ground.line(case, input_topic=ground.input_topic(case.input)) as line,
        ground.program(line, case, is_yardstick=is_yardstick) as program,
    ):
        slow = slow_conversations(case.input)
        for sid in slow:
            line.simulator.fault("latency", ms=case.slow_ms, sid=sid)
        start(program, extra)
        before, began = program.usage(), time.monotonic()
        simulator_before = usage_of(line.simulator.process.pid)
        if slow:
            count = _wait_for_others(line, program, case.input)
        else:
            count = case.input.total
            wait_until_done(line, program, count)
        seconds, after = time.monotonic() - began, program.usage()
        simulator_after = usage_of(line.simulator.process.pid)
        if slow:
            _let_the_slow_ones_go(line, slow)
            wait_until_done(line, program, case.input.total)
        documents = all_delivered(line.reader, case.input.total)
        stop(program)
    finished = sorted(document["finished_at"] for document in documents)
    gateway = sorted(document["gateway_ms"] for document in documents)
    queue = sorted(document["queue_ms"] for document in documents)
    return Result(
        outcomes=len(documents),
        cpu_us_per_event=measured_cpu(before, after) / count,
        events_per_second=count / seconds,
        midway_events_per_second=_midway_rate(finished),
        rss_peak_mib=program.last_usage.rss_peak_bytes / 2**20,
        simulator_cpu_us_per_event=measured_cpu(simulator_before, simulator_after) / count,
        gateway_ms_p50=share(gateway, 0.50),
        gateway_ms_p99=share(gateway, 0.99),
        queue_ms_p50=share(queue, 0.50),
        queue_ms_p99=share(queue, 0.99),
    )


def all_delivered(reader: OutcomeReader, count: int) -> list[dict]:
    """The outcomes. A run counts only if every event has exactly one, and all are delivered unflagged."""
    until(lambda: reader.count() >= count, 30, "all outcomes are visible")
    outcomes = reader.outcomes
    sources = {outcome.source for outcome in outcomes}
    delivered = sum(outcome.kind == "delivered" and not outcome.flagged for outcome in outcomes)
    if not len(outcomes) == len(sources) == delivered == count:
        raise AssertionError(
            f"{count} events, {len(outcomes)} outcomes of {len(sources)} events,"
            f" {delivered} delivered without a flag"
        )
    return [outcome.document for outcome in outcomes]


def measured_cpu(before: Usage, after: Usage) -> int:
    """Microseconds."""
    return after.cpu_us - before.cpu_us


def share(ordered: Sequence[float], part: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def _midway_rate(finished_ms: Sequence[int]) -> float:
    first, last = len(finished_ms) // 10, len(finished_ms) * 9 // 10
    return (last - first) / max(finished_ms[last] - finished_ms[first], 1) * 1000


def _wait_for_others(line: Line, program: Worker | Yardstick, described: Input) -> int:
    """Returns how many messages the gateway has taken: at least as many as the other conversations have."""

    def taken() -> int:
        stats = line.simulator.stats()
        return stats["taken"] if stats["taken"] >= described.events else 0

    return until(
        taken,
        60 + described.events / _SLOWEST_EVENTS_PER_SECOND,
        "the gateway has taken as many messages as the other conversations have",
        every=_LAG_POLL_SECONDS,
        guard=program.assert_running,
    )


def _let_the_slow_ones_go(line: Line, slow: Sequence[str]) -> None:
    line.simulator.clear_faults()
    for sid in slow:
        line.simulator.fault("latency", ms=0, sid=sid)
