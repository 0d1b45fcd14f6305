"""The tools that the decoder is compared with are themselves compared: with the standard library where it
knows better, and with what no case of the file shows (identity, lane, settings)."""

import json
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from lippi_e2e import event_generator, rfc3339, strict_json
from lippi_e2e.event_rules import Record, Settings, Verdict, judge

_EVENT = {
    "message_id": "m",
    "sid": "s",
    "session_source": "XSpace",
    "bu_id": "100",
    "content": "hello",
    "content_type": 1,
}
_STRUCTURED = ("content-type", b"application/cloudevents+json")


def _plain(node: strict_json.Node) -> object:
    match node.kind:
        case strict_json.OBJECT:
            return {member.name: _plain(member.value) for member in node.content}
        case strict_json.ARRAY:
            return [_plain(item) for item in node.content]
        case strict_json.NUMBER:
            return ("number", node.content)
        case strict_json.STRING:
            return node.content
        case kind:
            return {"true": True, "false": False, "null": None}[kind]


def _by_library(value: bytes) -> object:
    def number(text: str) -> tuple[str, str]:
        return ("number", text)

    def refuse(text: str) -> None:
        raise ValueError(text)

    text = value.decode()
    if text.startswith("\ufeff"):
        raise ValueError("byte order mark")
    return json.loads(text, parse_int=number, parse_float=number, parse_constant=refuse)


def test_tokenizer_and_library_agree() -> None:
    seed, refused = 1, 0
    for made in event_generator.records(seed, 2_000):
        value = event_generator.value_of(made) or b""
        try:
            wanted = _by_library(value)
        except ValueError:
            refused += 1
            with pytest.raises(strict_json.NotReadable):
                strict_json.parse(value, 100)
            continue
        assert _plain(strict_json.parse(value, 100)) == wanted, (seed, made)
    assert 50 < refused < 1_500


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"\xed\xa0\x80", "not_utf8"),
        (b'"\xf5"', "not_utf8"),
        (b"[[[", "not_json"),
        (b"[[[[", "too_deep"),
        (b"[[[[]]]]", "too_deep"),
        (b"[x,[[[[", "not_json"),
        (b'{"a":[[[[x', "too_deep"),
        (b"\x0c1", "not_json"),
        (b'"\x7f\x1f"', "not_json"),
    ],
)
def test_first_fault(text: bytes, code: str) -> None:
    with pytest.raises(strict_json.NotReadable) as caught:
        strict_json.parse(text, 3)
    assert caught.value.code == code


def test_times_and_library_agree() -> None:
    chance = Random(7)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    for _ in range(3_000):
        text = (
            f"{chance.randint(1, 9999):04}-{chance.randint(0, 13):02}-{chance.randint(0, 32):02}T"
            f"{chance.randint(0, 24):02}:{chance.randint(0, 60):02}:{chance.randint(0, 59):02}"
            f".{chance.randint(0, 999_999):06}{chance.choice('+-')}{chance.randint(0, 23):02}:"
            f"{chance.randint(0, 59):02}"
        )
        try:
            wanted = (datetime.fromisoformat(text) - epoch) // timedelta(milliseconds=1)
        except ValueError:
            wanted = None
        except OverflowError:
            continue
        assert rfc3339.milliseconds(text) == wanted, text


def test_year_zero_and_leap_second() -> None:
    day = 86_400_000
    year_one = rfc3339.milliseconds("0001-01-01T00:00:00Z")
    assert rfc3339.milliseconds("0000-12-31T00:00:00Z") == year_one - day
    assert rfc3339.milliseconds("0000-01-01T00:00:00Z") == year_one - 366 * day
    assert rfc3339.milliseconds("0000-02-29T00:00:00Z") == year_one - 307 * day
    assert rfc3339.milliseconds("2016-12-31T23:59:60.5Z") == 1_483_228_800_500
    assert rfc3339.milliseconds("2016-12-31T23:58:60Z") is None


def _judged(event: object, *headers: tuple[str, bytes], **others: object) -> Verdict:
    return judge(Record(b"key", list(headers), json.dumps(event).encode(), "t/1/2"), **others)


def test_identity() -> None:
    named = _EVENT | {"event_id": "own"}
    redriven = ("lippi-redrive-of", b"t/0/9")
    assert _judged(_EVENT).event_id == "t/1/2"
    assert _judged(_EVENT, redriven).event_id == "t/0/9"
    assert _judged(named, redriven).event_id == "own"
    assert _judged(named, ("ce_id", b"header"), redriven).event_id == "header"
    assert _judged(named, ("ce_id", b" ")).event_id == "own"
    assert _judged(_EVENT | {"event_id": [1]}).event_id == "t/1/2"
    assert _judged({"id": "attribute", "data": named}, _STRUCTURED).event_id == "attribute"
    assert _judged({"id": 5, "data": named}, _STRUCTURED, ("ce_id", b"header")).event_id == "own"
    assert judge(Record(b"key", [("ce_id", b"header")], b"no json")).event_id == "header"


def test_lane() -> None:
    assert _judged(_EVENT).lane == b"s"
    assert _judged(_EVENT | {"content": ""}).lane == b"s"
    assert _judged(_EVENT | {"sid": 5}).lane == b"5"
    assert _judged(_EVENT | {"sid": " "}).lane == b"key"
    assert judge(Record(None, [], b"no json")).lane is None


def test_expiry() -> None:
    assert _judged(_EVENT).expires_at is None
    assert _judged(_EVENT, ("ce_expirytime", b"1970-01-01T00:00:01Z")).expires_at == 1_000
    structured = {"expirytime": "1970-01-01T00:00:02Z", "data": _EVENT}
    assert _judged(structured, _STRUCTURED).expires_at == 2_000
    assert _judged(structured, _STRUCTURED, ("ce_expirytime", b"1970-01-01T00:00:01Z")).expires_at == 2_000


def test_configured_caller() -> None:
    settings = Settings(caller={"corp_id": "ours", "token_grant_type": 1, "suite_key": "k", "isv_org_id": 3})
    verdict = _judged(_EVENT | {"caller": {"corp_id": "theirs"}}, settings=settings)
    assert verdict.request["ly_ding_open_para_dto"] == {**settings.caller, "corp_id": "theirs"}
    assert verdict.warnings == []
    verdict = _judged(_EVENT | {"caller": {"token_grant_type": 0}}, settings=settings)
    assert verdict.request["ly_ding_open_para_dto"] == {"corp_id": "ours", "token_grant_type": 0}
    assert verdict.warnings == ["isv_members_dropped"]


def test_limits_pass_when_met_exactly() -> None:
    size = len(json.dumps(_EVENT))
    assert not _judged(_EVENT, settings=Settings(max_value_bytes=size)).problems
    assert [
        found.code for found in _judged(_EVENT, settings=Settings(max_value_bytes=size - 1)).problems
    ] == ["too_large"]
    assert not _judged(_EVENT | {"content": "é"}, settings=Settings(max_content_bytes=2)).problems
    assert _judged(_EVENT | {"content": "é"}, settings=Settings(max_content_bytes=1)).problems


def test_same_seed_same_records() -> None:
    assert list(event_generator.records(5, 50)) == list(event_generator.records(5, 50))
    assert list(event_generator.records(5, 10, start=40)) == list(event_generator.records(5, 50))[40:]
    assert list(event_generator.records(5, 50)) != list(event_generator.records(6, 50))


def test_generated_records_are_of_every_kind() -> None:
    lines = [event_generator.judged(made) for made in event_generator.records(3, 2_500)]
    valid = sum("request" in line for line in lines)
    assert 0.2 < valid / len(lines) < 0.6
    codes = {problem["code"] for line in lines for problem in line.get("problems", ())}
    assert len(codes) == 14
