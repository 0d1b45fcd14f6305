"""What the bench measures beside the cost of a backlog: a steady flow, rest, start, allocations."""

import json
import struct
import threading
import time
from collections.abc import Sequence
from contextlib import suppress

from confluent_kafka import Consumer, Producer, TopicPartition

from .bench_cases import Case
from .bench_events import Input
from .bench_run import Ground, all_delivered, measured_cpu, share, start, stop, wait_until_done
from .events import EventGenerator
from .topics import Topics
from .yardstick import built_allocation_counter

_STEADY_EVENTS_PER_SECOND = 1_000
_WARM_UP_SECONDS = 3
_IDLE_SECONDS = 20
_FIRST_EVENTS = 6
_COUNTED_EVENTS = 20_000
_FLUSH_SECONDS = 60


class VisibleReader:
    """A read_committed consumer in a thread of its own that notes when each outcome came to it."""

    def __init__(self, bootstrap: str, topic: str, topics: Topics):
        self.arrivals: list[tuple[float, bytes]] = []
        """Milliseconds of the wall clock, value."""
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": "bench-reader-never-committed",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "auto.offset.reset": "error",
                "log_level": 0,
            }
        )
        self._consumer.assign([TopicPartition(topic, partition, 0) for partition in topics.partitions(topic)])
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="visible", daemon=True)

    def __enter__(self) -> "VisibleReader":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()
        with suppress(Exception):
            self._consumer.close()

    def latencies(self, since_ms: float) -> list[float]:
        """From the timestamp of the event to the arrival of its outcome, in order of size; of the events
        produced since then."""
        found = []
        for arrived, value in self.arrivals:
            produced = json.loads(value)["source"]["timestamp"]
            if produced >= since_ms:
                found.append(arrived - produced)
        return sorted(found)

    def _run(self) -> None:
        while not self._ending.is_set():
            message = self._consumer.poll(0.1)
            if message is not None and message.error() is None:
                self.arrivals.append((time.time() * 1000, message.value()))


def _flow(bootstrap: str, topic: str, generator: EventGenerator, seconds: float) -> int:
    """Produces events one by one at an even pace; returns how many."""
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 0, "log_level": 0})
    events = generator.events(int(seconds * _STEADY_EVENTS_PER_SECOND))
    began = time.monotonic()
    for number, event in enumerate(events):
        left = began + number / _STEADY_EVENTS_PER_SECOND - time.monotonic()
        if left > 0:
            time.sleep(left)
        producer.produce(topic, key=event.key, value=event.value)
        producer.poll(0)
    if (unanswered := producer.flush(_FLUSH_SECONDS)) > 0:
        raise AssertionError(f"{unanswered} events were never acknowledged")
    return len(events)


def steady(ground: Ground, case: Case, seconds: float, *, is_yardstick: bool) -> dict[str, float]:
    """Events as they come: what one costs then, and how long until its outcome is visible."""
    generator = EventGenerator(case.input.seed, case.input.conversations)
    with (
        ground.line(case, input_topic=None) as line,
        ground.program(line, case, is_yardstick=is_yardstick) as program,
        VisibleReader(line.bootstrap, line.result_topic, line.topics) as reader,
    ):
        start(program)
        warm_up = _flow(line.bootstrap, line.input_topic, generator, _WARM_UP_SECONDS)
        wait_until_done(line, program, warm_up)
        since_ms, before = time.time() * 1000, program.usage()
        count = _flow(line.bootstrap, line.input_topic, generator, seconds)
        wait_until_done(line, program, count)
        after = program.usage()
        all_delivered(line.reader, warm_up + count)
        stop(program)
    latencies = reader.latencies(since_ms)
    if len(latencies) != count:
        raise AssertionError(f"{count} events, {len(latencies)} outcomes were seen as they came")
    return {
        "events": count,
        "events_per_second": _STEADY_EVENTS_PER_SECOND,
        "cpu_us_per_event": measured_cpu(before, after) / count,
        "rss_peak_mib": program.last_usage.rss_peak_bytes / 2**20,
        "visible_ms_p50": share(latencies, 0.50),
        "visible_ms_p95": share(latencies, 0.95),
        "visible_ms_p99": share(latencies, 0.99),
    }


def idle(ground: Ground, case: Case, *, is_yardstick: bool) -> dict[str, float]:
    """What a program that has nothing to do uses of one core, in percent. It has had work before."""
    with (
        ground.line(case, input_topic=None) as line,
        ground.program(line, case, is_yardstick=is_yardstick) as program,
    ):
        start(program)
        count = _flow(line.bootstrap, line.input_topic, EventGenerator(1, 100), 1)
        wait_until_done(line, program, count)
        percent = program.cpu_percent(_IDLE_SECONDS)
        stop(program)
    return {"seconds": _IDLE_SECONDS, "cpu_percent": percent}


def second_start(ground: Ground, case: Case) -> dict[str, float]:
    """From the start of the process to the first request, after a run that ended in order: the group is
    empty, and its offsets are there."""
    generator = EventGenerator(1, 100)
    with ground.line(case, input_topic=None, logging=True) as line:
        worker = line.worker
        line.load(generator.events(_FIRST_EVENTS))
        worker.start()
        wait_until_done(line, worker, _FIRST_EVENTS)
        stop(worker)
        known = len(line.simulator.wait_for_requests(_FIRST_EVENTS))
        line.load(generator.events(_FIRST_EVENTS))
        began_us = time.time() * 1_000_000
        worker.start(wait=False)
        wait_until_done(line, worker, _FIRST_EVENTS)
        requests = line.simulator.wait_for_requests(known + _FIRST_EVENTS)
        first_us = min(request["arrived_us"] for request in requests[known:])
        stop(worker)
    return {"seconds_to_first_request": (first_us - began_us) / 1_000_000}


def allocations(ground: Ground, case: Case, *, is_yardstick: bool) -> dict[str, float]:
    """Per event, in a run of its own: counting takes time."""
    counting = Case(case.name, Input(events=_COUNTED_EVENTS), latency_ms=case.latency_ms)
    file = ground.folder / "allocations"
    file.unlink(missing_ok=True)
    environment = {"LD_PRELOAD": str(built_allocation_counter()), "COUNT_ALLOCATIONS": str(file)}
    with (
        ground.line(counting, input_topic=ground.input_topic(counting.input)) as line,
        ground.program(line, counting, is_yardstick=is_yardstick, environment=environment) as program,
    ):
        start(program)
        before = _counts(file.read_bytes())
        wait_until_done(line, program, _COUNTED_EVENTS)
        after = _counts(file.read_bytes())
        all_delivered(line.reader, _COUNTED_EVENTS)
        stop(program)
    calls, size, of_client = (late - early for early, late in zip(before, after, strict=True))
    return {
        "calls_per_event": calls / _COUNTED_EVENTS,
        "bytes_per_event": size / _COUNTED_EVENTS,
        "calls_per_event_by_librdkafka": of_client / _COUNTED_EVENTS,
        "calls_per_event_by_others": (calls - of_client) / _COUNTED_EVENTS,
    }


def _counts(raw: bytes) -> Sequence[int]:
    return struct.unpack("=3Q", raw)
