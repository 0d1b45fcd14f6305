"""What a member of an event may hold, and what becomes of it: one function for each form."""

import re
from collections.abc import Callable, Mapping

from . import rfc3339, strict_json
from .strict_json import Node

# Unicode's property White_Space.
WHITE_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
)

_ID_DIGITS_LIMIT = 64
_INTEGER = re.compile(r"-?[0-9]+")
_DIGITS = re.compile(r"[0-9]+")

CONTENT_TYPES = {
    "text": 1,
    "image": 2,
    "video": 3,
    "link": 4,
    "voice": 5,
    "markdown": 6,
    "action_card": 7,
    "rich_text": 8,
    "file": 9,
    "read": 10,
}
API_CONTENT_TYPES = {
    "TEXT": 1,
    "IMAGE": 2,
    "VIDEO": 3,
    "LINK": 4,
    "VOICE": 5,
    "MARK_DOWN": 6,
    "ACTION_CARD": 7,
    "RICH_TEXT": 8,
    "FILE": 9,
    "MSG_READ": 10,
}
SENDER_TYPES = {"member": "1", "agent": "4"}
PRODUCTION_TYPES = {"customer_service": 1, "economy_customer_service": 1001}
TOKEN_GRANT_TYPES = {"enterprise": 0, "isv": 1}


class Refused(Exception):
    """A member that cannot be taken; the argument is the problem's code."""


def text_of(node: Node) -> str:
    if not strict_json.is_text(node.content):
        raise Refused("not_utf8")
    return node.content


def required_id(node: Node) -> str:
    text = _optional_id(node)
    if text == "":
        raise Refused("empty")
    if not text.strip(WHITE_SPACE):
        raise Refused("blank")
    return text


def _optional_id(node: Node) -> str:
    if node.kind == strict_json.STRING:
        return text_of(node)
    digits = _integer_token(node)
    if len(digits.lstrip("-")) > _ID_DIGITS_LIMIT:
        raise Refused("out_of_range")
    return digits


def content_of(limit: int) -> Callable[[Node], str]:
    def form(node: Node) -> str:
        if node.kind != strict_json.STRING:
            raise Refused("wrong_type")
        text = text_of(node)
        if text == "":
            raise Refused("empty")
        if len(text.encode()) > limit:
            raise Refused("too_large")
        return text

    return form


def _integer_token(node: Node) -> str:
    if node.kind != strict_json.NUMBER or not _INTEGER.fullmatch(node.content):
        raise Refused("wrong_type")
    return node.content


def _in_int64(digits: str) -> int:
    # Python refuses to convert very long texts.
    if len(digits.lstrip("-").lstrip("0")) > 19:
        raise Refused("out_of_range")
    number = int(digits)
    if not -(2**63) <= number < 2**63:
        raise Refused("out_of_range")
    return number


def _number(otherwise: Callable[[str], int]) -> Callable[[Node], int]:
    """`otherwise` reads a text that is neither empty nor digits."""

    def form(node: Node) -> int:
        if node.kind != strict_json.STRING:
            return _in_int64(_integer_token(node))
        text = text_of(node)
        if text == "":
            raise Refused("empty")
        return _in_int64(text) if _DIGITS.fullmatch(text) else otherwise(text)

    return form


def _no_number(text: str) -> int:
    raise Refused("wrong_type")


def time_of(text: str) -> int:
    moment = rfc3339.milliseconds(text)
    if moment is None:
        raise Refused("bad_time")
    return moment


def _enumeration(names: Mapping[str, int], allowed: set[int]) -> Callable[[Node], int]:
    """`names` in upper case."""

    def named(text: str) -> int:
        upper = text.upper()
        if not text.isascii() or upper not in names:
            raise Refused("not_allowed")
        return names[upper]

    number = _number(named)

    def form(node: Node) -> int:
        found = number(node)
        if found not in allowed:
            raise Refused("not_allowed")
        return found

    return form


def _upper(names: Mapping[str, int]) -> dict[str, int]:
    return {name.upper(): number for name, number in names.items()}


def _sender_type(node: Node) -> str:
    if node.kind == strict_json.STRING:
        text = text_of(node)
        if text == "":
            raise Refused("empty")
    else:
        text = _integer_token(node)
    if text in SENDER_TYPES.values():
        return text
    if not text.isascii() or text.lower() not in SENDER_TYPES:
        raise Refused("not_allowed")
    return SENDER_TYPES[text.lower()]


REQUIRED = ("message_id", "sid", "session_source", "bu_id", "content", "content_type")
FORMS: dict[str, Callable[[Node], object]] = {
    "message_id": required_id,
    "sid": required_id,
    "session_source": required_id,
    "bu_id": required_id,
    "content_type": _enumeration(_upper(CONTENT_TYPES) | API_CONTENT_TYPES, set(range(1, 11))),
    "sender_type": _sender_type,
    "production_type": _enumeration(_upper(PRODUCTION_TYPES), {1, 1001}),
    "message_create_at": _number(time_of),
    "cms_id": _optional_id,
    "ding_corp_id": _optional_id,
    "sender_id": _optional_id,
    "open_instance_id": _optional_id,
}
CALLER_FORMS: dict[str, Callable[[Node], object]] = {
    "corp_id": _optional_id,
    "org_id": _number(_no_number),
    "token_grant_type": _enumeration(_upper(TOKEN_GRANT_TYPES), {0, 1}),
    "isv_org_id": _number(_no_number),
    "suite_key": _optional_id,
}
