"""What becomes of a record: the rules for events once more, written from their description alone.

`judge(record)` says what `convert` must say: the request's two objects and the warnings, or the problems
in order. It shares nothing with the bridge, so that where the two differ one of them is wrong, or the
description can be read in two ways.

Readings: what the description leaves open, and how it is read here.

R1   A record is looked at in this order, and the first that applies is the only problem: null, length 0,
     over the limit, a `content-type` of CloudEvents that says batch, `+avro` or `+protobuf`, a first byte
     0x00 that is not the prefix of a JSON object. All stand at "".
R2   The prefix is 0x00, four bytes, then `{` at once. It may stand before any form's value, but not inside
     `data_base64`. Any other value that begins with 0x00 is `unsupported_encoding`, however short.
R3   A byte order mark, and anything else that is no JSON, is `not_json`. UTF-8 is looked at first and over
     the whole value; then the first fault from the left counts, `not_json` or `too_deep`. What is too deep
     and, further on, no JSON either, may be called by either name (`also_right`).
R4   Header names are compared without case (ASCII). Of headers with one name the last counts. A header
     without a value is absent.
R5   Structured: the `content-type` begins with `application/cloudevents`, with nothing before it; a batch
     begins with `application/cloudevents-batch`. Then only the attributes in the value count, `ce_*`
     headers do not.
R6   The depth is that of the JSON text; the decoded text of `data_base64` begins anew.
R7   `data_base64` is another name of `data`: see R13. A `data_base64` that is no text is `wrong_type`, ""
     is `empty`, half a surrogate pair `not_utf8`; bits behind the last byte do not matter.
R8   What is wrong with the decoded bytes as JSON is their only problem; those of the envelope are listed
     too.
R9   Of members with one name the first counts. Later ones are a problem and are not judged themselves, but
     names repeated inside them, or inside arrays, are problems as well, at their own pointers.
R10  "At most one per pointer" keeps the first in document order: a bad `content` and a second `content` are
     one problem, that of the first.
R11  A problem stands where its member's name stands, a repeated name where it stands the second time,
     `wrong_type` of the whole value at its beginning. `bad_time` of the header `ce_expirytime` comes before
     all of the value.
R12  Names with half a surrogate pair are compared as they are; in a pointer the half is U+FFFD.
R13  A member with two places, flat and nested, or `data` and `data_base64`, is there where it is not null.
     Is it in both, the first in document order counts and the second is a `duplicate_member`, not judged
     itself. In neither, a required one is `null_value` where the null stands, at the flat pointer (`/data`)
     if both are null.
R14  `caller` and `ly_ding_open_para_dto` are two places of the same members, too, and lie over the
     configured caller. They and `ly_open_message_dto` are `wrong_type` when they are no objects, null is
     absent.
R15  `ly_open_message_dto` is present when it is not null, whatever it is: missing members are then named in
     it.
R16  corp_id and suite_key take what cms_id takes: a string or an integer.
R17  The optional texts take "" and blank ones: only required ids must not be blank. Where a text could not
     be accepted, "" is `empty`: enumerations, times, Number members, `content`.
R18  Digits as text: ASCII digits only, no sign, leading zeros allowed. This holds for every Number member,
     enumerations among them; a number outside Int64 is `out_of_range` before it is `not_allowed`. A text
     that is no digits: `not_allowed` in an enumeration, `bad_time` in message_create_at, else `wrong_type`.
R19  `-0` is an integer: 0 as a Number, "-0" as an id. More than 64 digits in an id are `out_of_range`; the
     sign is no digit.
R20  sender_type becomes text, so it knows only "1", "4", 1, 4 and its two names: any other text or integer
     is `not_allowed`.
R21  All names of enumerations, ours and the API's, pass in any case (ASCII).
R22  RFC 3339: `T` and `Z` in either case, no blank instead of `T`, any number of fraction digits. Second 60
     passes where it is 23:59 in UTC and is the second after 59.
R23  Half a surrogate pair is `not_utf8` in every member of the event that is read, before anything else
     about it.
R24  `expirytime` that is no text, "", half a surrogate pair or, in a header, no UTF-8 is `bad_time`; null
     is absent.
R25  isv_org_id and suite_key are judged before they are dropped; without token_grant_type 1 the warning is
     said wherever they came from.
R26  `event_id` in the object: as the ids, and silently passed over when it is none.
R27  A `data` or value that is no object has no missing members. One that is the word null is `null_value`.
"""

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from . import rfc3339, strict_json
from .member_forms import (
    CALLER_FORMS,
    FORMS,
    REQUIRED,
    WHITE_SPACE,
    Refused,
    content_of,
    required_id,
    text_of,
    time_of,
)
from .strict_json import Node

PROBLEMS_SHOWN = 32
ISV_MEMBERS_DROPPED = "isv_members_dropped"

_CLOUDEVENTS = b"application/cloudevents"
_NOT_READ = (_CLOUDEVENTS + b"-batch", _CLOUDEVENTS + b"+avro", _CLOUDEVENTS + b"+protobuf")
_PREFIX_BYTES = 5
# Deeper than anything that is generated, and no trouble for a recursion.
_NO_DEPTH_LIMIT = 300
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


@dataclass(frozen=True)
class Settings:
    """Sizes in bytes."""

    max_value_bytes: int = 1024 * 1024
    max_content_bytes: int = 64 * 1024
    depth_limit: int = 32
    caller: Mapping[str, object] = field(default_factory=dict)
    """The configured `ly_ding_open_para_dto`."""


@dataclass(frozen=True)
class Record:
    key: bytes | None
    headers: list[tuple[str, bytes | None]]
    value: bytes | None
    place: str = "topic/0/0"
    """`topic/partition/offset`"""


@dataclass(frozen=True)
class Problem:
    pointer: str
    code: str


@dataclass
class Verdict:
    """`request` is None exactly if there are problems."""

    request: dict[str, dict[str, object]] | None = None
    warnings: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    event_id: str = ""
    lane: bytes | None = None
    """None: the record stands alone."""
    expires_at: int | None = None
    """Milliseconds since 1970."""


def judge(record: Record, settings: Settings | None = None) -> Verdict:
    return _Judgement(record, settings or Settings()).verdict()


class _Alone(Exception):
    """A problem of the record as a whole, beside which there is no other."""


_NESTED, _NESTED_CALLER = "ly_open_message_dto", "ly_ding_open_para_dto"

# Where a problem stands: inside `data_base64` the second number counts.
_Place = tuple[int, int]
_LAST: _Place = (1 << 62, 0)
_FIRST: _Place = (-1, 0)


class _Judgement:
    def __init__(self, record: Record, settings: Settings):
        self._record = record
        self._settings = settings
        self._forms = FORMS | {"content": content_of(settings.max_content_bytes)}
        self._problems: list[tuple[_Place, str, str]] = []
        self._headers = {
            name.lower(): value for name, value in record.headers if value is not None and name.isascii()
        }
        self._attribute_id: str | None = None
        self._member_id: str | None = None
        self._sid: str | None = None
        self._expires_at: int | None = None

    def verdict(self) -> Verdict:
        request, warnings = None, []
        try:
            request, warnings = self._request()
        except _Alone as fault:
            self._problems = [(_FIRST, "", str(fault))]
        if self._problems:
            request, warnings = None, []
        return Verdict(request, warnings, self._in_order(), self._event_id(), self._lane(), self._expires_at)

    def _in_order(self) -> list[Problem]:
        found: dict[str, str] = {}
        for _, pointer, code in sorted(self._problems, key=lambda problem: problem[0]):
            found.setdefault(pointer, code)
        return [Problem(pointer, code) for pointer, code in found.items()]

    def _event_id(self) -> str:
        redriven = _header_text(self._headers.get("lippi-redrive-of"))
        return self._attribute_id or self._member_id or redriven or self._record.place

    def _lane(self) -> bytes | None:
        return self._record.key if self._sid is None else self._sid.encode()

    def _problem(self, place: _Place, pointer: str, code: str) -> None:
        self._problems.append((place, pointer, code))

    # The record as a whole

    def _request(self) -> tuple[dict | None, list[str]]:
        value = self._record.value
        if value is None:
            raise _Alone("null_value")
        if value == b"":
            raise _Alone("empty")
        if len(value) > self._settings.max_value_bytes:
            raise _Alone("too_large")
        content_type = self._headers.get("content-type", b"").lower()
        if content_type.startswith(_NOT_READ):
            raise _Alone("unsupported_encoding")
        if value[0] == 0:
            if value[_PREFIX_BYTES : _PREFIX_BYTES + 1] != b"{":
                raise _Alone("unsupported_encoding")
            value = value[_PREFIX_BYTES:]
        structured = content_type.startswith(_CLOUDEVENTS)
        if not structured:
            self._read_attributes_of_headers()
        try:
            document = strict_json.parse(value, self._settings.depth_limit)
        except strict_json.NotReadable as fault:
            raise _Alone(fault.code) from None
        self._look_for_repeated_names(document, "", None)
        if document.kind != strict_json.OBJECT:
            self._problem((document.place, 0), "", _no_object(document))
            return None, []
        return self._structured(document) if structured else self._event(document, "", None)

    def _read_attributes_of_headers(self) -> None:
        self._attribute_id = _header_text(self._headers.get("ce_id"))
        expiry = self._headers.get("ce_expirytime")
        if expiry is not None:
            try:
                self._expires_at = time_of(expiry.decode())
            except (UnicodeDecodeError, Refused):
                self._problem(_FIRST, "/expirytime", "bad_time")

    def _structured(self, envelope: Node) -> tuple[dict | None, list[str]]:
        attributes = _by_name(envelope)
        identity = attributes.get("id")
        if identity is not None and identity.value.kind == strict_json.STRING:
            self._attribute_id = _id_or_none(identity.value)
        self._read_expiry(attributes.get("expirytime"))
        sources = [(attributes.get(name), f"/{name}") for name in ("data", "data_base64")]
        member, pointer = self._first(sources, None) or (None, "")
        if member is not None:
            return self._encoded(member) if pointer == "/data_base64" else self._data(member)
        data = attributes.get("data")
        if data is not None:
            self._problem((data.place, 0), "/data", "null_value")
        else:
            self._problem(_LAST, "/data", "missing")
        return None, []

    def _data(self, member: strict_json.Member) -> tuple[dict | None, list[str]]:
        if member.value.kind != strict_json.OBJECT:
            self._problem((member.place, 0), "/data", "wrong_type")
            return None, []
        return self._event(member.value, "/data", None)

    def _first(
        self, sources: list[tuple[strict_json.Member | None, str]], outer: int | None
    ) -> tuple[strict_json.Member, str] | None:
        """The first place, with its pointer, where a member is that may stand in several."""
        there = [(member, pointer) for member, pointer in sources if not _is_absent(member)]
        there.sort(key=lambda source: source[0].place)
        for member, pointer in there[1:]:
            self._problem(_place(member.place, outer), pointer, "duplicate_member")
        return there[0] if there else None

    def _read_expiry(self, expiry: strict_json.Member | None) -> None:
        if _is_absent(expiry):
            return
        is_text = expiry.value.kind == strict_json.STRING
        self._expires_at = rfc3339.milliseconds(expiry.value.content) if is_text else None
        if self._expires_at is None:
            self._problem((expiry.place, 0), "/expirytime", "bad_time")

    def _encoded(self, member: strict_json.Member) -> tuple[dict | None, list[str]]:
        pointer, place = "/data_base64", (member.place, 0)
        try:
            document = self._decoded(member.value)
        except Refused as refused:
            self._problem(place, pointer, str(refused))
            return None, []
        self._look_for_repeated_names(document, pointer, member.place)
        if document.kind != strict_json.OBJECT:
            self._problem(place, pointer, _no_object(document))
            return None, []
        return self._event(document, pointer, member.place)

    def _decoded(self, node: Node) -> Node:
        if node.kind != strict_json.STRING:
            raise Refused("wrong_type")
        text = text_of(node)
        if text == "":
            raise Refused("empty")
        if not _BASE64.fullmatch(text):
            raise Refused("not_json")
        try:
            return strict_json.parse(base64.b64decode(text), self._settings.depth_limit)
        except strict_json.NotReadable as fault:
            raise Refused(fault.code) from None

    # The event

    def _event(self, event: Node, base: str, outer: int | None) -> tuple[dict, list[str]]:
        """`outer`: the place of the member that the event was decoded from, if it was."""
        flat = _by_name(event)
        nested = self._object_in(flat, _NESTED, base, outer)
        has_nested = not _is_absent(flat.get(_NESTED))
        message: dict[str, object] = {}
        for name, form in self._forms.items():
            sources = [(flat.get(name), f"{base}/{name}"), (nested.get(name), f"{base}/{_NESTED}/{name}")]
            self._take(name, form, sources, message, outer)
        home = f"{base}/{_NESTED}" if has_nested else base
        for position, name in enumerate(REQUIRED):
            if name not in flat and name not in nested:
                self._problem((_LAST[0], position + 1), f"{home}/{name}", "missing")
        message.setdefault("sender_type", "1")
        caller, warnings = self._caller(flat, base, outer)
        self._sid = message.get("sid")
        identity = flat.get("event_id")
        self._member_id = None if identity is None else _id_or_none(identity.value)
        return {_NESTED_CALLER: caller, _NESTED: message}, warnings

    def _caller(self, flat: dict, base: str, outer: int | None) -> tuple[dict, list[str]]:
        upper = self._object_in(flat, "caller", base, outer)
        lower = self._object_in(flat, _NESTED_CALLER, base, outer)
        caller = dict(self._settings.caller)
        for name, form in CALLER_FORMS.items():
            sources = [
                (upper.get(name), f"{base}/caller/{name}"),
                (lower.get(name), f"{base}/{_NESTED_CALLER}/{name}"),
            ]
            self._take(name, form, sources, caller, outer)
        if caller.get("token_grant_type") == 1:
            return caller, []
        kept = {name: value for name, value in caller.items() if name not in ("isv_org_id", "suite_key")}
        return kept, [] if len(kept) == len(caller) else [ISV_MEMBERS_DROPPED]

    def _object_in(
        self, members: dict, name: str, base: str, outer: int | None
    ) -> dict[str, strict_json.Member]:
        member = members.get(name)
        if _is_absent(member):
            return {}
        if member.value.kind != strict_json.OBJECT:
            self._problem(_place(member.place, outer), f"{base}/{name}", "wrong_type")
            return {}
        return _by_name(member.value)

    def _take(
        self,
        name: str,
        form: Callable[[Node], object],
        sources: list[tuple[strict_json.Member | None, str]],
        into: dict[str, object],
        outer: int | None,
    ) -> None:
        """Puts what is there into `into`, or notes what is wrong with it."""
        found = self._first(sources, outer)
        if found is not None:
            member, pointer = found
            try:
                into[name] = form(member.value)
            except Refused as refused:
                into.pop(name, None)
                self._problem(_place(member.place, outer), pointer, str(refused))
        elif name in REQUIRED:
            nulls = [source for source in sources if source[0] is not None]
            if nulls:
                self._problem(_place(nulls[0][0].place, outer), nulls[0][1], "null_value")

    def _look_for_repeated_names(self, node: Node, pointer: str, outer: int | None) -> None:
        if node.kind == strict_json.OBJECT:
            seen: set[str] = set()
            for member in node.content:
                if member.name in seen:
                    place = _place(member.place, outer)
                    self._problem(place, f"{pointer}/{_escaped(member.name)}", "duplicate_member")
                seen.add(member.name)
                if member.value.content and member.value.kind in (strict_json.OBJECT, strict_json.ARRAY):
                    self._look_for_repeated_names(member.value, f"{pointer}/{_escaped(member.name)}", outer)
        elif node.kind == strict_json.ARRAY:
            for index, item in enumerate(node.content):
                if item.kind in (strict_json.OBJECT, strict_json.ARRAY):
                    self._look_for_repeated_names(item, f"{pointer}/{index}", outer)


def also_right(record: Record, said: dict[str, object]) -> bool:
    """Whether a line may be said of a value that is too deep: that it is no JSON, if that is true as well."""
    own = judge(record).problems[:PROBLEMS_SHOWN]
    deeper = judge(record, Settings(depth_limit=_NO_DEPTH_LIMIT)).problems
    not_json = {problem.pointer for problem in deeper if problem.code == "not_json"}
    excused = [
        Problem(problem.pointer, "not_json")
        if problem.code == "too_deep" and problem.pointer in not_json
        else problem
        for problem in own
    ]
    return excused != own and _problems_shown(excused) == said


def _problems_shown(problems: list[Problem]) -> dict[str, object]:
    return {"problems": [{"pointer": found.pointer, "code": found.code} for found in problems]}


def shown(verdict: Verdict) -> dict[str, object]:
    """The verdict as a line of `convert` has it, without its number."""
    if verdict.problems:
        return _problems_shown(verdict.problems[:PROBLEMS_SHOWN])
    return {"request": verdict.request, "warnings": verdict.warnings}


def _no_object(node: Node) -> str:
    return "null_value" if node.kind == strict_json.NULL else "wrong_type"


def _place(place: int, outer: int | None) -> _Place:
    return (place, 0) if outer is None else (outer, place + 1)


def _by_name(node: Node) -> dict[str, strict_json.Member]:
    members: dict[str, strict_json.Member] = {}
    for member in node.content:
        members.setdefault(member.name, member)
    return members


def _is_absent(member: strict_json.Member | None) -> bool:
    return member is None or member.value.kind == strict_json.NULL


def _escaped(name: str) -> str:
    text = name if strict_json.is_text(name) else "".join(_whole(name))
    return text.replace("~", "~0").replace("/", "~1")


def _whole(name: str) -> Iterator[str]:
    for character in name:
        yield "\ufffd" if "\ud800" <= character <= "\udfff" else character


def _id_or_none(node: Node) -> str | None:
    try:
        return required_id(node)
    except Refused:
        return None


def _header_text(value: bytes | None) -> str | None:
    try:
        text = (value or b"").decode()
    except UnicodeDecodeError:
        return None
    return text if text.strip(WHITE_SPACE) else None
