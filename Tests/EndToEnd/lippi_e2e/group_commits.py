"""What a consumer group has committed, from the files of the brokers: every commit, in order, with the time
at which its transaction became certain.

`__consumer_offsets` has the commits and the markers that end transactions, `__transaction_state` the
decisions.
"""

import struct
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .recovery_log import Damaged, RecoveryLog, decode
from .segments import stored_records, with_markers

_PREPARED_TO_COMMIT = 2


@dataclass(frozen=True)
class GroupCommit:
    """One offset that the group has committed for a partition."""

    partition: int
    offset: int
    """-1: removed."""
    metadata: str
    log: RecoveryLog | None
    """None: the metadata is none; `fault` says why."""
    fault: str
    durable_ms: int
    """No earlier than this was it certain, and known to the writer."""


def group_commits(data_folders: Sequence[Path], group: str, topic: str) -> dict[int, list[GroupCommit]]:
    """By partition, in the order in which they came into effect. `data_folders`: of all brokers; of replicas
    the longest is read."""
    decided = _decisions(data_folders)
    found: dict[int, list[GroupCommit]] = defaultdict(list)
    for folder in _replicas(data_folders, "__consumer_offsets").values():
        latest: dict[int, int] = {}
        for record, marker in with_markers(folder):
            place = _place(record.key)
            if place is None or place[:2] != (group, topic):
                continue
            partition = place[2]
            # A transaction that ends after a later commit was made changes nothing any more.
            if record.offset < latest.get(partition, -1):
                continue
            latest[partition] = record.offset
            durable = record.timestamp
            if marker is not None:
                times = decided.get(record.producer, [])
                index = bisect_right(times, marker.timestamp)
                if index and times[index - 1] >= record.timestamp:
                    durable = times[index - 1]
            found[partition].append(_commit(partition, record.value, durable))
    return dict(found)


def _commit(partition: int, value: bytes | None, durable_ms: int) -> GroupCommit:
    if value is None:
        return GroupCommit(partition, -1, "", None, "removed", durable_ms)
    offset, metadata = _offset_and_metadata(value)
    try:
        return GroupCommit(partition, offset, metadata, decode(metadata), "", durable_ms)
    except Damaged as damage:
        return GroupCommit(partition, offset, metadata, None, str(damage), durable_ms)


def _decisions(data_folders: Sequence[Path]) -> dict[int, list[int]]:
    """When a producer's transactions were decided to be committed, milliseconds, ascending."""
    found: dict[int, list[int]] = defaultdict(list)
    for folder in _replicas(data_folders, "__transaction_state").values():
        for record in stored_records(folder):
            if record.control or not record.value:
                continue
            _, producer, _, _, state = struct.unpack_from(">hqhib", record.value)
            if state == _PREPARED_TO_COMMIT:
                found[producer].append(record.timestamp)
    for times in found.values():
        times.sort()
    return found


def _replicas(data_folders: Sequence[Path], topic: str) -> dict[str, Path]:
    """By partition folder's name: the replica with the most bytes."""
    best: dict[str, tuple[int, Path]] = {}
    for data in data_folders:
        for folder in data.glob(f"{topic}-*"):
            end = max((record.offset for record in stored_records(folder)), default=-1)
            if folder.name not in best or best[folder.name][0] < end:
                best[folder.name] = (end, folder)
    return {name: folder for name, (_, folder) in best.items()}


def _place(key: bytes | None) -> tuple[str, str, int] | None:
    """Group, topic and partition of an offset commit; None: the record is about something else."""
    if key is None or struct.unpack_from(">h", key)[0] > 1:
        return None
    group, at = _text(key, 2)
    topic, at = _text(key, at)
    return group, topic, struct.unpack_from(">i", key, at)[0]


def _offset_and_metadata(value: bytes) -> tuple[int, str]:
    version, offset = struct.unpack_from(">hq", value)
    at = 10 + (4 if version >= 3 else 0)
    if version <= 3:
        return offset, _text(value, at)[0]
    # Compact text: its length + 1 as an unsigned varint.
    length = shift = 0
    while True:
        length |= (value[at] & 0x7F) << shift
        at += 1
        if value[at - 1] < 0x80:
            break
        shift += 7
    return offset, value[at : at + length - 1].decode()


def _text(data: bytes, at: int) -> tuple[str, int]:
    length = struct.unpack_from(">h", data, at)[0]
    return data[at + 2 : at + 2 + length].decode(), at + 2 + length
