"""Every kind of answer that is known of the gateway, and what the bridge makes of it.

The table is written from the API's documentation, not from the bridge's own rules.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from lippi_e2e.checker import Expectations
from lippi_e2e.events import ChatEvent, EventGenerator
from lippi_e2e.gateway_client import RESPONSE
from lippi_e2e.line import Line
from lippi_e2e.waiting import until

pytestmark = pytest.mark.kafka

_ATTEMPT_LIMIT = 3
# More than an event may use up.
_BAN_COUNT = _ATTEMPT_LIMIT + 1
_QUICK = {"retry.base": "20ms", "retry.cap": "200ms", "retry.attempts": _ATTEMPT_LIMIT}
_HALT_LINES = 8
_NAME_LIMIT = 90
_PROBE_SECONDS_AT_LEAST = 4


@dataclass(frozen=True)
class Row:
    """One kind of answer."""

    fault: dict
    ruling: str
    effect: str
    error: str | None = None
    """The outcome's error code, where the answer ends the event."""
    count: int | None = None
    """How often the answer comes; None: as often as the class makes interesting."""

    @property
    def name(self) -> str:
        parts = {name: value for name, value in self.fault.items() if name not in ("kind", "delivered")}
        said = " ".join(f"{name}={value}" for name, value in parts.items()).replace(RESPONSE, "…")
        return f"{self.fault['kind']} {said}"[:_NAME_LIMIT].strip()

    @property
    def hits(self) -> int:
        if self.count is not None:
            return self.count
        return {"flow_control": 1, "backend_not_reached": 2, "temporary": 2}.get(self.ruling, 1)

    @property
    def ends(self) -> bool:
        """The answer is the last one that the event gets."""
        if self.ruling in ("backend_not_reached", "temporary"):
            return self.hits >= _ATTEMPT_LIMIT
        return self.ruling != "flow_control"

    @property
    def expected(self) -> tuple:
        """Outcome, error code, attempts, flag, effects of the attempts as far as the outcome lists them."""
        if self.ruling == "delivered":
            return ("delivered", None, 1, False, [])
        attempts = self.hits if self.ends else self.hits + 1
        effects = [self.effect] * self.hits + ([] if self.ends else ["done"])
        possible = sum(effect != "none" for effect in effects)
        if not self.ends:
            kind = "delivered"
        elif self.effect == "unknown":
            kind = "in_doubt"
        else:
            kind = "rejected" if self.ruling == "refused" else "failed"
        return (kind, self.error, attempts, possible > 1, effects if attempts > 1 else [])


def _answer(code: int | None = None, sub_code: str | None = None, **more: object) -> dict:
    chosen = {"code": code, "sub_code": sub_code, **more}
    return {"kind": "answer", **{name: value for name, value in chosen.items() if value is not None}}


def _text(document: object, **more: object) -> dict:
    body = document if isinstance(document, str) else json.dumps(document)
    return {"kind": "text", "body": body, **more}


def _refused(error: str, *faults: dict) -> list[Row]:
    return [Row(fault, "refused", "none", error) for fault in faults]


_RESULT = {"code": "200", "msg": "ok", "data": "11496248"}
_TRUE, _FALSE = ({"success": text} | _RESULT for text in ("true", "false"))
_SUCCESS = {"success": True} | _RESULT
_REMOTE_SERVICE_ERRORS = (15, 50, 520, 530, 540, 670, 700)
_BAN = {"sub_msg": "This ban will last for 1 more seconds"}

_DELIVERED = [
    Row(fault | {"delivered": True}, "delivered", "done")
    for fault in [
        _text({RESPONSE: {"result": _SUCCESS, "request_id": "15r7xwmd5ng0d"}}),
        _text({RESPONSE: {"result": _SUCCESS}}, http=500),
        _text({RESPONSE: {"result": _TRUE}}),
        _text({"result": _SUCCESS, "request_id": "15r7xwmd5ng0d"}),
        {"kind": "gzip"},
        {"kind": "chunked"},
        {"kind": "drip"},
    ]
]
_FLOW_CONTROL = [
    *[Row(_answer(code, **_BAN), "flow_control", "none") for code in (4, 5, 6, 7, 8)],
    *[
        Row(_answer(code, f"accesscontrol.limited-by-{quota}-access-count", **_BAN), "flow_control", "none")
        for code in (7, 15)
        for quota in ("app", "api", "app-api")
    ],
    Row(_answer(7), "flow_control", "none"),
    Row(_answer(7, **_BAN), "flow_control", "none", count=_BAN_COUNT),
    Row({"kind": "html", "http": 429, "retry_after": 1}, "flow_control", "none"),
    Row({"kind": "html", "http": 429}, "flow_control", "none"),
]
_NOT_REACHED = [
    *[
        Row(_answer(code, "isp.top-remote-connection-error"), "backend_not_reached", "none")
        for code in (15, 50, 700)
    ],
    Row(
        _answer(15, "isp.top-remote-connection-error"),
        "backend_not_reached",
        "none",
        "retries_exhausted",
        count=_ATTEMPT_LIMIT,
    ),
]
_TEMPORARY = [
    *[Row(_answer(code), "temporary", "unknown") for code in (10, *_REMOTE_SERVICE_ERRORS)],
    *[
        Row(_answer(code, f"isp.{sub_code}"), "temporary", "unknown")
        for code, sub_code in [
            (15, "remote-service-error"),
            (15, "remote-service-timeout"),
            (50, "remote-connection-error"),
            (520, "top-remote-connection-timeout"),
            (530, "alibaba-lyservice-service-unavailable"),
            (700, "unknown-error"),
            (10, "anything-else"),
        ]
    ],
    Row(_answer(540, http=503), "temporary", "unknown"),
    *[Row({"kind": "html", "http": http}, "temporary", "unknown") for http in (200, 400, 500, 502, 503, 504)],
    Row(_text(""), "temporary", "unknown"),
    Row(_text('{"error_response":{"code":25'), "temporary", "unknown"),
    *[
        Row({"kind": kind, "when": when, "delivered": False}, "temporary", "unknown")
        for kind in ("close", "reset")
        for when in ("after_read", "mid_answer")
    ],
    Row(_answer(15), "temporary", "unknown", "no_answer", count=_ATTEMPT_LIMIT),
    Row({"kind": "html"}, "temporary", "unknown", "no_answer", count=_ATTEMPT_LIMIT),
    *[Row({"kind": "html", "http": http}, "temporary", "none") for http in (408, 425)],
    Row({"kind": "html", "http": 408}, "temporary", "none", "retries_exhausted", count=_ATTEMPT_LIMIT),
]
_NOT_TEMPORARY = [
    Row(_answer(15, f"isp.{sub_code}"), "not_temporary", "unknown", "unknown_answer")
    for sub_code in ("null-pointer-exception", "top-parse-error", "top-mapping-parse-error")
]
_REFUSED = [
    *_refused(
        "refused_by_gateway",
        *[_answer(code) for code in (40, 41, 43)],
        _answer(50, "isv.invalid-parameter", sub_msg="非法参数"),
        _answer(40, "isv.missing-parameter:sid"),
        _answer(41, "isv.invalid-parameter:bu_id"),
        _answer(50, "isv.anything-else"),
        _answer(50, "NO_SUCH_MEMBER"),
        _answer(41, http=400),
    ),
    *_refused(
        "refused_by_backend",
        _answer(result_code="400001"),
        _answer(result_code="400001", http=500),
        _answer(result_code="whatever"),
        _text({RESPONSE: {"result": _FALSE}}),
        _answer(15, "SYSTEM_ERROR"),
        _answer(15, "isv.member-not-found"),
    ),
    *_refused("request_too_large", *[{"kind": "html", "http": http} for http in (413, 414, 431)]),
]
_UNKNOWN = [
    *[Row(_answer(code), "unknown", "unknown", "unknown_answer") for code in (800, 99_999)],
    Row(_text({"error_response": {"msg": "?"}}), "unknown", "unknown", "unknown_answer"),
    Row(_text({RESPONSE: {"result": _RESULT}}), "unknown", "unknown", "unknown_answer"),
]
_ROWS = [
    *(*_DELIVERED, *_FLOW_CONTROL, *_NOT_REACHED, *_TEMPORARY),
    *(*_NOT_TEMPORARY, *_REFUSED, *_UNKNOWN),
]

_HALTING = [
    *[
        Row(fault, "configuration_fault", "none")
        for fault in [
            _answer(1, "isp.get-app-error"),
            *[_answer(code) for code in (2, 11, 12, 13, *range(21, 30), 32, 33, 34, 42, 44, 47)],
            _answer(11, "isv.permission-api-package-limit"),
            _answer(11, "isv.permission-ip-whitelist-limit"),
            _answer(29, "isv.appkey-not-exists"),
            *[{"kind": "html", "http": http} for http in (302, 401, 403, 404, 405, 407)],
        ]
    ],
    *[
        Row(fault, "clock_fault", "none")
        for fault in [_answer(30), _answer(31), _answer(31, "isv.timestamp-limit-error")]
    ],
    *[Row(_answer(code), "programming_fault", "none") for code in (3, 9, 20, 45, 46)],
]


def _print(rows: list[tuple[Row, dict, int]]) -> None:
    print()
    columns = "class", "effect", "outcome", "error", "attempts", "requests", "flag"
    table = [("answer", "times", *columns)]
    for row, document, requests in rows:
        error = document["error"]
        table.append(
            (
                row.name,
                str(row.hits),
                row.ruling,
                row.effect,
                document["outcome"],
                error["code"] if error else "",
                str(document["attempts"]),
                str(requests),
                "yes" if document["possible_duplicate"] else "",
            )
        )
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    for cells in table:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())


def _events(seed: int, count: int) -> list[ChatEvent]:
    """One conversation each."""
    generator = EventGenerator(seed=seed, conversations=1)
    return [generator.event(sid=f"conversation-{seed}-{number}") for number in range(count)]


def _post(line: Line, row: Row, message_id: str, **more: object) -> None:
    chosen = {"delivered": False, "message_id": message_id, **row.fault, **more}
    line.simulator.fault(chosen.pop("kind"), **chosen)


def _found(document: dict) -> tuple:
    error = document["error"]
    return (
        document["outcome"],
        error["code"] if error else None,
        document["attempts"],
        document["possible_duplicate"],
        [attempt["effect"] for attempt in document["attempt_log"]],
    )


def test_answers_that_concern_one_event(make_line: Callable[..., Line]) -> None:
    # Here half of all requests fail by design: it is each event that is looked at.
    patient = {"breaker.failures_in_a_row": 100_000, "breaker.min_results": 100_000}
    line = make_line(partitions=3, settings={**_QUICK, **patient, "gateway.concurrency": 2 * len(_ROWS)})
    events = _events(61, len(_ROWS))
    for row, event in zip(_ROWS, events, strict=True):
        _post(line, row, event.message_id, count=row.hits)
    loaded = line.load(events)
    line.worker.start()
    line.wait_until_done()
    assert line.worker.stop() == 0
    line.check()

    documents = {outcome.document["message_id"]: outcome.document for outcome in line.reader.outcomes}
    requests = [request["message_id"] for request in line.simulator.requests()]
    found = [
        (row, documents[item.event.message_id], requests.count(item.event.message_id))
        for row, item in zip(_ROWS, loaded, strict=True)
    ]
    _print(found)
    wrong = [
        f"{row.name}: {_found(document)}, {count} requests; expected {row.expected}"
        for row, document, count in found
        if _found(document) != row.expected or count != row.expected[2]
    ]
    assert not wrong, "\n".join(wrong)


def _dealt(rows: list[Row], hands: int) -> Iterator[list[Row]]:
    """Rounds of at most `hands` rows, one for each line. Rows of one code go to different lines, because none
    would log the same code again so soon."""
    ordered = sorted(rows, key=lambda row: (row.fault.get("code", 0), row.name))
    for start in range(0, len(ordered), hands):
        yield ordered[start : start + hands]


def test_answers_that_halt_the_line(make_line: Callable[..., Line]) -> None:
    """Nothing is failed while they last, and the line goes on by itself when they are over."""
    lines = [make_line(partitions=1, settings=_QUICK) for _ in range(_HALT_LINES)]
    for line in lines:
        line.worker.start()
    found = []
    for number, rows in enumerate(_dealt(_HALTING, _HALT_LINES)):
        round_ = list(zip(rows, lines, strict=False))
        for index, (row, line) in enumerate(round_):
            (item,) = _events(1000 + 100 * number + index, 1)
            _post(line, row, item.message_id)
            line.load([item])
        for row, line in round_:
            until(
                lambda line=line, number=number: len(line.worker.logged("halted")) > number,
                30,
                f"the line is halted by {row.name}",
                guard=line.worker.assert_running,
                explain=line.worker.log.tail,
            )
            assert line.worker.logged("halted")[-1]["ruling"] == row.ruling, row.name
            assert line.reader.count() == number, f"{row.name}: nothing is failed"
            line.simulator.clear_faults()
        for row, line in round_:
            line.wait_for_outcomes(number + 1, seconds=30)
            document = line.reader.outcomes[-1].document
            message_id = line.inputs[-1].event.message_id
            sent = [r for r in line.simulator.requests() if r["message_id"] == message_id]
            found.append((row, document, len(sent)))
            assert document["message_id"] == message_id
            effects = ["none"] * (len(sent) - 1) + ["done"]
            assert _found(document) == ("delivered", None, len(sent), False, effects), row.name
            # One before the halt, then probes; a slow machine may be late in ending the fault.
            arrivals = [request["arrived_us"] / 1_000_000 for request in sent]
            waits = [later - earlier for earlier, later in zip(arrivals, arrivals[1:], strict=False)]
            assert waits, row.name
            assert min(waits) > _PROBE_SECONDS_AT_LEAST, f"{row.name}: probes after {waits}"
            assert document["waited_ms"]["halt"] > 0, row.name
            assert len(line.worker.logged("resumed")) == number + 1, row.name
    for line in lines:
        assert line.worker.stop() == 0
        line.check(Expectations(no_flags=True, all_delivered=True))
    _print(found)
