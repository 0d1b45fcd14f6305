"""Records that are no proper chat events, each with the problems that its outcome must list; and records at
the edge that must pass."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

from .events import ChatEvent, EventGenerator

MAX_VALUE_BYTES = 1024 * 1024
MAX_CONTENT_BYTES = 64 * 1024
_DEPTH_LIMIT = 32
_REQUIRED = ("message_id", "content", "sid", "session_source", "content_type", "bu_id")

Members = dict[str, object]


def bad_events(generator: EventGenerator, sid: str) -> Iterator[ChatEvent]:
    """One conversation's worth of bad records, each of them keyed by `sid`."""
    make = _Maker(generator, sid)

    yield make.raw("null_record", None, ("", "null_value"))
    yield make.raw("empty_record", b"", ("", "empty"))
    yield make.raw("not_json_word", b"hello", ("", "not_json"))
    yield make.raw("not_json_torn", b'{"message_id":', ("", "not_json"))
    yield make.raw("not_json_two_documents", b"{}{}", ("", "not_json"))
    yield make.raw("array", b"[1,2]", ("", "wrong_type"))
    yield make.raw("text", b'"hello"', ("", "wrong_type"))
    yield make.raw("avro", b"\x00\x00\x00\x00\x07\x02\x0ahello", ("", "unsupported_encoding"))
    yield make.raw("not_utf8", b'{"message_id":"\xff\xfe"}', (None, "not_utf8"))
    yield make.raw(
        "cloudevents_batch",
        b"[]",
        ("", "unsupported_encoding"),
        headers=[("content-type", b"application/cloudevents-batch+json")],
    )

    for member in _REQUIRED:
        yield make.changed(f"missing_{member}", (f"/{member}", "missing"), without=member)
        yield make.changed(f"null_{member}", (f"/{member}", "null_value"), **{member: None})
        yield make.changed(f"array_{member}", (f"/{member}", "wrong_type"), **{member: []})
    for member in ("message_id", "sid", "session_source", "bu_id"):
        blank = make.changed(f"blank_{member}", (f"/{member}", "blank"), **{member: " \u3000\t"})
        yield replace(blank, apart=member == "sid")
        yield make.changed(f"boolean_{member}", (f"/{member}", "wrong_type"), **{member: True})
    for member in ("message_id", "content", "sid"):
        empty = make.changed(f"empty_{member}", (f"/{member}", "empty"), **{member: ""})
        yield replace(empty, apart=member == "sid")
    yield make.changed("content_number", ("/content", "wrong_type"), content=5)

    yield make.changed("content_type_11", ("/content_type", "not_allowed"), content_type=11)
    yield make.changed("content_type_0", ("/content_type", "not_allowed"), content_type=0)
    yield make.changed("content_type_word", ("/content_type", "not_allowed"), content_type="hologram")
    yield make.changed("content_type_fraction", ("/content_type", "wrong_type"), content_type=1.0)
    yield make.changed("sender_type_2", ("/sender_type", "not_allowed"), sender_type=2)
    yield make.changed("production_type_7", ("/production_type", "not_allowed"), production_type=7)
    yield make.changed("created_some_day", ("/message_create_at", "bad_time"), message_create_at="some day")
    yield make.changed(
        "created_beyond_int64", ("/message_create_at", "out_of_range"), message_create_at=2**63
    )
    yield make.changed("caller_text", ("/caller", "wrong_type"), caller="me")
    yield make.changed(
        "caller_grant_type", ("/caller/token_grant_type", "not_allowed"), caller={"token_grant_type": 2}
    )

    yield make.rewritten(
        "duplicate_member", lambda text: text[:-1] + ',"content":"again"}', ("/content", "duplicate_member")
    )
    yield make.rewritten(
        "duplicate_member_escaped",
        lambda text: text[:-1] + ',"\\u0063ontent":"again"}',
        ("/content", "duplicate_member"),
    )
    yield make.changed("lone_surrogate", ("/content", "not_utf8"), content="before \ud800 after")
    deep = "[" * (_DEPTH_LIMIT + 1) + "]" * (_DEPTH_LIMIT + 1)
    yield make.rewritten("too_deep", lambda text: text[:-1] + f',"extra":{deep}}}', (None, "too_deep"))

    yield make.changed(
        "content_over_limit", ("/content", "too_large"), content="é" * (MAX_CONTENT_BYTES // 2) + "x"
    )
    over = make.rewritten(
        "value_over_limit", lambda text: _padded(text, MAX_VALUE_BYTES + 1), ("", "too_large")
    )
    yield replace(over, message_id=None)

    several = make.changed(
        "several", ("/content", "empty"), content="", content_type=11, sender_type="robot", without="bu_id"
    )
    yield replace(
        several,
        problems=(
            ("/content", "empty"),
            ("/content_type", "not_allowed"),
            ("/sender_type", "not_allowed"),
            ("/bu_id", "missing"),
        ),
    )


def edge_events(generator: EventGenerator, sid: str) -> Iterator[ChatEvent]:
    """Records that look odd and are in order."""
    make = _Maker(generator, sid)

    yield make.good("value_at_limit", lambda text: _padded(text, MAX_VALUE_BYTES))
    largest = "é" * (MAX_CONTENT_BYTES // 2)
    yield make.good_changed("content_at_limit", content=largest)
    yield make.good_changed("blank_content", content="   ")
    yield make.good_changed("nul_in_content", content="a\x00b\u2028c")
    yield make.good_changed("unknown_members", extra={"deep": [[[]]], "big": 10**80})
    yield make.good_changed("null_optional", cms_id=None, sender_type=None, production_type=None)
    yield make.good_changed("enumerations_as_text", content_type="1", sender_type="4", production_type="1001")
    yield make.good_changed("created_rfc3339", message_create_at="2019-12-23T18:22:12.390+08:00")
    yield make.good("schema_registry_prefix", str, prefix=b"\x00\x00\x00\x00\x07")
    depth = "[" * (_DEPTH_LIMIT - 2) + "]" * (_DEPTH_LIMIT - 2)
    yield make.good("deep_but_allowed", lambda text: text[:-1] + f',"extra":{depth}}}')
    yield make.good(
        "cloudevents_structured",
        lambda text: '{"specversion":"1.0","id":"x-1","source":"/shop","type":"chat","data":' + text + "}",
        headers=[("content-type", b"Application/CloudEvents+json; charset=utf-8")],
    )
    yield make.good(
        "cloudevents_binary",
        str,
        headers=[
            ("ce_specversion", b"1.0"),
            ("ce_id", b"x-2"),
            ("ce_source", b"/shop"),
            ("ce_type", b"chat"),
        ],
    )
    without_key = make.good("no_key", str)
    yield replace(without_key, key=None)


class _Maker:
    def __init__(self, generator: EventGenerator, sid: str):
        self._generator = generator
        self._sid = sid

    def raw(self, name: str, value: bytes | None, *problems: tuple, headers: list | None = None) -> ChatEvent:
        """A value in which no member can be read."""
        return ChatEvent(
            message_id=None,
            sid=self._sid,
            key=self._sid.encode(),
            value=value,
            headers=headers or [],
            invalid=True,
            problems=problems,
            name=name,
        )

    def changed(
        self, name: str, *problems: tuple, without: str | None = None, **members: object
    ) -> ChatEvent:
        """A proper event with some members set to something else, or left out."""
        event, changed = self._changed(without, members)
        return replace(event, invalid=True, problems=problems, name=name, message_id=_id_of(changed))

    def rewritten(self, name: str, rewrite: Callable[[str], str], *problems: tuple) -> ChatEvent:
        """A proper event whose text was worked over."""
        event = self._generator.event(self._sid)
        text = rewrite(event.value.decode())
        return replace(event, value=text.encode(), invalid=True, problems=problems, name=name)

    def good(
        self,
        name: str,
        rewrite: Callable[[str], str],
        *,
        prefix: bytes = b"",
        headers: list | None = None,
    ) -> ChatEvent:
        event = self._generator.event(self._sid)
        value = prefix + rewrite(event.value.decode()).encode()
        return replace(event, value=value, headers=headers or [], name=name)

    def good_changed(self, name: str, **members: object) -> ChatEvent:
        event, changed = self._changed(None, members)
        content = changed["content"]
        private = (content, *event.private[1:]) if len(content) >= 8 else event.private[1:]
        return replace(event, name=name, content=content, private=private)

    def _changed(self, without: str | None, members: Members) -> tuple[ChatEvent, Members]:
        event = self._generator.event(self._sid)
        changed = json.loads(event.value) | members
        if without is not None:
            del changed[without]
        # Lone surrogates survive only as escapes.
        value = json.dumps(changed, ensure_ascii=True, separators=(",", ":")).encode()
        return replace(event, value=value), changed


def _id_of(members: Members) -> str | None:
    message_id = members.get("message_id")
    return message_id if isinstance(message_id, str) and message_id.strip() else None


def _padded(text: str, size: int) -> str:
    """The same object with an unknown member that brings the value to exactly `size` bytes."""
    opening = text[:-1] + ',"padding":"'
    return opening + "x" * (size - len(opening.encode()) - 2) + '"}'
