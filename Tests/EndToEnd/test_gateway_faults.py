"""A gateway that refuses, breaks, hangs up or does not answer; what stops the line is in test_line_stops."""

from collections.abc import Callable

import pytest

from lippi_e2e.checker import Expectations
from lippi_e2e.events import EventGenerator
from lippi_e2e.line import Line

pytestmark = pytest.mark.kafka

_QUICK = {"retry.base": "20ms", "retry.cap": "200ms", "retry.attempts": 20}


def _loaded(make_line: Callable[..., Line], count: int = 1_000, **settings: object) -> Line:
    line = make_line(partitions=3, latency_ms=2, settings={**_QUICK, **settings})
    line.load(EventGenerator(seed=41, conversations=100).events(count))
    return line


def _done(line: Line) -> None:
    line.worker.start()
    line.wait_until_done()


def _documents(line: Line) -> list[dict]:
    return [outcome.document for outcome in line.reader.outcomes]


def test_backend_not_reached_now_and_then(make_line: Callable[..., Line]) -> None:
    """The gateway says that the message went nowhere: repeated, and nothing to flag."""
    line = _loaded(make_line)
    line.simulator.fault(
        "answer", code=15, sub_code="isp.top-remote-connection-error", rate=0.1, delivered=False
    )
    _done(line)
    line.check(Expectations(no_flags=True, all_delivered=True))
    assert any(document["attempts"] > 1 for document in _documents(line))


def test_vague_errors_now_and_then(make_line: Callable[..., Line]) -> None:
    """The message may have arrived: repeated, and flagged where a second one may have, too."""
    line = _loaded(make_line)
    line.simulator.fault(
        "answer", code=15, sub_code="isp.remote-service-timeout", rate=0.05, delivered=True, count=60
    )
    _done(line)
    report = line.check(Expectations(all_delivered=True))
    assert report.counts["messages executed more than once"] > 0
    assert report.counts["outcomes flagged"] > 0


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"code": 50, "sub_code": "isv.invalid-parameter"}, "refused_by_gateway"),
        ({"code": 41}, "refused_by_gateway"),
        ({"result_code": "400001"}, "refused_by_backend"),
    ],
    ids=["sub_code", "code", "result"],
)
def test_one_conversation_is_refused(make_line: Callable[..., Line], fault: dict, code: str) -> None:
    line = _loaded(make_line, 300)
    refused = line.inputs[0].event.sid
    line.simulator.fault("answer", sid=refused, delivered=False, **fault)
    _done(line)
    line.check(Expectations(no_flags=True, one_request_each=True))
    for document in _documents(line):
        if document["sid"] == refused:
            assert (document["outcome"], document["error"]["code"]) == ("rejected", code)
        else:
            assert document["outcome"] == "delivered"


@pytest.mark.parametrize("when", ["before_read", "after_read", "mid_answer"])
@pytest.mark.parametrize("kind", ["close", "reset"])
def test_connections_break(make_line: Callable[..., Line], kind: str, when: str) -> None:
    line = _loaded(make_line, 500)
    line.simulator.fault(kind, when=when, rate=0.05, count=20, delivered=True)
    _done(line)
    report = line.check(Expectations(all_delivered=True))
    if when == "after_read":
        assert report.counts["outcomes flagged"] > 0


def test_pages_of_html(make_line: Callable[..., Line]) -> None:
    line = _loaded(make_line, 500)
    line.simulator.fault("html", rate=0.05, count=20, delivered=False)
    _done(line)
    line.check(Expectations(all_delivered=True))


def test_an_answer_that_never_comes(make_line: Callable[..., Line]) -> None:
    line = _loaded(make_line, 200, **{"gateway.request_timeout": "1s", "gateway.connect_timeout": "1s"})
    line.simulator.fault("stall", count=3, delivered=True)
    _done(line)
    report = line.check(Expectations(all_delivered=True))
    assert report.counts["outcomes flagged"] > 0
