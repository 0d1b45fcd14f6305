"""Signatures: the published vectors, and what the bridge signs, judged by two signers that are not its own.

One is written here from the rules (`gateway_client.signature`), the other comes with the platform's SDK for
Python, which knows md5 alone.
"""

import json
import os
import random
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import taobao_open.api.base as top_sdk

from lippi_e2e.capture_gateway import DELIVERED, Captured, CaptureGateway
from lippi_e2e.events import ChatEvent
from lippi_e2e.gateway_client import APP_KEY, APP_SECRET, METHOD, call, signature
from lippi_e2e.line import Line
from lippi_e2e.simulator import Simulator

_SIGN_METHODS = ["md5", "hmac", "hmac-sha256"]
# For each method.
_EVENTS = int(os.environ.get("LIPPI_E2E_SIGNATURE_EVENTS", "3400"))
_SEED = int(os.environ.get("LIPPI_E2E_SEED", "20"))
_NAMES = {
    *("method", "app_key", "timestamp", "v", "sign_method", "format"),
    *("ly_ding_open_para_dto", "ly_open_message_dto", "sign"),
}
_CLOCK_SECONDS = 5


_SELLER = {
    "app_key": "12345678",
    "fields": "num_iid,title,nick,price,num",
    "format": "json",
    "method": "taobao.item.seller.get",
    "num_iid": "11223344",
    "session": "test",
    "timestamp": "2016-01-01 12:00:00",
    "v": "2.0",
}
_CALLER = '{"corp_id":"dingxxx","isv_org_id":0,"org_id":123,"suite_key":"xxx","token_grant_type":0}'
_MESSAGE = (
    '{"bu_id":"100","cms_id":"testCmsId","content":"hello","content_type":1,"ding_corp_id":"dingxxx",'
    '"message_create_at":1577096532390,"message_id":"768572312","open_instance_id":"shop001",'
    '"production_type":1,"sender_id":"8003","sender_type":"4","session_source":"XSpace","sid":"testSessionId"}'
)
_SEND = {
    "app_key": "12345678",
    "format": "json",
    "method": METHOD,
    "timestamp": "2016-01-01 12:00:00",
    "v": "2.0",
    "ly_ding_open_para_dto": _CALLER,
    "ly_open_message_dto": _MESSAGE,
}
_SPECIAL = _MESSAGE.replace('"content":"hello"', '"content":"你好 😀 a+b&c=d/e\\"\\n"')

VECTORS = [
    (_SELLER, "md5", "66987CB115214E59E6EC978214934FB8"),
    (_SELLER, "hmac", "D56D7858309C31B6251083A874D48273"),
    (_SELLER, "hmac-sha256", "04DB15AD0774D5CFCE2C837DE43E3FCEA9011ED74F3038FB6AB5F3C4CEA119E8"),
    (_SEND, "md5", "BF151F7A8D7F34A575E4DC3ADCE6AE9D"),
    (_SEND, "hmac", "EDEEC8EDDC1B5B6A69B0C643692ADA09"),
    (_SEND, "hmac-sha256", "393943670E46A81E0420057961C1B665D947C47F53648018536CF5D98DE109B9"),
    (_SEND | {"ly_ding_open_para_dto": "{}"}, "md5", "E7EB2F8A8E77126227039666CB8AE6BD"),
    (_SEND | {"ly_ding_open_para_dto": "{}"}, "hmac", "02272E830E28B084AD7A6D381C7D71FD"),
    (
        _SEND | {"ly_ding_open_para_dto": "{}"},
        "hmac-sha256",
        "A83028AFE8252C92CEBF2BE5842B022D01488EAB9D64D1438189544D23108AB3",
    ),
    (_SEND | {"ly_open_message_dto": _SPECIAL}, "md5", "DDEA35F8BC1C1366831012B535E01FF8"),
    (_SEND | {"ly_open_message_dto": _SPECIAL}, "hmac", "A1BB7A9D0976E520CE2B51833485E6FF"),
    (
        _SEND | {"ly_open_message_dto": _SPECIAL},
        "hmac-sha256",
        "E882CD6C718C7DCB20F27267AAA4A72A288309E147FB142346E3270DEA9A0BD9",
    ),
]


@pytest.mark.parametrize(("chosen", "sign_method", "expected"), VECTORS)
def test_signature_of_this_client(chosen: dict, sign_method: str, expected: str) -> None:
    signed = chosen | {"sign_method": sign_method}
    assert signature(signed, APP_SECRET, sign_method) == expected
    if sign_method == "md5":
        assert top_sdk.sign(APP_SECRET, signed) == expected


@pytest.mark.parametrize(
    ("chosen", "sign_method", "expected"), [vector for vector in VECTORS if vector[0] is not _SELLER]
)
def test_signature_of_the_simulator(
    simulator: Simulator, chosen: dict, sign_method: str, expected: str
) -> None:
    """The signature is judged before the clock: a right one of 2016 is told that it is late, a wrong one that
    it is wrong."""
    signed = chosen | {"sign_method": sign_method, "sign": expected}
    assert call(simulator.url, signed).error["code"] == 31
    wrong = expected[:-1] + ("0" if expected[-1] != "0" else "1")
    assert call(simulator.url, signed | {"sign": wrong}).error["code"] == 25


def _text(chance: random.Random, limit: int) -> str:
    """Not blank, from all of Unicode: half of it from where the traps are."""
    characters = []
    for _ in range(chance.randint(1, limit)):
        kind = chance.randrange(6)
        if kind == 0:
            characters.append(chance.choice("&=+%/\\\"' \t\n\r;?#~*-_.\0\x7f"))
        elif kind == 1:
            characters.append(chr(chance.randrange(0x80)))
        elif kind == 2:
            # Around the borders of UTF-8's lengths, joiners, marks of direction, the last ones of all.
            characters.append(
                chance.choice("\x7f\x80\u07ff\u0800\ud7ff\ue000\ufeff\ufffd\ufffe\uffff\u200d\u202e\u0301")
            )
        elif kind == 3:
            characters.append(chance.choice("\U00010000\U0001f469\U0010fffd\U0010fffe\U0010ffff"))
        else:
            point = chance.randrange(0x10FFFF - 0x800)
            characters.append(chr(point if point < 0xD800 else point + 0x800))
    return "".join(characters) + chance.choice("x!你😀")


def _events(chance: random.Random, count: int) -> tuple[list[ChatEvent], dict[str, tuple[dict, dict]]]:
    """Events, and for each message_id the two objects that the gateway must be sent."""
    events, expected = [], {}
    for number in range(count):
        message = {
            "message_id": f"{_text(chance, 12)}#{number}",
            "sid": f"{_text(chance, 12)}#{number % 500}",
            "session_source": _text(chance, 12),
            "content": _text(chance, 60),
            "bu_id": _text(chance, 12),
            **{
                name: _text(chance, 12)
                for name in ("cms_id", "ding_corp_id", "sender_id", "open_instance_id")
                if chance.random() < 0.8
            },
        }
        caller = {"corp_id": _text(chance, 12), "token_grant_type": 1, "suite_key": _text(chance, 12)}
        members = message | {"content_type": "text", "sender_type": "member", "caller": caller}
        text = json.dumps(members, ensure_ascii=chance.random() < 0.5)
        events.append(
            ChatEvent(
                message_id=message["message_id"],
                sid=message["sid"],
                key=message["sid"].encode(),
                value=text.encode(),
                content=message["content"],
                private=(),
            )
        )
        expected[message["message_id"]] = (caller, message | {"content_type": 1, "sender_type": "1"})
    return events, expected


def _checked(request: Captured, sign_method: str) -> dict[str, str]:
    """The parameters of a request that is in order."""
    assert request.start_line == "POST /router/rest HTTP/1.1"
    fields = dict(request.fields)
    assert len(fields) == len(request.fields), "no field twice"
    assert fields["content-type"].lower() == "application/x-www-form-urlencoded;charset=utf-8"
    assert "transfer-encoding" not in fields
    assert "accept-encoding" not in fields
    pairs = request.pairs
    names = [name for name, _ in pairs]
    assert len(set(names)) == len(names), "no name twice"
    assert names[-1] == "sign", "a torso must not verify"
    assert set(names) == _NAMES
    assert all(value.strip() for _, value in pairs), "nothing empty"
    chosen = dict(pairs)
    assert (chosen["method"], chosen["app_key"], chosen["v"]) == (METHOD, APP_KEY, "2.0")
    assert (chosen["sign_method"], chosen["format"]) == (sign_method, "json")
    assert chosen["sign"] == signature(chosen, APP_SECRET, sign_method)
    if sign_method == "md5":
        unsigned = {name: value for name, value in chosen.items() if name != "sign"}
        assert chosen["sign"] == top_sdk.sign(APP_SECRET, unsigned)
    assert abs(_seconds(chosen["timestamp"]) - request.seconds) < _CLOCK_SECONDS, "the timestamp is fresh"
    return chosen


def _seconds(timestamp: str) -> float:
    moment = datetime.strptime(timestamp, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    return (moment - timedelta(hours=8)).timestamp()


@pytest.mark.kafka
@pytest.mark.parametrize("sign_method", _SIGN_METHODS)
def test_what_the_bridge_signs(make_line: Callable[..., Line], sign_method: str) -> None:
    chance = random.Random(f"{_SEED} {sign_method}")
    events, expected = _events(chance, _EVENTS)
    with CaptureGateway() as gateway:
        line = make_line(settings={"gateway.url": gateway.url, "gateway.sign_method": sign_method})
        line.load(events)
        line.worker.start()
        line.wait_until_done()
        assert line.worker.stop() == 0
        requests = gateway.requests
    print(f"  seed {_SEED}: {len(requests)} requests, {sign_method}")
    kinds = [outcome.kind for outcome in line.reader.read()]
    assert kinds == ["delivered"] * _EVENTS, [
        o.document for o in line.reader.outcomes if o.kind != "delivered"
    ][:3]
    assert len(requests) == _EVENTS
    for request in requests:
        chosen = _checked(request, sign_method)
        caller, message = (
            json.loads(chosen[name]) for name in ("ly_ding_open_para_dto", "ly_open_message_dto")
        )
        assert (caller, message) == expected.pop(message["message_id"])
    assert not expected


@pytest.mark.kafka
@pytest.mark.parametrize("sign_method", _SIGN_METHODS)
def test_every_attempt_is_signed_anew(make_line: Callable[..., Line], sign_method: str) -> None:
    """The first two attempts of every message get no further than the gateway."""
    not_reached = {"error_response": {"code": 15, "sub_code": "isp.top-remote-connection-error"}}
    attempts: dict[str, list[tuple[Captured, dict[str, str]]]] = defaultdict(list)

    def answer(request: Captured) -> dict:
        chosen = dict(request.pairs)
        seen = attempts[json.loads(chosen["ly_open_message_dto"])["message_id"]]
        seen.append((request, chosen))
        return not_reached if len(seen) < 3 else DELIVERED

    events, _ = _events(random.Random(_SEED), 40)
    # Two thirds of all answers are failures by design: the breaker would wait for the gateway to mend.
    patient = {"breaker.failures_in_a_row": 100_000, "breaker.min_results": 100_000}
    retry = {"retry.base": "1s", "retry.cap": "2s", "retry.attempts": 6, **patient}
    with CaptureGateway(answer) as gateway:
        line = make_line(settings={"gateway.url": gateway.url, "gateway.sign_method": sign_method, **retry})
        line.load(events)
        line.worker.start()
        line.wait_until_done()
        assert line.worker.stop() == 0
    assert len(attempts) == len(events)
    renewed = 0
    for seen in attempts.values():
        assert len(seen) == 3
        for request, _ in seen:
            _checked(request, sign_method)
        for (_, earlier), (_, later) in zip(seen, seen[1:], strict=False):
            changed = {name for name in _NAMES if earlier[name] != later[name]}
            # Within one second of the gateway's clock nothing differs.
            assert changed in ({"timestamp", "sign"}, set())
            renewed += bool(changed)
    assert renewed > len(events) // 2
