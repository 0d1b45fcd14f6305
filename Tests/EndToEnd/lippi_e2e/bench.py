"""What one event costs: `python -m lippi_e2e.bench --events 100000 --repeat 3 --json FILE`.

Starts a broker, loads the events, starts the gateway simulator, and lets the worker of the release build go
through all of them, once per repetition with a group and a result topic of its own. Beside it, in turns, goes
the yardstick (Tests/Yardstick): the same job by a program in C. Measured from outside:

- CPU: user + system time of the process, from its log line `started` to lag 0
- events/s: over the same time; "midway" without the first and the last tenth of the outcomes
- RSS: the peak of the process over its whole life
- latency: as the outcomes tell it (`gateway_ms`, and `queue_ms` for the wait before the first request); in a
  steady flow also from the event's timestamp to when a read_committed consumer has its outcome

A repetition counts only if every event has exactly one outcome, and all are `delivered` without a flag.

Without `--table` and `--case` the options describe the one case that is measured.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from .bench_cases import BASE, Case, flat_cases, main_cases
from .bench_events import Input
from .bench_figures import allocations, idle, second_start, steady
from .bench_rows import Row, hold_against_base, printed, run_case, sha256_mib_per_second, summary
from .bench_run import Ground
from .kafka import KafkaCluster, KafkaUnavailable
from .worker import default_binary
from .yardstick import built_yardstick

_UNAVAILABLE = 69
_FIGURES = ("steady", "idle", "start", "allocations")


def main(arguments: Sequence[str] | None = None) -> int:
    options = parsed(arguments)
    if not options.binary.is_file():
        print(f"{options.binary} does not exist: build it first (./dev build)", file=sys.stderr)
        return _UNAVAILABLE
    with tempfile.TemporaryDirectory(prefix="lippi-bench-") as folder:
        try:
            with KafkaCluster(Path(folder) / "kafka", heap="-Xms512m -Xmx1g") as kafka:
                document = measure(options, Ground(kafka, Path(folder), options.binary, built_yardstick()))
        except KafkaUnavailable as reason:
            print(f"no broker: {reason}", file=sys.stderr)
            return _UNAVAILABLE
    if options.json is not None:
        options.json.write_text(json.dumps(document, indent=2) + "\n")
    return 0


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=(__doc__ or "").split("\n\n")[0])
    one = parser.add_argument_group("one case")
    one.add_argument("--events", type=int, default=100_000)
    one.add_argument("--conversations", type=int, default=2_000)
    one.add_argument("--partitions", type=int, default=6)
    one.add_argument("--in-flight", type=int, default=256, help="gateway.concurrency")
    one.add_argument("--latency", type=int, default=5, help="of the gateway, milliseconds")
    one.add_argument("--tls", action="store_true", help="the gateway is encrypted; the yardstick stays out")
    one.add_argument("--seed", type=int, default=1)
    one.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="for the worker")
    one.add_argument("--no-yardstick", action="store_true", help="the worker alone")
    names = [case.name for case in (*main_cases(), *flat_cases())]
    table = parser.add_argument_group("the table")
    table.add_argument("--table", action="store_true", help="all cases and figures")
    table.add_argument(
        "--case",
        action="append",
        default=[],
        choices=[*names, *_FIGURES],
        metavar="NAME",
        help="only this one, as often as needed: " + ", ".join([*names, *_FIGURES]),
    )
    table.add_argument("--flat-repeat", type=int, default=1, help="repetitions of the rows held against base")
    table.add_argument("--steady-seconds", type=int, default=30)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--binary", type=Path, default=default_binary())
    parser.add_argument("--json", type=Path, help="write the figures there")
    options = parser.parse_args(arguments)
    positive = (
        "events",
        "conversations",
        "partitions",
        "in_flight",
        "repeat",
        "flat_repeat",
        "steady_seconds",
    )
    for name in positive:
        if getattr(options, name) < 1:
            parser.error(f"--{name.replace('_', '-')} must be at least 1")
    return options


def measure(options: argparse.Namespace, ground: Ground) -> dict:
    """Measures and prints; returns what `--json` writes."""
    speed = sha256_mib_per_second()
    _tell(f"{os.cpu_count()} CPUs, SHA-256 {speed:.0f} MiB/s")
    if options.table or options.case:
        rows, figures = _table(options, ground)
    else:
        extra = [argument for pair in options.set for argument in ("--set", pair)]
        rows, figures = [run_case(ground, _case(options), options.repeat, _tell, extra)], {}
    print(printed(rows))
    for name, sides in figures.items():
        for side, found in sides.items():
            told = ", ".join(f"{figure} {_short(value)}" for figure, value in found.items())
            print(f"{name:<12}{side:<10}{told}")
    return {
        "options": {
            name: str(value) if isinstance(value, Path) else value for name, value in vars(options).items()
        },
        "machine": {"cpus": os.cpu_count(), "sha256_mib_per_second": round(speed)},
        "rows": [row.document() for row in rows],
        "figures": figures,
    }


def _case(options: argparse.Namespace) -> Case:
    return Case(
        "as given",
        Input(options.events, options.conversations, options.partitions, seed=options.seed),
        latency_ms=options.latency,
        in_flight=options.in_flight,
        tls=options.tls,
        yardstick=not options.tls and not options.no_yardstick,
    )


def _table(options: argparse.Namespace, ground: Ground) -> tuple[list[Row], dict[str, dict]]:
    def wanted(name: str) -> bool:
        return options.table or name in options.case

    flat = [case for case in flat_cases() if wanted(case.name)]
    if flat and flat[0].name != BASE:
        flat = [case for case in flat_cases() if wanted(case.name) or case.name == BASE]
    rows = [run_case(ground, case, options.repeat, _tell) for case in main_cases() if wanted(case.name)]
    rows += [run_case(ground, case, options.flat_repeat, _tell) for case in flat]
    hold_against_base(rows)
    case = Case("5 ms")
    seconds = options.steady_seconds
    figures: dict[str, dict] = {}
    if wanted("steady"):
        figures["steady"] = _both(lambda rod: steady(ground, case, seconds, is_yardstick=rod))
    if wanted("idle"):
        figures["idle"] = _both(lambda rod: idle(ground, case, is_yardstick=rod))
    if wanted("start"):
        figures["start"] = {"worker": summary([second_start(ground, case) for _ in range(options.repeat)])}
    if wanted("allocations"):
        figures["allocations"] = _both(lambda rod: allocations(ground, case, is_yardstick=rod))
    return rows, figures


def _both(measure: Callable[[bool], dict[str, float]]) -> dict[str, dict[str, float]]:
    return {"worker": measure(False), "yardstick": measure(True)}


def _short(figure: float | dict[str, float]) -> str:
    """A figure, or the median of several."""
    return f"{figure['median'] if isinstance(figure, dict) else figure:.4g}"


def _tell(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
