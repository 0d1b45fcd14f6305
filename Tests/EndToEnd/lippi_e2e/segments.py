"""Reads a partition's segment files as the broker writes them: records with their producer, and the markers
that end transactions, which no client shows.

Record batches of version 2, not compressed (as the broker's own topics are).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_HEADER = struct.Struct(">qiibIhiqqqhii")
_COMPRESSION = 0x07
_TRANSACTIONAL = 0x10
_CONTROL = 0x20


@dataclass(frozen=True, slots=True)
class StoredRecord:
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    producer: int
    """-1: the writer had no producer id."""
    epoch: int
    transactional: bool
    control: bool

    @property
    def commits(self) -> bool | None:
        """Of a marker: whether it commits the transaction or aborts it."""
        if not self.control or self.key is None:
            return None
        kind = struct.unpack_from(">hh", self.key)[1]
        return {0: False, 1: True}.get(kind)


def stored_records(folder: Path) -> Iterator[StoredRecord]:
    """All records of a partition, in order; `folder` is the partition's in a broker's data folder."""
    for segment in sorted(folder.glob("*.log")):
        yield from _records_of(segment.read_bytes())


def with_markers(folder: Path) -> list[tuple[StoredRecord, StoredRecord | None]]:
    """Committed records in the order in which they became visible, each with the marker that committed it
    (None: it was in no transaction)."""
    found: list[tuple[StoredRecord, StoredRecord | None]] = []
    open_records: dict[int, list[StoredRecord]] = {}
    for record in stored_records(folder):
        if record.control:
            if record.commits is None:
                continue
            ended = open_records.pop(record.producer, [])
            if record.commits:
                found += [(one, record) for one in ended]
        elif record.transactional:
            open_records.setdefault(record.producer, []).append(record)
        else:
            found.append((record, None))
    return found


def _records_of(data: bytes) -> Iterator[StoredRecord]:
    at = 0
    while at + _HEADER.size <= len(data):
        (base, length, _, magic, _, attributes, _, first, _, producer, epoch, _, count) = _HEADER.unpack_from(
            data, at
        )
        end = at + 12 + length
        if length <= 0 or end > len(data):
            return  # The broker is still writing it, or has set the file's space aside.
        if magic != 2 or attributes & _COMPRESSION:
            raise ValueError(f"batch at {at}: version {magic}, attributes {attributes:#x}")
        position = at + _HEADER.size
        for _ in range(count):
            size, position = _varint(data, position)
            record_end = position + size
            position += 1  # Attributes: none are defined.
            time_delta, position = _varint(data, position)
            offset_delta, position = _varint(data, position)
            key, position = _bytes(data, position)
            value, position = _bytes(data, position)
            yield StoredRecord(
                base + offset_delta,
                first + time_delta,
                key,
                value,
                producer,
                epoch,
                bool(attributes & _TRANSACTIONAL),
                bool(attributes & _CONTROL),
            )
            position = record_end
        at = end


def _varint(data: bytes, position: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[position]
        position += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return (number >> 1) ^ -(number & 1), position
        shift += 7


def _bytes(data: bytes, position: int) -> tuple[bytes | None, int]:
    length, position = _varint(data, position)
    if length < 0:
        return None, position
    return data[position : position + length], position + length
