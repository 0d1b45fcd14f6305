"""Reads the result topic as any careful consumer would: read_committed, by its own offsets."""

import json
import time
from dataclasses import dataclass, field

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from .topics import Topics

_READ_SECONDS = 120
_BATCH = 2000


@dataclass(slots=True)
class Outcome:
    """One visible record of the result topic."""

    partition: int
    offset: int
    timestamp: int | None
    key: bytes | None
    value: bytes
    headers: dict[str, bytes] = field(default_factory=dict)
    document: dict | None = None
    """The value as JSON. None: it is none, or no object."""

    @property
    def kind(self) -> str | None:
        return None if self.document is None else self.document.get("outcome")

    @property
    def flagged(self) -> bool:
        """It owns up to a possible second message, or to not knowing."""
        document = self.document or {}
        return document.get("possible_duplicate") is True or document.get("outcome") == "in_doubt"

    @property
    def source(self) -> tuple[object, object]:
        """Partition and offset of the input record; not None only as far as they are integers."""
        source = (self.document or {}).get("source")
        if not isinstance(source, dict):
            return (None, None)
        return (source.get("partition"), source.get("offset"))


class OutcomeReader:
    """`read()` reads on from where the last call ended, to what is committed at the time of the call."""

    def __init__(self, bootstrap: str, topic: str, topics: Topics):
        self.topic = topic
        self.outcomes: list[Outcome] = []
        self._topics = topics
        self._positions = dict.fromkeys(topics.partitions(topic), 0)
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": "outcome-reader-never-committed",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "error",
                "fetch.wait.max.ms": 50,
                "log_level": 0,
            }
        )
        self._consumer.assign([TopicPartition(topic, partition, 0) for partition in self._positions])

    def close(self) -> None:
        self._consumer.close()

    def read(self) -> list[Outcome]:
        """Returns every outcome read so far, in the order of each partition."""
        targets = self._topics.ends(self.topic, committed_only=True)
        deadline = time.monotonic() + _READ_SECONDS
        while any(self._positions[partition] < end for partition, end in targets.items()):
            if time.monotonic() > deadline:
                raise AssertionError(f"{self.topic}: read to {self._positions}, ends are {targets}")
            for message in self._consumer.consume(_BATCH, timeout=0.2):
                error = message.error()
                if error is None:
                    self.outcomes.append(_outcome(message))
                    self._positions[message.partition()] = message.offset() + 1
                elif error.code() == KafkaError._PARTITION_EOF:
                    # Behind the last control record, which is never delivered.
                    known = self._positions[message.partition()]
                    self._positions[message.partition()] = max(known, message.offset())
                elif error.fatal() or error.code() == KafkaError._AUTO_OFFSET_RESET:
                    raise KafkaException(error)
        return self.outcomes

    def count(self) -> int:
        return len(self.read())


def _outcome(message) -> Outcome:
    value = message.value() or b""
    try:
        document = json.loads(value)
    except ValueError:
        document = None
    kind, timestamp = message.timestamp()
    return Outcome(
        partition=message.partition(),
        offset=message.offset(),
        timestamp=timestamp if kind else None,
        key=message.key(),
        value=value,
        headers=dict(message.headers() or []),
        document=document if isinstance(document, dict) else None,
    )
