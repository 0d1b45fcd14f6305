"""Records for the input topic from a seed: proper ones, ones with something wrong, and hostile ones.

Record `n` of a seed depends on nothing but the two, so that one differing record can be made again alone.
The form is that of `convert --records`: `{"key", "headers": [[name, value], …], "value" or "value_base64"}`,
where a header's value may be `{"base64": "…"}`.
"""

import base64
import json
import random
from collections.abc import Callable, Iterator

from .event_rules import Record, judge, shown
from .member_forms import API_CONTENT_TYPES, CONTENT_TYPES
from .odd_values import (
    BATCH_TYPES,
    BLANK_TEXTS,
    CALLER_MEMBERS,
    DIGIT_TEXTS,
    IDS,
    LONE,
    LONG_NUMBERS,
    MEMBERS,
    NO_NUMBERS,
    NO_TEXTS,
    NO_TIMES,
    NO_WORDS,
    NUMBERS,
    OPTIONAL_IDS,
    OTHER_TYPES,
    REQUIRED,
    STRUCTURED_TYPES,
    TEXTS,
    TIMES,
    UNKNOWN,
    WORDS,
)

JSONRecord = dict[str, object]

_DEPTH_LIMIT = 32
_MAX_CONTENT_BYTES = 64 * 1024
_MAX_VALUE_BYTES = 1024 * 1024


def records(seed: int, count: int, start: int = 0) -> Iterator[JSONRecord]:
    for number in range(start, start + count):
        yield record(seed, number)


def record(seed: int, number: int) -> JSONRecord:
    return _Maker(random.Random(f"{seed}/{number}")).record()


def value_of(made: JSONRecord) -> bytes | None:
    if "value_base64" in made:
        return base64.b64decode(made["value_base64"])
    value = made["value"]
    return None if value is None else value.encode()


def headers_of(made: JSONRecord) -> list[tuple[str, bytes]]:
    """Both ways of writing headers: a list of pairs, or an object."""
    headers = made.get("headers") or []
    pairs = headers.items() if isinstance(headers, dict) else headers
    return [(name, _header_bytes(value)) for name, value in pairs]


def judged(made: JSONRecord) -> dict[str, object]:
    """What `convert` must say about it, without the line's number."""
    return shown(judge(as_record(made)))


def as_record(made: JSONRecord) -> Record:
    key = made["key"]
    return Record(None if key is None else key.encode(), headers_of(made), value_of(made))


def _header_bytes(value: object) -> bytes:
    return base64.b64decode(value["base64"]) if isinstance(value, dict) else value.encode()


class _Maker:
    """One record. Texts of JSON are put together by hand, for what no writer would write."""

    def __init__(self, chance: random.Random):
        self._chance = chance
        # How much of this record is out of order: most have nothing or one thing wrong, some everything.
        self._oddity = chance.choice((0.0, 0.0, 0.02, 0.05, 0.3))
        self._escape_share = chance.choice((0.0, 0.0, 0.1, 1.0))
        self._spaced = chance.random() < 0.2

    def record(self) -> JSONRecord:
        chance = self._chance
        headers: list[list[object]] = []
        form = chance.random()
        if form < 0.45:
            text = self._event()
        elif form < 0.6:
            text = self._event()
            headers += self._binary_headers()
        elif form < 0.95:
            text = self._envelope()
            headers.append([self._cased("content-type"), chance.choice(STRUCTURED_TYPES)])
            if chance.random() < 0.1:
                headers += self._binary_headers()
        else:
            text = chance.choice((self._event, self._envelope, self._any))()
            headers.append(
                ["content-type", chance.choice(BATCH_TYPES if chance.random() < 0.3 else OTHER_TYPES)]
            )
        if chance.random() < 0.05:
            headers.append(["lippi-redrive-of", "chat-events/0/17"])
        if chance.random() < 0.02:
            headers.append(["content-type", chance.choice(STRUCTURED_TYPES + OTHER_TYPES)])
        key = None if chance.random() < 0.1 else chance.choice(TEXTS + ("",))
        made: JSONRecord = {"key": key, "headers": headers}
        value = self._bytes_of(text)
        if value is None:
            made["value"] = None
            return made
        try:
            made["value"] = value.decode()
        except UnicodeDecodeError:
            made["value_base64"] = base64.b64encode(value).decode()
        return made

    def _odd(self) -> bool:
        return self._chance.random() < self._oddity

    # From text to bytes, with what happens to bytes

    def _bytes_of(self, text: str) -> bytes | None:
        chance = self._chance
        value = text.encode("utf-8", "surrogatepass")
        kind = chance.random()
        if kind < 0.85:
            return value
        if kind < 0.88:
            return bytes((0, *chance.randbytes(4))) + value
        if kind < 0.89:
            return chance.choice(
                (None, b"", b"\x00", b"\x00\x00\x00\x00\x07", b"\x00\x00\x00\x00\x07[]", b" ", b"\n")
            )
        if kind < 0.90:
            return (
                chance.choice(
                    (
                        b"\xef\xbb\xbf",
                        b" \n\t\r",
                        b"\x00\x00\x00\x00\x01 ",
                        b"\xff\xfe",
                        b"\x0c",
                        b"\xc2\xa0",
                        b"//\n",
                    )
                )
                + value
            )
        if kind < 0.91:
            return value + chance.choice((b" ", b"\x00", b"{}", b",", b"]", b"\n\n", b"\xff", b"x"))
        if kind < 0.93:
            return value[: chance.randrange(len(value) + 1)]
        if kind < 0.9302:
            size = _MAX_VALUE_BYTES + chance.choice((-1, 0, 1))
            return value + b" " * max(0, size - len(value))
        return self._damaged(value)

    def _damaged(self, value: bytes) -> bytes:
        chance = self._chance
        for _ in range(chance.choice((1, 1, 2))):
            at = chance.randrange(len(value) + 1)
            match chance.randrange(4):
                case 0:
                    value = value[:at] + value[at + 1 :]
                case 1:
                    value = value[:at] + chance.randbytes(1) + value[at + 1 :]
                case 2:
                    value = (
                        value[:at] + chance.choice((*map(bytes, zip(b'{}[]:,"\\-+.0eE tn\n')),)) + value[at:]
                    )
                case _:
                    value = (
                        value[:at]
                        + chance.choice(
                            (
                                b"\xff",
                                b"\x80",
                                b"\xc0\x80",
                                b"\xed\xa0\x80",
                                b"\xf4\x90\x80\x80",
                                b"\xe4\xbd",
                                b"\xf0\x9f\x98",
                            )
                        )
                        + value[at:]
                    )
        return value

    # Events

    def _event(self) -> str:
        chance = self._chance
        if chance.random() < 0.01:
            return self._any()
        members: list[tuple[str, str]] = []
        nested: list[tuple[str, str]] = []
        share = chance.choice((0.0, 0.0, 0.0, 1.0, 0.5))
        for name in MEMBERS:
            there = not self._odd() if name in REQUIRED else chance.random() < 0.4
            if there:
                (nested if chance.random() < share else members).append((name, self._member(name)))
            if share and chance.random() < 0.1:
                (nested if chance.random() < share else members).append((name, self._member(name)))
        if nested or self._odd():
            members.append(("ly_open_message_dto", self._any() if self._odd() else self._object(nested)))
        for name, rate in (("caller", 0.25), ("ly_ding_open_para_dto", 0.15)):
            if chance.random() < rate:
                members.append((name, self._any() if self._odd() else self._caller()))
        for _ in range(chance.choice((0, 0, 0, 1, 3))):
            members.append((chance.choice(UNKNOWN), self._any()))
        if chance.random() < 0.002:
            members += [(f"many-{number % 40}", "0") for number in range(90)]
        return self._object(members)

    def _caller(self) -> str:
        chance = self._chance
        names = [name for name in CALLER_MEMBERS if chance.random() < 0.6]
        return self._object([(name, self._member(name)) for name in names])

    def _envelope(self) -> str:
        chance = self._chance
        members = [("specversion", '"1.0"'), ("source", '"/shop"'), ("type", '"chat"')]
        if chance.random() < 0.9:
            members.append(("id", self._any() if self._odd() else self._text(chance.choice(TEXTS))))
        if chance.random() < 0.3:
            members.append(("expirytime", self._time()))
        if not self._odd():
            event = self._any() if self._odd() else self._event()
            if chance.random() < 0.6:
                members.append(("data", event))
            else:
                members.append(("data_base64", self._any() if self._odd() else self._encoded(event)))
        if self._odd():
            members.append((chance.choice(("data", "data_base64")), self._any()))
        if self._odd():
            members.append(("content", '"not here"'))
        return self._object(members)

    def _encoded(self, event: str) -> str:
        chance = self._chance
        value = event.encode("utf-8", "surrogatepass")
        if chance.random() < 0.1:
            value = self._damaged(value)
        text = base64.b64encode(value).decode()
        if self._odd():
            match chance.randrange(6):
                case 0:
                    text = text.replace("+", "-").replace("/", "_")
                case 1:
                    text = text.rstrip("=")
                case 2:
                    text += chance.choice(("=", "==", "A", "\n", " ", "AA=="))
                case 3:
                    at = chance.randrange(len(text) + 1)
                    text = text[:at] + chance.choice(("\n", " ", "=", "-", "é", "")) + text[at:]
                case 4:
                    text = ""
                case _:
                    text = text[: chance.randrange(len(text) + 1)]
        return self._text(text)

    def _binary_headers(self) -> list[list[object]]:
        chance = self._chance
        headers: list[list[object]] = [
            [self._cased("ce_specversion"), "1.0"],
            [self._cased("ce_id"), chance.choice(TEXTS + BLANK_TEXTS)],
            ["ce_source", "/shop"],
            ["ce_type", "chat"],
        ]
        if chance.random() < 0.3:
            expiry: object = chance.choice(TIMES if chance.random() < 0.7 else NO_TIMES + ("",))
            if chance.random() < 0.05:
                expiry = {"base64": base64.b64encode(b"2019\xff").decode()}
            headers.append([self._cased("ce_expirytime"), expiry])
        return headers

    def _cased(self, name: str) -> str:
        return self._chance.choice((name, name, name, name.title(), name.upper()))

    # Members

    def _member(self, name: str) -> str:
        if self._odd():
            return self._any()
        chance = self._chance
        if name in IDS:
            if self._odd():
                return self._text(chance.choice(BLANK_TEXTS))
            return self._text(chance.choice(TEXTS)) if chance.random() < 0.8 else self._integer()
        if name in OPTIONAL_IDS or name in ("corp_id", "suite_key"):
            return (
                self._text(chance.choice(TEXTS + BLANK_TEXTS)) if chance.random() < 0.8 else self._integer()
            )
        return self._special[name](self)

    def _content(self) -> str:
        chance = self._chance
        if chance.random() < 0.002:
            size = _MAX_CONTENT_BYTES + chance.choice((-1, 0, 1))
            filling = chance.choice(("x", "é", "好", "😀"))
            count, rest = divmod(size, len(filling.encode()))
            return self._text(filling * count + "y" * rest)
        return self._text(" ".join(chance.choice(TEXTS) for _ in range(chance.randint(1, 8))))

    def _content_type(self) -> str:
        chance = self._chance
        if self._odd():
            return self._text(
                chance.choice((*DIGIT_TEXTS, *BLANK_TEXTS, "hologram", "Markdown", "READ", "Text", "ﬁle"))
            )
        name = chance.choice((*CONTENT_TYPES, *API_CONTENT_TYPES))
        if name in API_CONTENT_TYPES and chance.random() < 0.5:
            name = "".join(chance.choice((letter.lower(), letter)) for letter in name)
        number = str(chance.randint(1, 10))
        return chance.choice((self._text(name), number, self._text(number)))

    def _sender_type(self) -> str:
        return self._one_of(("member", "agent", "1", "4"), ("1", "4"), ("Member", "2", "01", "customer"))

    def _production_type(self) -> str:
        names = ("customer_service", "economy_customer_service", "1", "1001")
        return self._one_of(names, ("1", "1001"), ("Customer_Service", "2", "01"))

    def _token_grant_type(self) -> str:
        return self._one_of(("enterprise", "isv", "0", "1"), ("0", "1", "1"), ("ISV", "2", "00"))

    def _one_of(self, texts: tuple[str, ...], numbers: tuple[str, ...], others: tuple[str, ...]) -> str:
        chance = self._chance
        if self._odd():
            texts = (*others, *DIGIT_TEXTS, *BLANK_TEXTS)
        return self._text(chance.choice(texts)) if chance.random() < 0.5 else chance.choice(numbers)

    def _message_create_at(self) -> str:
        return self._integer() if self._chance.random() < 0.4 else self._time()

    def _time(self) -> str:
        chance = self._chance
        if self._odd():
            return self._text(chance.choice(NO_TIMES + BLANK_TEXTS))
        if chance.random() < 0.2:
            return self._text(chance.choice(DIGIT_TEXTS))
        return self._text(chance.choice(TIMES))

    def _organisation(self) -> str:
        chance = self._chance
        if self._odd():
            return self._text(chance.choice((*DIGIT_TEXTS, *BLANK_TEXTS, "abc")))
        return chance.choice(("0", "123", '"456"', '"0"', "-7"))

    def _integer(self) -> str:
        chance = self._chance
        if self._odd():
            return chance.choice((*NUMBERS, *LONG_NUMBERS))
        return str(chance.choice((0, 1, 5, 1577096532390, 2**63 - 1, -(2**63), chance.getrandbits(40))))

    # Any JSON, and what only looks like it

    def _any(self) -> str:
        chance = self._chance
        kind = chance.random()
        if kind < 0.25:
            return self._text(chance.choice(TEXTS + BLANK_TEXTS))
        if kind < 0.45:
            return chance.choice((*NUMBERS, *LONG_NUMBERS))
        if kind < 0.60:
            return chance.choice(WORDS)
        if kind < 0.68:
            return chance.choice(LONE)
        if kind < 0.70 and self._oddity:
            return chance.choice((*NO_NUMBERS, *NO_WORDS, *NO_TEXTS))
        if kind < 0.73:
            return self._deep()
        if kind < 0.86:
            return "[" + self._blank() + ",".join(self._any() for _ in range(chance.randrange(4))) + "]"
        names = [chance.choice((*UNKNOWN[:4], *MEMBERS[:2], "k")) for _ in range(chance.randrange(4))]
        return self._object([(name, self._any()) for name in names])

    def _deep(self) -> str:
        chance = self._chance
        # The event around it takes one to four levels.
        depth = chance.choice((1, 5, *range(_DEPTH_LIMIT - 5, _DEPTH_LIMIT + 2)))
        opening, closing, filling = chance.choice(
            (("[", "]", ""), ('{"a":', "}", "0"), ('[1,{"b":', "}]", "[]"))
        )
        levels = depth // 2 if opening[0] == "[" and closing == "}]" else depth
        return opening * levels + filling + closing * levels

    def _object(self, members: list[tuple[str, str]]) -> str:
        chance = self._chance
        if chance.random() < 0.5:
            chance.shuffle(members)
        if members and self._odd():
            name, _ = chance.choice(members)
            again = (
                self._any() if chance.random() < 0.5 else self._member(name if name in MEMBERS else "cms_id")
            )
            members.insert(chance.randrange(len(members) + 1), (name, again))
        blank = self._blank
        parts = [f"{blank()}{self._name(name)}{blank()}:{blank()}{text}{blank()}" for name, text in members]
        return (
            "{"
            + ",".join(parts)
            + ("," if parts and chance.random() < self._oddity / 50 else "")
            + blank()
            + "}"
        )

    def _blank(self) -> str:
        return self._chance.choice(("", " ", "\n", "\t\r\n ")) if self._spaced else ""

    def _name(self, name: str) -> str:
        if self._oddity and self._chance.random() < 0.003:
            return self._chance.choice(LONE[:4])
        return self._text(name)

    def _text(self, text: str) -> str:
        share, chance = self._escape_share, self._chance
        if share == 0:
            return json.dumps(text, ensure_ascii=False)
        if share == 1 and len(text) > 200:
            return json.dumps(text, ensure_ascii=True)
        if self._oddity and chance.random() < 0.003:
            return chance.choice(LONE)
        return '"' + "".join(self._character(character) for character in text) + '"'

    def _character(self, character: str) -> str:
        chance = self._chance
        if chance.random() < self._escape_share or character < " " or character in '"\\':
            units = character.encode("utf-16-be")
            escapes = [f"{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2)]
            if character == "/" and chance.random() < 0.5:
                return "\\/"
            return "".join(
                "\\u" + (digits.upper() if chance.random() < 0.5 else digits) for digits in escapes
            )
        return character

    _special: dict[str, Callable[["_Maker"], str]] = {
        "content": _content,
        "content_type": _content_type,
        "sender_type": _sender_type,
        "production_type": _production_type,
        "message_create_at": _message_create_at,
        "token_grant_type": _token_grant_type,
        "org_id": _organisation,
        "isv_org_id": _organisation,
    }
