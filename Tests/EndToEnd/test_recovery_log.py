"""Reading what the group has committed: the recovery log's form, and files as a broker writes them."""

import base64
import struct
import zlib
from pathlib import Path

import pytest

from lippi_e2e.group_commits import GroupCommit, group_commits
from lippi_e2e.recovery_log import Damaged, RecoveryLog, decode

_GROUP, _TOPIC = "bridge", "chat-events"
_TRANSACTIONAL, _CONTROL = 0x10, 0x20


def varint(number: int) -> bytes:
    found = bytearray()
    while number >= 0x80:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


def encoded(
    process: int,
    counter: int,
    committed: int,
    ceiling: int,
    published: int | None = None,
    form: bytes = b"\0",
) -> str:
    body = struct.pack(">III", process, counter, 7) + varint(committed) + varint(ceiling - committed)
    body += varint(3) + varint(0 if published is None else published - committed + 1) + form
    raw = b"\x01" + struct.pack(">I", zlib.crc32(body)) + body
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def test_a_log_with_nothing_open() -> None:
    log = decode(encoded(0xABCD, 5, 1_000, 1_020))
    assert log == RecoveryLog(0xABCD, 5, 1_000, 1_020, None, frozenset())
    assert log.token == "0000abcd00000005"
    assert [offset for offset in range(990, 1_030) if log.is_ambiguous(offset)] == list(range(1_000, 1_020))


@pytest.mark.parametrize(
    "form",
    [b"\x01" + varint(3) + varint(0) + varint(1) + varint(6), b"\x02" + bytes([0b101, 0b10])],
    ids=["deltas", "bits"],
)
def test_a_log_with_unresolved_offsets(form: bytes) -> None:
    log = decode(encoded(1, 1, 100, 115, 111, form))
    assert log.unresolved == {100, 102, 109}
    # Below the highest published one only what is named, above it everything.
    assert [offset for offset in range(95, 120) if log.is_ambiguous(offset)] == [100, 102, 109, 112, 113, 114]


@pytest.mark.parametrize("text", ["", "no recovery log", "AAAA", encoded(1, 1, 5, 5)[:-4] + "AAAA"])
def test_what_is_no_log(text: str) -> None:
    with pytest.raises(Damaged):
        decode(text)


class Segment:
    """Writes batches as a broker does, one record each."""

    def __init__(self) -> None:
        self.data = b""
        self.end = 0

    def add(
        self, key: bytes, value: bytes | None, *, at: int, producer: int = -1, attributes: int = 0
    ) -> None:
        body = b"\0" + zigzag(0) + zigzag(0) + zigzag(len(key)) + key
        body += zigzag(-1) if value is None else zigzag(len(value)) + value
        body += zigzag(0)
        record = zigzag(len(body)) + body
        rest = struct.pack(">ibIhiqqqhii", 0, 2, 0, attributes, 0, at, at, producer, 0, -1, 1) + record
        self.data += struct.pack(">qi", self.end, len(rest)) + rest
        self.end += 1

    def marker(self, producer: int, *, at: int, commits: bool) -> None:
        key = struct.pack(">hh", 0, int(commits))
        self.add(key, b"\0" * 6, at=at, producer=producer, attributes=_TRANSACTIONAL | _CONTROL)


def zigzag(number: int) -> bytes:
    return varint((number << 1) ^ (number >> 63))


def text(word: str) -> bytes:
    return struct.pack(">h", len(word)) + word.encode()


class Broker:
    """A data folder with the two topics of one partition each."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.offsets = Segment()
        self.decisions = Segment()

    def commit(
        self, offset: int, metadata: str, *, at: int, producer: int | None = None, version: int = 3
    ) -> None:
        key = struct.pack(">h", 1) + text(_GROUP) + text(_TOPIC) + struct.pack(">i", 0)
        if version == 4:
            value = struct.pack(">hqi", 4, offset, -1) + varint(len(metadata) + 1) + metadata.encode()
        else:
            value = struct.pack(">hqi", 3, offset, -1) + text(metadata)
        value += struct.pack(">q", at)
        if producer is None:
            self.offsets.add(key, value, at=at)
        else:
            self.offsets.add(key, value, at=at, producer=producer, attributes=_TRANSACTIONAL)

    def decide(self, producer: int, *, at: int, state: int = 2) -> None:
        value = struct.pack(">hqhib", 0, producer, 0, 15_000, state)
        self.decisions.add(struct.pack(">h", 0) + text("id"), value, at=at)

    def read(self) -> list[GroupCommit]:
        topics = {"__consumer_offsets-0": self.offsets, "__transaction_state-0": self.decisions}
        for name, segment in topics.items():
            (self.folder / name).mkdir(parents=True, exist_ok=True)
            # The broker sets space aside behind what it has written.
            (self.folder / name / "00000000000000000000.log").write_bytes(segment.data + b"\0" * 100)
        return group_commits([self.folder], _GROUP, _TOPIC).get(0, [])


@pytest.fixture
def broker(tmp_path: Path) -> Broker:
    return Broker(tmp_path)


def test_plain_commits_count_at_once(broker: Broker) -> None:
    broker.commit(5, encoded(1, 1, 5, 9), at=1_000)
    broker.commit(6, "something else", at=1_100, version=4)
    one, other = broker.read()
    assert (one.offset, one.durable_ms, one.log.ceiling) == (5, 1_000, 9)
    assert (other.offset, other.log, other.metadata) == (6, None, "something else")


def test_a_transaction_counts_when_it_was_decided_and_only_if_it_was_committed(broker: Broker) -> None:
    broker.commit(5, encoded(1, 1, 5, 9), at=1_000, producer=77)
    broker.commit(8, encoded(2, 1, 8, 9), at=1_010, producer=88)
    broker.decide(77, at=1_050, state=1)
    broker.decide(77, at=1_100)
    broker.decide(88, at=1_110, state=3)
    broker.offsets.marker(88, at=1_130, commits=False)
    broker.offsets.marker(77, at=1_120, commits=True)
    broker.commit(9, encoded(1, 2, 9, 9), at=1_200, producer=77)
    (only,) = broker.read()
    assert (only.offset, only.durable_ms) == (5, 1_100)


def test_a_transaction_that_ends_behind_a_later_commit_changes_nothing(broker: Broker) -> None:
    broker.commit(5, encoded(1, 1, 5, 9), at=1_000, producer=77)
    broker.commit(7, encoded(2, 1, 7, 9), at=1_050)
    broker.offsets.marker(77, at=1_100, commits=True)
    assert [commit.offset for commit in broker.read()] == [7]
