"""What one event costs: `python -m lippi_e2e.bench --events 100000 --repeat 3 --json FILE`.

Starts a broker, loads the events, starts the gateway simulator, and lets the worker of the release build go
through all of them, once per repetition with a group and a result topic of its own. Measured from outside:

- CPU: user + system time of the worker's process, from its log line `started` to lag 0
- events/s: over the same time
- RSS: the peak of the process over its whole life
- latency: as the outcomes tell it (`gateway_ms`, and `queue_ms` for the wait before the first request)

A repetition counts only if every event has exactly one outcome, and all are `delivered` without a flag.
"""

import argparse
import hashlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from .events import EventGenerator, load
from .kafka import KafkaCluster, KafkaUnavailable
from .line import Line
from .process import usage_of
from .topics import Topics
from .waiting import until
from .worker import default_binary

_UNAVAILABLE = 69
_SLOWEST_EVENTS_PER_SECOND = 200
_LOG_POLL_SECONDS = 0.005
_LAG_POLL_SECONDS = 0.05
_INPUT = "bench-events"


@dataclass(frozen=True)
class Result:
    cpu_us_per_event: float
    events_per_second: float
    rss_peak_mib: float
    simulator_cpu_us_per_event: float
    gateway_ms_p50: float
    gateway_ms_p99: float
    queue_ms_p50: float
    queue_ms_p99: float


_COLUMNS = {
    "cpu_us_per_event": "µs CPU/event",
    "events_per_second": "events/s",
    "rss_peak_mib": "RSS MiB",
    "simulator_cpu_us_per_event": "simulator µs",
    "gateway_ms_p50": "gateway p50",
    "gateway_ms_p99": "gateway p99",
    "queue_ms_p50": "queue p50",
    "queue_ms_p99": "queue p99",
}


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    if not options.binary.is_file():
        print(f"{options.binary} does not exist: build it first (./dev build)", file=sys.stderr)
        return _UNAVAILABLE
    with tempfile.TemporaryDirectory(prefix="lippi-bench-") as folder:
        try:
            results = _measure(options, Path(folder))
        except KafkaUnavailable as reason:
            print(f"no broker: {reason}", file=sys.stderr)
            return _UNAVAILABLE
    _print(results)
    if options.json is not None:
        _write(options, results)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--conversations", type=int, default=2_000)
    parser.add_argument("--partitions", type=int, default=6)
    parser.add_argument("--in-flight", type=int, default=256, help="gateway.concurrency")
    parser.add_argument("--latency", type=int, default=5, help="of the gateway, milliseconds")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="for the worker")
    parser.add_argument("--binary", type=Path, default=default_binary())
    parser.add_argument("--json", type=Path, help="write the figures there")
    options = parser.parse_args(arguments)
    for name in ("events", "conversations", "partitions", "in_flight", "repeat"):
        if getattr(options, name) < 1:
            parser.error(f"--{name.replace('_', '-')} must be at least 1")
    return options


def _measure(options: argparse.Namespace, folder: Path) -> list[Result]:
    with KafkaCluster(folder / "kafka", heap="-Xms512m -Xmx1g") as kafka:
        topics = Topics(kafka.bootstrap)
        topics.create(_INPUT, options.partitions)
        events = EventGenerator(options.seed, options.conversations).events(options.events)
        size = sum(len(event.value) for event in events) / len(events)
        load(kafka.bootstrap, _INPUT, events)
        print(
            f"{options.events} events of {size:.0f} bytes, {options.conversations} conversations,"
            f" {options.partitions} partitions, {options.in_flight} in flight,"
            f" gateway {options.latency} ms, seed {options.seed}",
            flush=True,
        )
        results = []
        for number in range(1, options.repeat + 1):
            with _line(options, kafka.bootstrap, folder / f"run-{number}") as line:
                results.append(_once(options, line))
            last = results[-1]
            print(
                f"run {number}: {last.cpu_us_per_event:.1f} µs/event, {last.events_per_second:.0f} events/s",
                flush=True,
            )
        return results


def _line(options: argparse.Namespace, bootstrap: str, folder: Path) -> Line:
    return Line(
        options.binary,
        bootstrap,
        folder,
        partitions=options.partitions,
        latency_ms=options.latency,
        settings={"gateway.concurrency": options.in_flight},
        logging=False,
        input_topic=_INPUT,
    )


def _once(options: argparse.Namespace, line: Line) -> Result:
    worker, count = line.worker, options.events
    extra = [argument for pair in options.set for argument in ("--set", pair)]
    worker.start(*extra, wait=False)
    worker.wait_for_log("started", every=_LOG_POLL_SECONDS)
    before, began = worker.usage(), time.monotonic()
    simulator_before = usage_of(line.simulator.process.pid)
    line.wait_until_done(60 + count / _SLOWEST_EVENTS_PER_SECOND, every=_LAG_POLL_SECONDS)
    seconds, after = time.monotonic() - began, worker.usage()
    simulator_after = usage_of(line.simulator.process.pid)
    until(lambda: line.reader.count() >= count, 30, "all outcomes are visible")
    _assert_complete(line, count)
    if (code := worker.stop()) != 0:
        raise AssertionError(f"the worker ended with {code}\n{worker.log.tail()}")
    documents = [outcome.document for outcome in line.reader.outcomes]
    gateway = sorted(document["gateway_ms"] for document in documents)
    queue = sorted(document["queue_ms"] for document in documents)
    return Result(
        cpu_us_per_event=(after.cpu_us - before.cpu_us) / count,
        events_per_second=count / seconds,
        rss_peak_mib=worker.last_usage.rss_peak_bytes / 2**20,
        simulator_cpu_us_per_event=(simulator_after.cpu_us - simulator_before.cpu_us) / count,
        gateway_ms_p50=_share(gateway, 0.50),
        gateway_ms_p99=_share(gateway, 0.99),
        queue_ms_p50=_share(queue, 0.50),
        queue_ms_p99=_share(queue, 0.99),
    )


def _assert_complete(line: Line, count: int) -> None:
    outcomes = line.reader.outcomes
    sources = {outcome.source for outcome in outcomes}
    delivered = sum(outcome.kind == "delivered" and not outcome.flagged for outcome in outcomes)
    if not len(outcomes) == len(sources) == delivered == count:
        raise AssertionError(
            f"{count} events, {len(outcomes)} outcomes of {len(sources)} events,"
            f" {delivered} delivered without a flag"
        )


def _share(ordered: Sequence[int], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def _medians(results: Sequence[Result]) -> dict[str, float]:
    rows = [asdict(result) for result in results]
    return {name: statistics.median(row[name] for row in rows) for name in _COLUMNS}


def _print(results: Sequence[Result]) -> None:
    rows = [(str(number), asdict(result)) for number, result in enumerate(results, 1)]
    rows.append(("median", _medians(results)))
    print(f"{'run':<7}" + "".join(f"{title:>14}" for title in _COLUMNS.values()))
    for name, row in rows:
        print(f"{name:<7}" + "".join(f"{row[column]:>14.1f}" for column in _COLUMNS))


def _write(options: argparse.Namespace, results: Sequence[Result]) -> None:
    plain = {
        name: str(value) if isinstance(value, Path) else value
        for name, value in vars(options).items()
        if name != "json"
    }
    document = {
        "options": plain,
        "machine": {"cpus": os.cpu_count(), "sha256_mib_per_second": round(_yardstick())},
        "runs": [asdict(result) for result in results],
        "median": _medians(results),
    }
    options.json.write_text(json.dumps(document, indent=2) + "\n")


def _yardstick(mebibytes: int = 256) -> float:
    """How fast one core is just now: SHA-256, MiB/s. Makes figures of two machines comparable."""
    block = bytes(2**20)
    began = time.process_time()
    for _ in range(mebibytes):
        hashlib.sha256(block).digest()
    return mebibytes / (time.process_time() - began)


if __name__ == "__main__":
    sys.exit(main())
