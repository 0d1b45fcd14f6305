"""Events at a steady pace, some of them broken or hostile, by an idempotent producer in its own thread."""

import random
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from .bad_events import bad_events, edge_events
from .events import ChatEvent, EventGenerator, LoadedEvent
from .topics import Topics

_NUMBER = "test-number"
_CONVERSATIONS = 500
_BAD_SHARE = 0.02
_STEP_SECONDS = 0.02
_FLUSH_SECONDS = 180
_READ_SECONDS = 120


class SteadyLoad:
    """`start()`, then `stop()`, then `loaded()`: what stands in the topic, as a reader finds it there."""

    def __init__(
        self,
        bootstrap: str,
        topic: str,
        *,
        seed: int,
        rate: float,
        conversations: int = _CONVERSATIONS,
        bad_share: float = _BAD_SHARE,
    ):
        self.bootstrap = bootstrap
        self.topic = topic
        self.rate = rate
        self.events: list[ChatEvent] = []
        self.acknowledged: set[int] = set()
        self.errors: list[KafkaError] = []
        self._source = event_stream(seed, conversations, bad_share)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "enable.idempotence": True,
                "linger.ms": 20,
                "queue.buffering.max.messages": 1_000_000,
                "message.max.bytes": 8 * 1024 * 1024,
                # An outage of the brokers is no reason to give up.
                "message.timeout.ms": 600_000,
                "log_level": 0,
            }
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        self._thread.join(_FLUSH_SECONDS)
        left = self._producer.flush(_FLUSH_SECONDS)
        if left:
            raise AssertionError(f"{left} events were never acknowledged")

    def loaded(self, topics: Topics) -> list[LoadedEvent]:
        """Every record of the topic. Raises when an acknowledged event is missing: Kafka has lost it."""
        found = events_in(topics, self.topic, self.events)
        if lost := self.acknowledged - found.keys():
            raise AssertionError(f"Kafka lost {len(lost)} acknowledged events")
        return list(found.values())

    def _run(self) -> None:
        began = time.monotonic()
        while not self._ending.is_set():
            due = int((time.monotonic() - began) * self.rate)
            while len(self.events) < due and not self._ending.is_set():
                self._write(next(self._source))
            self._producer.poll(0)
            self._ending.wait(_STEP_SECONDS)

    def _write(self, event: ChatEvent) -> None:
        number = len(self.events)
        self.events.append(event)

        def arrived(error: KafkaError | None, _: object) -> None:
            if error is None:
                self.acknowledged.add(number)
            else:
                self.errors.append(error)

        self._producer.produce(
            self.topic,
            key=event.key,
            value=event.value,
            headers=[*event.headers, (_NUMBER, str(number).encode())],
            on_delivery=arrived,
        )


def events_in(topics: Topics, topic: str, events: Sequence[ChatEvent]) -> dict[int, LoadedEvent]:
    """Every record of a topic that a load has written, by its number, in the order of reading; `events`
    are the load's, in order. Raises when Kafka has one twice."""
    consumer = Consumer({"bootstrap.servers": topics.bootstrap, "group.id": "loader", "log_level": 0})
    ends = topics.ends(topic, committed_only=False)
    positions = dict.fromkeys(ends, 0)
    consumer.assign([TopicPartition(topic, partition, 0) for partition in ends])
    found: dict[int, LoadedEvent] = {}
    twice = 0
    deadline = time.monotonic() + _READ_SECONDS
    while any(positions[partition] < end for partition, end in ends.items()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{topic}: read to {positions}, ends are {ends}")
        for message in consumer.consume(2000, timeout=0.2):
            if message.error() is not None:
                if message.error().fatal():
                    raise KafkaException(message.error())
                continue
            number = int(dict(message.headers())[_NUMBER])
            place, timestamp = (message.partition(), message.offset()), message.timestamp()[1]
            twice += number in found
            found[number] = LoadedEvent(events[number], topic, *place, timestamp)
            positions[message.partition()] = message.offset() + 1
    consumer.close()
    if twice:
        raise AssertionError(f"Kafka has {twice} events twice")
    return found


def event_stream(
    seed: int, conversations: int = _CONVERSATIONS, bad_share: float = _BAD_SHARE
) -> Iterator[ChatEvent]:
    """The events of a load, always the same ones for a seed."""
    generator = EventGenerator(seed, conversations)
    chance = random.Random(f"load {seed}")
    odd: Iterator[ChatEvent] = iter(())
    while True:
        event = generator.event()
        if chance.random() >= bad_share:
            yield event
            continue
        found = next(odd, None)
        if found is None:
            odd = _odd_events(generator)
            found = next(odd)
        yield found


def _odd_events(generator: EventGenerator) -> Iterator[ChatEvent]:
    """Each kind of bad and of odd record once, in one ordinary conversation."""
    sid = generator.event().sid
    for event in (*bad_events(generator, sid), *edge_events(generator, sid)):
        # Without a key the producer is free to put it anywhere: no conversation of this partition.
        yield replace(event, apart=True) if event.key is None else event
