"""Fills a topic with outcomes as the bridge writes them, to measure its readers:

python -m lippi_e2e.many_outcomes BOOTSTRAP TOPIC COUNT
"""

import json
import random
import sys
import time

from confluent_kafka import Producer

from .sample_outcomes import delivered
from .topics import Topics

_PARTITIONS = 6
_KINDS = ["delivered"] * 95 + ["rejected"] * 2 + ["invalid", "in_doubt", "failed"]
_CLASSES = {
    "delivered": None,
    "rejected": "refused",
    "invalid": "validation",
    "in_doubt": "ambiguous",
    "failed": "temporary",
    "expired": "expired",
}


def outcome(number: int, kind: str, finished_at: int, total_ms: int = 70, **changes: object) -> dict:
    """One outcome with every member."""
    failure = _CLASSES[kind]
    document = delivered(
        outcome=kind,
        success=kind == "delivered",
        event_id=f"e-{number}",
        message_id=f"m-{number}",
        sid=f"session-{number % 1000}",
        content_type=number % 10 + 1,
        source={
            "topic": "chat-events",
            "partition": number % _PARTITIONS,
            "offset": number,
            "timestamp": finished_at - total_ms,
        },
        error=failure
        and {
            "class": failure,
            "code": "refused_by_gateway",
            "message": "The gateway refused this message.",
            "retryable": False,
            "next": "fix_event",
            "problems": [],
            "problems_total": 0,
        },
        possible_duplicate=number % 500 == 499,
        received_at=finished_at - 60,
        first_sent_at=finished_at - 59,
        finished_at=finished_at,
        total_ms=total_ms,
    )
    return document | changes


def fill(bootstrap: str, topic: str, count: int) -> None:
    Topics(bootstrap).create(topic, _PARTITIONS)
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "enable.idempotence": True,
            "compression.type": "lz4",
            "linger.ms": 20,
            "queue.buffering.max.messages": 200_000,
        }
    )
    chance = random.Random(1)
    now = int(time.time() * 1000)
    for number in range(count):
        document = outcome(number, chance.choice(_KINDS), now, total_ms=chance.randrange(20, 400))
        value = json.dumps(document, separators=(",", ":"))
        while True:
            try:
                producer.produce(topic, value, key=document["sid"], partition=number % _PARTITIONS)
                break
            except BufferError:
                producer.poll(0.1)
        if number % 1000 == 0:
            producer.poll(0)
    if producer.flush(120):
        raise SystemExit("not everything was delivered")


if __name__ == "__main__":
    fill(sys.argv[1], sys.argv[2], int(sys.argv[3]))
