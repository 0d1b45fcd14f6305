"""What the bench feeds: events of one size and form, the same for the same input."""

import json
import zlib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import yaml

from .events import ChatEvent, EventGenerator

_EXAMPLE = Path(__file__).parents[3] / "config" / "examples" / "chat-platform.yaml"
# Without a size of its own an event is as the generator makes it.
USUAL_BYTES = 430
_REQUIRED = ("message_id", "sid", "session_source", "content", "content_type", "bu_id")
_CONTENT_TYPES = {"text": "plain", "TEXT": "plain", 1: "plain"}


@dataclass(frozen=True)
class Input:
    """What one input topic holds. Cases with equal inputs share the topic."""

    events: int = 30_000
    conversations: int = 2_000
    partitions: int = 6
    value_bytes: int = USUAL_BYTES
    """About."""
    mapped: bool = False
    """Events of another platform, as `config/examples/chat-platform.yaml` maps them."""
    slow_events: int = 0
    """So many events of one conversation stand in front of each partition, besides `events`."""
    seed: int = 1

    @property
    def total(self) -> int:
        return self.events + self.slow_events * self.partitions


def events_of(described: Input) -> list[ChatEvent]:
    generator = EventGenerator(described.seed, described.conversations)
    slow = [sid for sid in slow_conversations(described) for _ in range(described.slow_events)]
    events = [*map(generator.event, slow), *generator.events(described.events)]
    if described.value_bytes != USUAL_BYTES:
        events = [_sized(event, described.value_bytes) for event in events]
    return [_mapped(event) for event in events] if described.mapped else events


def slow_conversations(described: Input) -> list[str]:
    """One for each partition; none if no event of theirs is wanted."""
    if not described.slow_events:
        return []
    found: dict[int, str] = {}
    number = 0
    while len(found) < described.partitions:
        sid = f"slow-conversation-{number}"
        # As librdkafka's default partitioner does it.
        found.setdefault(zlib.crc32(sid.encode()) % described.partitions, sid)
        number += 1
    return [found[partition] for partition in sorted(found)]


@cache
def example_mapping() -> dict:
    return yaml.safe_load(_EXAMPLE.read_text())["input"]["mapping"]


def _sized(event: ChatEvent, size: int) -> ChatEvent:
    members = json.loads(event.value)
    if size < USUAL_BYTES:
        members = {name: members[name] for name in _REQUIRED}
        members["content"] = members["content"][:8]
    content = members["content"]
    missing = size - len(_text(members).encode())
    if missing > 0:
        # Whole words, as they are: bytes of a character must not be cut.
        filling = (content + " ") * (missing // len(content.encode()) + 1)
        members["content"] = content + " " + filling.encode()[:missing].decode(errors="ignore")
    return replace(event, value=_text(members).encode(), content=members["content"])


def _mapped(event: ChatEvent) -> ChatEvent:
    members = json.loads(event.value)
    foreign = {
        "id": f"foreign-{members['message_id']}",
        "message": {
            "id": members["message_id"],
            "text": members["content"],
            "type": _CONTENT_TYPES[members["content_type"]],
            "sent_at": "2019-12-23T10:22:12.390Z",
        },
        "conversation": {"id": members["sid"], "shop": members["open_instance_id"]},
        "tenant": members["bu_id"],
        "author": {"role": "visitor", "id": 8003},
    }
    return replace(event, value=_text(foreign).encode())


def _text(members: dict) -> str:
    return json.dumps(members, ensure_ascii=False, separators=(",", ":"))
