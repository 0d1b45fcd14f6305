"""JSON as RFC 8259 has it and nothing beside, with what the standard library's reader throws away: where each
value stands, every member of an object in its order with repeated names, and numbers as they were written.

Lone surrogates in `\\u` escapes are kept as such; who wants a text asks `is_text`.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

OBJECT, ARRAY, STRING, NUMBER, TRUE, FALSE, NULL = (
    "object",
    "array",
    "string",
    "number",
    "true",
    "false",
    "null",
)

_BLANKS = re.compile(r"[ \t\n\r]*")
_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_UNIT = re.compile(r"[0-9A-Fa-f]{4}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WORDS = (("true", TRUE), ("false", FALSE), ("null", NULL))


class Node(NamedTuple):
    """A value. `content`: members (list of `Member`), items (list of `Node`), the text of a string after
    unescaping, a number as it was written, None for the rest. `place`: characters before it."""

    kind: str
    content: object
    place: int


class Member(NamedTuple):
    name: str
    value: Node
    place: int
    """Characters before the name."""


@dataclass
class NotReadable(Exception):
    """The bytes hold no JSON that may be read: `not_utf8`, `not_json` or `too_deep`."""

    code: str
    place: int = 0


def is_text(text: str) -> bool:
    """False: it holds half a surrogate pair and has no UTF-8 form."""
    return text.isascii() or _SURROGATE.search(text) is None


def parse(document: bytes, depth_limit: int) -> Node:
    """The bytes are looked at first, as a whole; then the first fault from the left is what counts."""
    try:
        text = document.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise NotReadable("not_utf8", fault.start) from None
    return _Scanner(text, depth_limit).document()


class _Scanner:
    def __init__(self, text: str, depth_limit: int):
        self._text = text
        self._depth_limit = depth_limit

    def document(self) -> Node:
        text = self._text
        node, at = self._value(_BLANKS.match(text).end(), 0)
        at = _BLANKS.match(text, at).end()
        if at != len(text):
            raise NotReadable("not_json", at)
        return node

    def _value(self, at: int, depth: int) -> tuple[Node, int]:
        """`depth`: arrays and objects around it."""
        text = self._text
        first = text[at : at + 1]
        if first == '"':
            content, end = self._string(at)
            return Node(STRING, content, at), end
        if first in ("{", "["):
            if depth == self._depth_limit:
                raise NotReadable("too_deep", at)
            return self._object(at, depth + 1) if first == "{" else self._array(at, depth + 1)
        number = _NUMBER.match(text, at)
        if number is not None:
            return Node(NUMBER, number.group(), at), number.end()
        for word, kind in _WORDS:
            if text.startswith(word, at):
                return Node(kind, None, at), at + len(word)
        raise NotReadable("not_json", at)

    def _object(self, start: int, depth: int) -> tuple[Node, int]:
        text, blanks = self._text, _BLANKS.match
        members: list[Member] = []
        at = blanks(text, start + 1).end()
        if text.startswith("}", at):
            return Node(OBJECT, members, start), at + 1
        while True:
            if not text.startswith('"', at):
                raise NotReadable("not_json", at)
            place = at
            name, at = self._string(at)
            at = blanks(text, at).end()
            if not text.startswith(":", at):
                raise NotReadable("not_json", at)
            value, at = self._value(blanks(text, at + 1).end(), depth)
            members.append(Member(name, value, place))
            at = blanks(text, at).end()
            if text.startswith("}", at):
                return Node(OBJECT, members, start), at + 1
            if not text.startswith(",", at):
                raise NotReadable("not_json", at)
            at = blanks(text, at + 1).end()

    def _array(self, start: int, depth: int) -> tuple[Node, int]:
        text, blanks = self._text, _BLANKS.match
        items: list[Node] = []
        at = blanks(text, start + 1).end()
        if text.startswith("]", at):
            return Node(ARRAY, items, start), at + 1
        while True:
            item, at = self._value(at, depth)
            items.append(item)
            at = blanks(text, at).end()
            if text.startswith("]", at):
                return Node(ARRAY, items, start), at + 1
            if not text.startswith(",", at):
                raise NotReadable("not_json", at)
            at = blanks(text, at + 1).end()

    def _string(self, start: int) -> tuple[str, int]:
        text = self._text
        plain = _PLAIN.match(text, start + 1)
        at = plain.end()
        if text.startswith('"', at):
            return plain.group(), at + 1
        parts = [plain.group()]
        while True:
            if text.startswith("\\", at):
                part, at = self._escape(at)
                parts.append(part)
            elif text.startswith('"', at):
                return "".join(parts), at + 1
            else:
                raise NotReadable("not_json", at)
            plain = _PLAIN.match(text, at)
            parts.append(plain.group())
            at = plain.end()

    def _escape(self, at: int) -> tuple[str, int]:
        text = self._text
        letter = text[at + 1 : at + 2]
        if letter != "u":
            if letter not in _ESCAPES:
                raise NotReadable("not_json", at)
            return _ESCAPES[letter], at + 2
        high = self._unit(at + 2)
        if 0xD800 <= high < 0xDC00 and text.startswith("\\u", at + 6):
            low = self._unit(at + 8)
            if 0xDC00 <= low < 0xE000:
                return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)), at + 12
        return chr(high), at + 6

    def _unit(self, at: int) -> int:
        digits = _UNIT.match(self._text, at)
        if digits is None:
            raise NotReadable("not_json", at)
        return int(digits.group(), 16)
