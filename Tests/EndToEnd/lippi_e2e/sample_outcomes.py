"""Outcomes of every kind, written down by hand."""

import copy

from .outcome_form import ERRORS

_T0 = 1_577_096_532_390

DELIVERED: dict = {
    "schema": "lippi-outcome/v1",
    "outcome": "delivered",
    "success": True,
    "event_id": "chat-events/3/1234",
    "message_id": "768572312",
    "sid": "testSessionId",
    "content_type": 1,
    "bu_id": "100",
    "session_source": "XSpace",
    "open_instance_id": "shop001",
    "corp_id": "dingxxx",
    "source": {"topic": "chat-events", "partition": 3, "offset": 1234, "timestamp": _T0},
    "gateway": {
        "app_key": "12345678",
        "http_status": 200,
        "code": None,
        "message": None,
        "sub_code": None,
        "sub_message": None,
        "result_code": "200",
        "result_message": "ok",
        "data": "11496248",
        "request_id": "qm2xsck5fkzi",
    },
    "error": None,
    "warnings": [],
    "attempts": 1,
    "possible_duplicate": False,
    "attempt_log": [],
    "received_at": _T0 + 10,
    "first_sent_at": _T0 + 11,
    "finished_at": _T0 + 70,
    "queue_ms": 1,
    "gateway_ms": 58,
    "total_ms": 70,
    "waited_ms": {"lane": 0, "retry": 0, "breaker": 0, "halt": 0, "ban": 0},
    "redrive": None,
    "bridge": {"instance": "worker-0", "version": "0.1.0", "rules": "1"},
}


def delivered(**changes: object) -> dict:
    """A `delivered` of its own, with other members where named."""
    return copy.deepcopy(DELIVERED) | changes


def sample_outcomes() -> list[dict]:
    """`delivered`, and one for each error code."""
    return [DELIVERED, *(_with_error(error_class, code) for error_class, code in ERRORS)]


def _with_error(error_class: str, code: str) -> dict:
    kind, retryable, next_step = ERRORS[error_class, code]
    problems = [{"pointer": "/content", "code": "empty"}] if kind == "invalid" else []
    outcome = DELIVERED | {
        "outcome": kind,
        "success": False,
        "error": {
            "class": error_class,
            "code": code,
            "message": "a sentence",
            "retryable": retryable,
            "next": next_step,
            "problems": problems,
            "problems_total": len(problems),
        },
    }
    if kind in ("invalid", "expired"):
        never_sent = dict.fromkeys(("gateway", "first_sent_at", "queue_ms", "gateway_ms"))
        outcome |= {**never_sent, "attempts": 0}
    if code == "retries_exhausted":
        entry = {
            "at": _T0 + 11,
            "ms": 3,
            "effect": "none",
            "http_status": 200,
            "code": 15,
            "sub_code": "isp.x",
        }
        inherited = dict.fromkeys(entry) | {"effect": "unknown"}
        outcome |= {"attempts": 6, "attempt_log": [inherited, *[entry] * 4]}
    return outcome
