"""Chat events, made from a seed, and the loader that puts them into the input topic in order."""

import hashlib
import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from confluent_kafka import KafkaError, Message, Producer

_DELIVERY_SECONDS = 120
_WORDS = (
    "hello order refund parcel size colour when where thanks please "
    "你好 请问 快递 什么时候 发货 退款 尺码 谢谢 здравствуйте заказ спасибо مرحبا שלום "
    "こんにちは 注文 배송 naïve façade ½ 😀 🚚 👩\u200d👩\u200d👧 "
    'a+b&c=d/e 100% "quoted" back\\slash <tag> {json} tab\there line\nbreak %41 ;'
).split(" ")


@dataclass(slots=True)
class ChatEvent:
    """A record for the input topic, and what must become of it."""

    message_id: str | None
    """None: no reader of the value can find one."""
    sid: str | None
    key: bytes | None
    value: bytes | None
    content: str | None = None
    headers: list[tuple[str, bytes]] = field(default_factory=list)
    private: tuple[str, ...] = ()
    """Texts that must never be seen in an outcome."""
    invalid: bool = False
    problems: tuple[tuple[str | None, str], ...] | None = None
    """What an `invalid` outcome must list, (pointer, code), in this order. A pointer of None: any.
    None as a whole: not looked at."""
    name: str = ""
    apart: bool = False
    """Its value does not tell clearly which conversation it belongs to: its order is not judged."""

    @property
    def lane(self) -> bytes | None:
        """The conversation's bytes. None: the record stands alone."""
        if self.apart:
            return None
        return self.sid.encode() if self.sid is not None else self.key


@dataclass(frozen=True, slots=True)
class LoadedEvent:
    """An event with the place where Kafka put it."""

    event: ChatEvent
    topic: str
    partition: int
    offset: int
    timestamp: int | None


class EventGenerator:
    """Events of `conversations` conversations, about 430 bytes each. The same seed makes the same events."""

    def __init__(self, seed: int, conversations: int):
        self._random = random.Random(seed)
        self._tag = f"{self._random.getrandbits(32):08x}"
        self._count = 0
        self.seed = seed
        self.conversations = conversations

    def events(self, count: int) -> list[ChatEvent]:
        return [self.event() for _ in range(count)]

    def event(self, sid: str | None = None) -> ChatEvent:
        chance = self._random
        number = self._count
        self._count += 1
        if sid is None:
            sid = f"conversation-{self._tag}-{chance.randrange(self.conversations):06d}"
        message_id = f"message-{self._tag}-{number:08d}"
        content = self._content()
        member = f"member-{self._tag}-{chance.randrange(1_000_000):06d}"
        members = {
            "message_id": message_id,
            "sid": sid,
            "session_source": "XSpace",
            "content": content,
            "content_type": chance.choice(("text", "TEXT", 1)),
            "bu_id": "100",
            "cms_id": member,
            "ding_corp_id": "dingxxx",
            "production_type": 1,
            "sender_id": member,
            "sender_type": "member",
            "message_create_at": 1_577_096_532_390 + number,
            "open_instance_id": "shop001",
        }
        # Half of the producers of this world escape what is not ASCII.
        text = json.dumps(members, ensure_ascii=chance.random() < 0.5, separators=(",", ":"))
        return ChatEvent(
            message_id=message_id,
            sid=sid,
            key=sid.encode(),
            value=text.encode(),
            content=content,
            private=(content, member),
        )

    def _content(self) -> str:
        words = [self._random.choice(_WORDS) for _ in range(self._random.randint(3, 12))]
        return f"#{self._count} " + " ".join(words)


def content_digest(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


class LoadingFailed(AssertionError):
    """The input topic did not take an event."""


def load(bootstrap: str, topic: str, events: Sequence[ChatEvent]) -> list[LoadedEvent]:
    """Writes the events in their order and returns them with their offsets.

    The producer is idempotent: the first batches of a new topic may be refused, and repeated by an ordinary
    producer they would land behind later ones, which looks like disorder of the bridge.
    """
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "enable.idempotence": True,
            "linger.ms": 20,
            "queue.buffering.max.messages": 1_000_000,
            "message.max.bytes": 8 * 1024 * 1024,
            "compression.type": "none",
            "log_level": 0,
        }
    )
    places: list[tuple[int, int, int | None] | None] = [None] * len(events)
    errors: list[KafkaError] = []

    def arrival(index: int):
        def arrived(error: KafkaError | None, message: Message) -> None:
            if error is not None:
                errors.append(error)
                return
            kind, timestamp = message.timestamp()
            places[index] = (message.partition(), message.offset(), timestamp if kind else None)

        return arrived

    for index, event in enumerate(events):
        while True:
            try:
                producer.produce(
                    topic,
                    key=event.key,
                    value=event.value,
                    headers=event.headers or None,
                    on_delivery=arrival(index),
                )
                break
            except BufferError:
                producer.poll(0.1)
        if index % 1000 == 0:
            producer.poll(0)
    left = producer.flush(_DELIVERY_SECONDS)
    if errors or left:
        raise LoadingFailed(f"{len(errors)} events refused ({errors[:3]}), {left} unanswered")
    loaded = [
        LoadedEvent(event, topic, *place)
        for event, place in zip(events, places, strict=True)
        if place is not None
    ]
    if len(loaded) != len(events):
        raise LoadingFailed(f"{len(events) - len(loaded)} events without a place")
    _assert_lanes_in_order(loaded)
    return loaded


def _assert_lanes_in_order(loaded: Iterable[LoadedEvent]) -> None:
    last: dict[tuple[int, bytes], int] = {}
    for item in loaded:
        if item.event.lane is None:
            continue
        lane = (item.partition, item.event.lane)
        if last.get(lane, -1) >= item.offset:
            raise LoadingFailed(f"conversation {lane} was loaded out of order at offset {item.offset}")
        last[lane] = item.offset
