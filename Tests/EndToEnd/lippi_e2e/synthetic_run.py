"""A run without a fault, made up: what tests of the checkers damage."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from .checker import Expectations, Report, check
from .events import ChatEvent, LoadedEvent, content_digest
from .reader import Outcome
from .sample_outcomes import delivered

TOPIC = "chat-events"
PARTITIONS = 3
T0 = 1_700_000_000_000


@dataclass
class Run:
    """What a run left behind; the tests damage it."""

    inputs: list[LoadedEvent]
    outcomes: list[Outcome]
    requests: list[dict]

    def check(self, lag: int | None = 0, open_transactions: tuple = (), **expected: object) -> Report:
        expectations = Expectations(group="bridge", **expected)
        outcomes = [
            replace(o, value=o.value if o.document is None else json.dumps(o.document).encode())
            for o in self.outcomes
        ]
        return check(
            self.inputs,
            outcomes,
            self.requests,
            expectations,
            lag=lag,
            open_transactions=open_transactions,
        )

    def outcome_of(self, index: int) -> Outcome:
        item = self.inputs[index]
        return next(o for o in self.outcomes if o.source == (item.partition, item.offset))

    def requests_of(self, index: int) -> list[dict]:
        message_id = self.inputs[index].event.message_id
        return [r for r in self.requests if r["message_id"] == message_id]

    def index_where(self, wanted: Callable[[LoadedEvent], bool]) -> int:
        return next(i for i, item in enumerate(self.inputs) if wanted(item))

    def neighbours(self) -> tuple[int, int]:
        """Two events of one conversation, one after the other."""
        last: dict[bytes, int] = {}
        for index, item in enumerate(self.inputs):
            if item.event.lane in last:
                return last[item.event.lane], index
            last[item.event.lane] = index
        raise AssertionError("no conversation with two events")


def faultless_run(events: list[ChatEvent]) -> Run:
    """A run as it ought to be: everything proper delivered at once, everything bad invalid."""
    ends = [0] * PARTITIONS
    inputs, outcomes, requests = [], [], []
    for number, event in enumerate(events):
        partition = sum(event.key or b"") % PARTITIONS
        item = LoadedEvent(event, TOPIC, partition, ends[partition], T0 + number)
        ends[partition] += 1
        inputs.append(item)
        if not event.invalid:
            requests.append(_request(len(requests) + 1, event))
        outcomes.append(_outcome(item))
    return Run(inputs, outcomes, requests)


def _request(seq: int, event: ChatEvent) -> dict:
    return {
        "seq": seq,
        "arrived_us": seq * 1000,
        "completed_us": seq * 1000 + 10,
        "complete": True,
        "signature_ok": True,
        "sid": event.sid,
        "message_id": event.message_id,
        "content_sha256": content_digest(event.content),
        "answer": {"http": 200, "code": None, "sub_code": None},
        "taken": True,
    }


def _outcome(item: LoadedEvent) -> Outcome:
    event, kind = item.event, "invalid" if item.event.invalid else "delivered"
    place = f"{item.topic}/{item.partition}/{item.offset}"
    document = delivered(
        event_id=place,
        message_id=event.message_id,
        sid=event.sid,
        open_instance_id=None,
        corp_id=None,
        source={
            "topic": item.topic,
            "partition": item.partition,
            "offset": item.offset,
            "timestamp": item.timestamp,
        },
        received_at=item.timestamp + 4,
        first_sent_at=item.timestamp + 5,
        finished_at=item.timestamp + 10,
        gateway_ms=5,
        total_ms=10,
    )
    if event.invalid:
        document |= dict.fromkeys(("gateway", "first_sent_at", "queue_ms", "gateway_ms")) | {
            "outcome": kind,
            "success": False,
            "attempts": 0,
            "error": {
                "class": "validation",
                "code": "invalid_event",
                "message": "the event is not valid",
                "retryable": False,
                "next": "fix_event",
                "problems": [{"pointer": "/x" if p is None else p, "code": c} for p, c in event.problems],
                "problems_total": len(event.problems),
            },
        }
    headers = {
        "outcome": kind,
        "event_id": place,
        "source_topic": item.topic,
        "source_partition": str(item.partition),
        "source_offset": str(item.offset),
        "bridge_batch": "00",
        "content-type": "application/json",
        "ce_specversion": "1.0",
        "ce_id": place,
        "ce_source": "/lippi-bridge/bridge",
        "ce_type": f"com.lippi-bridge.message.{kind}.v1",
        "ce_time": "2023-11-14T22:13:20.010Z",
        "ce_subject": event.message_id,
    }
    if event.invalid:
        headers["error_class"] = "validation"
    return Outcome(
        partition=item.partition,
        offset=item.offset * 2,
        timestamp=item.timestamp + 11,
        key=event.key,
        value=b"",
        headers={name: text.encode() for name, text in headers.items() if text is not None},
        document=document,
    )
