"""The form of one outcome: every member there, of its type, and in agreement with the others.

Judged by hand and by the published schema: what a schema cannot say is only here, and what both say keeps the
schema honest.
"""

from collections.abc import Iterator

from . import schemas
from .reader import Outcome

KINDS = ("delivered", "rejected", "invalid", "expired", "failed", "in_doubt")
NOT_DELIVERED = ("rejected", "invalid", "expired", "failed")
PROBLEM_CODES = frozenset(
    "not_utf8 not_json duplicate_member too_deep too_large empty null_value wrong_type missing blank "
    "not_allowed out_of_range bad_time unsupported_encoding mapping".split()
)
_PROBLEM_LIMIT = 32
_ATTEMPT_LOG_LIMIT = 5
OUTCOME_BYTES_LIMIT = 16 * 1024

# (class, code) → (outcome, retryable, next)
ERRORS = {
    ("validation", "invalid_event"): ("invalid", False, "fix_event"),
    ("refused", "refused_by_gateway"): ("rejected", False, "fix_event"),
    ("refused", "refused_by_backend"): ("rejected", False, "fix_event"),
    ("refused", "caller_refused"): ("rejected", False, "fix_event"),
    ("refused", "request_too_large"): ("rejected", False, "fix_event"),
    ("temporary", "retries_exhausted"): ("failed", True, "redrive"),
    ("expired", "too_old"): ("expired", False, "none"),
    ("expired", "deadline_passed"): ("expired", False, "none"),
    ("ambiguous", "no_answer"): ("in_doubt", False, "ask_gateway"),
    ("ambiguous", "restarted_after_send"): ("in_doubt", False, "ask_gateway"),
    ("unknown", "unknown_answer"): ("in_doubt", False, "ask_gateway"),
}

_TEXT, _INTEGER, _FLAG, _LIST, _OBJECT = "text", "integer", "flag", "list", "object"

# A "?" behind the type: null is allowed.
_MEMBERS = {
    "schema": _TEXT,
    "outcome": _TEXT,
    "success": _FLAG,
    "event_id": _TEXT,
    "message_id": "text?",
    "sid": "text?",
    "content_type": "integer?",
    "bu_id": "text?",
    "session_source": "text?",
    "open_instance_id": "text?",
    "corp_id": "text?",
    "source": _OBJECT,
    "gateway": "object?",
    "error": "object?",
    "warnings": _LIST,
    "attempts": _INTEGER,
    "possible_duplicate": _FLAG,
    "attempt_log": _LIST,
    "received_at": _INTEGER,
    "first_sent_at": "integer?",
    "finished_at": _INTEGER,
    "queue_ms": "integer?",
    "gateway_ms": "integer?",
    "total_ms": "integer?",
    "waited_ms": _OBJECT,
    "redrive": "object?",
    "bridge": _OBJECT,
}
_SOURCE = {"topic": _TEXT, "partition": _INTEGER, "offset": _INTEGER, "timestamp": "integer?"}
_GATEWAY = {
    "app_key": "text?",
    "http_status": "integer?",
    "code": "integer?",
    "message": "text?",
    "sub_code": "text?",
    "sub_message": "text?",
    "result_code": "text?",
    "result_message": "text?",
    "data": "text?",
    "request_id": "text?",
}
_ERROR = {
    "class": _TEXT,
    "code": _TEXT,
    "message": _TEXT,
    "retryable": _FLAG,
    "next": _TEXT,
    "problems": _LIST,
    "problems_total": _INTEGER,
}
_WAITED = dict.fromkeys(("lane", "retry", "breaker", "halt", "ban"), _INTEGER)
_BRIDGE = dict.fromkeys(("instance", "version", "rules"), _TEXT)
_ATTEMPT = {
    "at": "integer?",
    "ms": "integer?",
    "effect": "text?",
    "http_status": "integer?",
    "code": "integer?",
    "sub_code": "text?",
}
_PROBLEM = {"pointer": _TEXT, "code": _TEXT}


def faults_of(outcome: Outcome, group: str | None = None) -> Iterator[str]:
    """Says, one sentence each, what is wrong with the form of an outcome."""
    document = outcome.document
    if document is None:
        yield "the value is no JSON object"
        return
    if len(outcome.value) > OUTCOME_BYTES_LIMIT:
        yield f"the value has {len(outcome.value)} bytes, more than {OUTCOME_BYTES_LIMIT}"
    typed = list(_type_faults(document))
    yield from typed
    refused = schemas.fault("outcome", document)
    if refused is not None:
        yield refused
    if not typed:
        yield from _contradictions(document)
        yield from _header_faults(outcome, document, group)


def _type_faults(document: dict) -> Iterator[str]:
    yield from _members(document, _MEMBERS, "")
    for name, members in (
        ("source", _SOURCE),
        ("gateway", _GATEWAY),
        ("error", _ERROR),
        ("waited_ms", _WAITED),
        ("bridge", _BRIDGE),
    ):
        if isinstance(document.get(name), dict):
            yield from _members(document[name], members, name)
    for index, attempt in enumerate(_list_in(document, "attempt_log")):
        yield from _members(attempt, _ATTEMPT, f"attempt_log[{index}]")
    error = document.get("error")
    for index, problem in enumerate(_list_in(error, "problems")):
        yield from _members(problem, _PROBLEM, f"error.problems[{index}]")


def _list_in(document: object, name: str) -> list:
    found = document.get(name) if isinstance(document, dict) else None
    return found if isinstance(found, list) else []


def _members(document: object, members: dict[str, str], place: str) -> Iterator[str]:
    if not isinstance(document, dict):
        yield f"{place} is no object"
        return
    for name, kind in members.items():
        path = f"{place}.{name}" if place else name
        if name not in document:
            yield f"{path} is absent"
        elif not _is(document[name], kind):
            yield f"{path} is {document[name]!r}, not {kind}"


def _is(value: object, kind: str) -> bool:
    if value is None:
        return kind.endswith("?")
    match kind.rstrip("?"):
        case "text":
            return isinstance(value, str)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "flag":
            return isinstance(value, bool)
        case "list":
            return isinstance(value, list)
        case _:
            return isinstance(value, dict)


def _contradictions(document: dict) -> Iterator[str]:
    kind = document["outcome"]
    if document["schema"] != "lippi-outcome/v1":
        yield f"schema is {document['schema']!r}"
    if kind not in KINDS:
        yield f"outcome is {kind!r}"
        return
    if document["success"] != (kind == "delivered"):
        yield f"success is {document['success']} although the outcome is {kind}"
    yield from _error_faults(kind, document["error"])
    yield from _attempt_faults(kind, document)
    yield from _time_faults(document)


def _error_faults(kind: str, error: dict | None) -> Iterator[str]:
    if kind == "delivered":
        if error is not None:
            yield "delivered, and an error"
        return
    if error is None:
        yield f"{kind} without an error"
        return
    known = ERRORS.get((error["class"], error["code"]))
    if known is None:
        yield f"error class and code {error['class']}/{error['code']} are not in the closed list"
    elif known != (kind, error["retryable"], error["next"]):
        yield f"{kind} with {error['class']}/{error['code']}/{error['retryable']}/{error['next']}"
    problems = error["problems"]
    if len(problems) != min(error["problems_total"], _PROBLEM_LIMIT):
        yield f"{len(problems)} problems listed of {error['problems_total']}"
    if (kind == "invalid") != bool(problems):
        yield f"{kind} with {len(problems)} problems"
    for problem in problems:
        if problem["code"] not in PROBLEM_CODES:
            yield f"problem code {problem['code']!r} is not in the closed list"
    pointers = [problem["pointer"] for problem in problems]
    if len(set(pointers)) != len(pointers):
        yield f"two problems at one pointer: {pointers}"


def _attempt_faults(kind: str, document: dict) -> Iterator[str]:
    attempts, log = document["attempts"], document["attempt_log"]
    expected = min(attempts, _ATTEMPT_LOG_LIMIT) if attempts > 1 else 0
    if len(log) != expected:
        yield f"{attempts} attempts and {len(log)} entries in attempt_log"
    if kind == "delivered" and attempts < 1:
        yield "delivered after no attempt"
    if kind == "delivered" and document["gateway"] is None:
        yield "delivered, and gateway is null"
    if kind == "invalid" and (document["first_sent_at"] is not None or document["possible_duplicate"]):
        yield "invalid, and yet sent"
    for entry in log:
        if entry["effect"] not in ("none", "done", "unknown"):
            yield f"effect {entry['effect']!r} in attempt_log"


def _time_faults(document: dict) -> Iterator[str]:
    first_sent, received, finished = (
        document["first_sent_at"],
        document["received_at"],
        document["finished_at"],
    )
    if first_sent is None:
        for name in ("queue_ms", "gateway_ms"):
            if document[name] is not None:
                yield f"{name} is {document[name]}, and nothing was sent"
    else:
        if not received <= first_sent <= finished:
            yield f"received {received}, first sent {first_sent}, finished {finished}"
        if document["queue_ms"] != first_sent - received:
            yield f"queue_ms is {document['queue_ms']}, not {first_sent - received}"
        if document["gateway_ms"] is None or document["gateway_ms"] < 0:
            yield f"gateway_ms is {document['gateway_ms']}"
    timestamp = document["source"]["timestamp"]
    total = None if timestamp is None else max(0, finished - timestamp)
    if document["total_ms"] != total:
        yield f"total_ms is {document['total_ms']}, not {total}"
    for name, waited in document["waited_ms"].items():
        if isinstance(waited, int) and waited < 0:
            yield f"waited_ms.{name} is {waited}"


def _header_faults(outcome: Outcome, document: dict, group: str | None) -> Iterator[str]:
    source, error = document["source"], document["error"]
    place = f"{source['topic']}/{source['partition']}/{source['offset']}"
    expected = {
        "outcome": document["outcome"],
        "error_class": error["class"] if error else None,
        "event_id": document["event_id"],
        "source_topic": source["topic"],
        "source_partition": str(source["partition"]),
        "source_offset": str(source["offset"]),
        "content-type": "application/json",
        "ce_specversion": "1.0",
        "ce_id": place,
        "ce_type": f"com.lippi-bridge.message.{document['outcome']}.v1",
        "ce_subject": document["message_id"],
    }
    if group is not None:
        expected["ce_source"] = f"/lippi-bridge/{group}"
    for name, text in expected.items():
        found = outcome.headers.get(name)
        if text is None:
            if found:
                yield f"header {name} is {found!r}, and there is nothing to say"
        elif found != text.encode():
            yield f"header {name} is {found!r}, not {text!r}"
    for name in ("bridge_batch", "ce_time", "ce_source"):
        if not outcome.headers.get(name):
            yield f"header {name} is absent"
