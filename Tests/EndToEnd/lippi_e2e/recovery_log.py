"""What the bridge writes into the metadata of its offset commits, read by its documented form:

base64url of: version (1 byte), CRC-32 of all that follows (4), writer token (4 + 4), fingerprint (4), then
varints: C, K - C, first partition count, 0 or highest published - C + 1, form of the set (0 none, 1 deltas,
2 bits), the set of unresolved offsets.
"""

import base64
import binascii
import struct
import zlib
from dataclasses import dataclass

_VERSION = 1
_NONE, _DELTAS, _BITS = range(3)


class Damaged(ValueError):
    """The metadata is no recovery log."""


@dataclass(frozen=True)
class RecoveryLog:
    process: int
    """The first half of the token: a start of a process."""
    counter: int
    committed: int
    ceiling: int
    published: int | None
    """The highest published offset at or above `committed`."""
    unresolved: frozenset[int]
    """The offsets below `published` that were delivered and have no outcome."""

    @property
    def token(self) -> str:
        """As the outcome's header `bridge_batch` has it."""
        return f"{self.process:08x}{self.counter:08x}"

    def is_ambiguous(self, offset: int) -> bool:
        """Whether a successor must take this offset for one that may have been sent."""
        if not self.committed <= offset < self.ceiling:
            return False
        return self.published is None or offset > self.published or offset in self.unresolved


def decode(metadata: str) -> RecoveryLog:
    try:
        raw = base64.b64decode(metadata + "=" * (-len(metadata) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise Damaged(f"not base64url: {error}") from None
    if len(raw) < 17 or raw[0] != _VERSION:
        raise Damaged(f"{len(raw)} bytes, version {raw[:1].hex()}")
    checksum, process, counter, _ = struct.unpack_from(">IIII", raw, 1)
    if zlib.crc32(raw[5:]) != checksum:
        raise Damaged("wrong checksum")
    reader = _Reader(raw, 17)
    committed = reader.varint()
    ceiling = committed + reader.varint()
    reader.varint()
    distance = reader.varint()
    published = committed + distance - 1 if distance else None
    return RecoveryLog(process, counter, committed, ceiling, published, frozenset(reader.offsets(committed)))


class _Reader:
    def __init__(self, raw: bytes, position: int):
        self._raw = raw
        self._position = position

    def varint(self) -> int:
        number = shift = 0
        while True:
            if self._position >= len(self._raw):
                raise Damaged("ends inside a number")
            byte = self._raw[self._position]
            self._position += 1
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return number
            shift += 7

    def offsets(self, start: int) -> list[int]:
        form = self.varint()
        if form == _NONE:
            return []
        if form == _DELTAS:
            found, expected = [], start
            for _ in range(self.varint()):
                found.append(expected + self.varint())
                expected = found[-1] + 1
            return found
        if form == _BITS:
            bits = self._raw[self._position :]
            return [
                start + 8 * index + bit
                for index, byte in enumerate(bits)
                for bit in range(8)
                if byte & (1 << bit)
            ]
        raise Damaged(f"a set of form {form}")
