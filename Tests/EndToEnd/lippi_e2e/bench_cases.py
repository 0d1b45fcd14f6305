"""The cases of the bench's table: what is measured, and against which row it is held."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .bench_events import Input, example_mapping

FLAT_LIMIT = 1.5
"""What an event may cost in any row of the flat group, in multiples of the base row."""
YARDSTICK_LIMIT = 1.25
"""What an event may cost in multiples of the yardstick."""
BASE = "base"


@dataclass(frozen=True)
class Case:
    name: str
    input: Input = Input()
    latency_ms: int = 5
    in_flight: int = 256
    tls: bool = False
    settings: Mapping[str, object] = field(default_factory=dict)
    """Of the worker, beside those that follow from the rest."""
    yardstick: bool = False
    """The yardstick runs beside it, in turns."""
    flat: bool = False
    """Its cost is held against the base row's."""
    slow_ms: int | None = None
    """The latency of the slow conversations while the others are measured."""


_MAIN = Input(events=120_000)


def main_cases() -> list[Case]:
    return [
        Case("0 ms", _MAIN, latency_ms=0, yardstick=True),
        Case("5 ms", _MAIN, yardstick=True),
        Case("50 ms", _MAIN, latency_ms=50, yardstick=True),
        Case("5 ms TLS", _MAIN, tls=True),
        Case("report", _MAIN, settings={"ambiguous.policy": "report"}),
        Case("at_least_once", _MAIN, settings={"outcomes.delivery": "at_least_once"}),
    ]


def flat_cases() -> list[Case]:
    """Fewer events where few are in flight: such a row takes as long as its requests.

    The yardstick stands beside the rows whose cost is not only the program's: whoever does this job pays for
    each byte, and for waking up for few requests at a time.
    """
    return [
        Case(BASE, flat=True, yardstick=True),
        Case("10 conversations", Input(events=8_000, conversations=10), flat=True, yardstick=True),
        Case("100 conversations", Input(conversations=100), flat=True),
        Case("100000 conversations", Input(conversations=100_000), flat=True),
        Case("1 partition", Input(partitions=1), flat=True),
        Case("64 partitions", Input(partitions=64), flat=True),
        Case("200 B", Input(value_bytes=200), flat=True, yardstick=True),
        Case("2 kB", Input(events=15_000, value_bytes=2_000), flat=True, yardstick=True),
        Case("20 kB", Input(events=4_000, value_bytes=20_000), flat=True, yardstick=True),
        Case("1 in flight", Input(events=2_000), in_flight=1, flat=True, yardstick=True),
        Case("16 in flight", Input(events=15_000), in_flight=16, flat=True, yardstick=True),
        Case("2048 in flight", in_flight=2_048, flat=True),
        Case("mapped", Input(mapped=True), settings={"input.mapping": example_mapping()}, flat=True),
        # 1900 of the 2000 records that a partition may have open stand behind one slow conversation.
        Case("full window", Input(events=20_000, slow_events=1_900), flat=True, slow_ms=2_000),
    ]
