"""The hand-written cases of Tests/cases/events.jsonl."""

import json
from dataclasses import dataclass
from pathlib import Path

CASES = Path(__file__).resolve().parents[2] / "cases" / "events.jsonl"


@dataclass(frozen=True)
class EventCase:
    name: str
    record: dict
    expected: dict[str, object]
    """`{"request", "warnings"}` or `{"problems"}`."""

    @property
    def valid(self) -> bool:
        return "request" in self.expected


def event_cases() -> list[EventCase]:
    with CASES.open(encoding="utf-8", newline="\n") as lines:
        return [_case(json.loads(line)) for line in lines]


def _case(parsed: dict) -> EventCase:
    return EventCase(parsed.pop("name"), parsed.pop("record"), parsed)
