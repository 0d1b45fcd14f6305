"""Runs the bench's cases, some times each, and makes rows of what came out."""

import re
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field

from .bench_cases import BASE, FLAT_LIMIT, YARDSTICK_LIMIT, Case
from .bench_run import Ground, Result, measured
from .process import output_of

_OPENSSL_SECONDS = 30


def summary(runs: Sequence[dict[str, float]]) -> dict[str, dict[str, float]]:
    """Of each figure its median, and what it varied between."""
    return {
        name: {
            "median": statistics.median(run[name] for run in runs),
            "min": min(run[name] for run in runs),
            "max": max(run[name] for run in runs),
        }
        for name in runs[0]
    }


@dataclass
class Row:
    case: Case
    value_bytes: int
    worker: list[Result] = field(default_factory=list)
    yardstick: list[Result] = field(default_factory=list)
    to_base: float | None = None

    @property
    def cpu(self) -> float:
        return statistics.median(run.cpu_us_per_event for run in self.worker)

    @property
    def to_yardstick(self) -> float | None:
        if not self.yardstick:
            return None
        return self.cpu / statistics.median(run.cpu_us_per_event for run in self.yardstick)

    @property
    def verdict(self) -> str:
        """Empty for a row that promises nothing or keeps what it promises."""
        faults = []
        if self.to_yardstick is not None and not self.case.flat and self.to_yardstick > YARDSTICK_LIMIT:
            faults.append(f"over {YARDSTICK_LIMIT} of the yardstick")
        if self.case.flat and self.to_base is not None and self.to_base > FLAT_LIMIT:
            faults.append(f"over {FLAT_LIMIT} of {BASE}")
        return ", ".join(faults)

    def document(self) -> dict:
        case = asdict(self.case)
        del case["yardstick"], case["flat"]
        return {
            "case": case,
            "value_bytes": self.value_bytes,
            "worker": _side(self.worker),
            "yardstick": _side(self.yardstick) if self.yardstick else None,
            "to_yardstick": self.to_yardstick,
            "to_base": self.to_base,
            "verdict": self.verdict,
        }


def _side(runs: Sequence[Result]) -> dict:
    rows = [asdict(run) for run in runs]
    return {"runs": rows, "summary": summary(rows)}


def run_case(
    ground: Ground, case: Case, repeat: int, tell: Callable[[str], None], extra: Sequence[str] = ()
) -> Row:
    """The worker and the yardstick in turns, so that whatever else the machine does hits both alike."""
    row = Row(case, round(ground.mean_value_bytes(case.input)))
    for number in range(1, repeat + 1):
        row.worker.append(measured(ground, case, is_yardstick=False, extra=extra))
        told = f"{case.name}, run {number}: {row.worker[-1].cpu_us_per_event:.1f} µs/event"
        if case.yardstick:
            row.yardstick.append(measured(ground, case, is_yardstick=True))
            told += f", yardstick {row.yardstick[-1].cpu_us_per_event:.1f} µs/event"
        tell(told)
    return row


def hold_against_base(rows: Sequence[Row]) -> None:
    base = next((row for row in rows if row.case.name == BASE), None)
    for row in rows:
        if base is not None and row.case.flat:
            row.to_base = row.cpu / base.cpu


def sha256_mib_per_second() -> float:
    """How fast one core is just now, by its own CPU time: makes figures of two machines comparable."""
    command = ["openssl", "speed", "-seconds", "1", "-bytes", "16384", "-evp", "sha256"]
    said = output_of(command, _OPENSSL_SECONDS)
    found = re.search(r"^sha256\s+([0-9.]+)k$", said, re.MULTILINE | re.IGNORECASE)
    if found is None:
        raise AssertionError(f"openssl speed says:\n{said}")
    return float(found[1]) * 1000 / 2**20


_COLUMNS = {
    "cpu_us_per_event": ("µs CPU/event", 12),
    "events_per_second": ("events/s", 9),
    "midway_events_per_second": ("midway", 8),
    "rss_peak_mib": ("RSS MiB", 8),
    "simulator_cpu_us_per_event": ("simulator µs", 13),
    "gateway_ms_p50": ("gateway p50", 12),
    "gateway_ms_p99": ("p99 ms", 7),
    "queue_ms_p50": ("queue p50", 10),
    "queue_ms_p99": ("p99 ms", 7),
}


def printed(rows: Sequence[Row]) -> str:
    lines = [
        f"{'case':<22}{'':<10}"
        + "".join(f"{title:>{width}}" for title, width in _COLUMNS.values())
        + f"{'spread µs':>14}{'ratio':>7}{'base':>6}"
    ]
    for row in rows:
        for name, runs in (("worker", row.worker), ("yardstick", row.yardstick)):
            if not runs:
                continue
            figures = summary([asdict(run) for run in runs])
            cpu = figures["cpu_us_per_event"]
            line = f"{row.case.name:<22}{name:<10}"
            for column, (_, width) in _COLUMNS.items():
                digits = 0 if column.endswith("events_per_second") else 1
                line += f"{figures[column]['median']:>{width}.{digits}f}"
            spread = f"{cpu['min']:.1f}-{cpu['max']:.1f}"
            line += f"{spread:>14}"
            if name == "worker":
                line += f"{_ratio(row.to_yardstick):>7}{_ratio(row.to_base):>6}  {row.verdict}"
            lines.append(line.rstrip())
    return "\n".join(lines)


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
