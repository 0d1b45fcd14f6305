"""The checker against runs that it must accept, and against planted faults that it must find."""

import copy
import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from lippi_e2e.bad_events import bad_events, edge_events
from lippi_e2e.effects import Effect, effect_of
from lippi_e2e.events import EventGenerator, content_digest
from lippi_e2e.synthetic_run import PARTITIONS, T0, Run, faultless_run


@pytest.fixture
def run() -> Run:
    generator = EventGenerator(seed=7, conversations=20)
    events = generator.events(100)
    bad = list(bad_events(generator, "bad-conversation"))
    return faultless_run(events + bad + list(edge_events(generator, "bad-conversation")))


def test_a_faultless_run_passes(run: Run) -> None:
    report = run.check(no_flags=True, all_delivered=True, one_request_each=True)
    assert report.ok, report.text()
    assert report.counts["outcomes"] == len(run.inputs)


def test_a_flagged_second_send_passes(run: Run) -> None:
    run.requests.append(dict(run.requests_of(3)[0], seq=1000))
    outcome = run.outcome_of(3)
    outcome.document["possible_duplicate"] = True
    outcome.document["attempts"] = 2
    entry = {"at": None, "ms": None, "effect": "unknown", "http_status": None, "code": None, "sub_code": None}
    outcome.document["attempt_log"] = [entry, dict(entry, at=T0, ms=5, effect="done", http_status=200)]
    assert run.check().ok
    assert run.check(no_flags=True).rules == {"V11"}
    assert run.check(report_policy=True).rules == {"V5"}
    assert run.check(one_request_each=True).rules == {"sent"}


def test_requests_without_effect_need_no_flag(run: Run) -> None:
    first = run.requests_of(3)[0]
    banned = dict(first, taken=False, answer={"http": 200, "code": 7, "sub_code": None})
    torn = dict(first, taken=False, complete=False, signature_ok=False, answer=None)
    place = run.requests.index(first)
    run.requests[place:place] = [banned, torn]
    assert run.check().ok


def drop_an_outcome(run: Run) -> None:
    run.outcomes.remove(run.outcome_of(5))


def double_an_outcome(run: Run) -> None:
    run.outcomes.append(replace(run.outcome_of(5), offset=10_000))


def deliver_without_a_request(run: Run) -> None:
    run.requests.remove(run.requests_of(5)[0])


def deliver_with_a_refused_request(run: Run) -> None:
    run.requests_of(5)[0].update(taken=False, answer={"http": 200, "code": 40, "sub_code": None})


def send_twice_without_flag(run: Run) -> None:
    run.requests.append(dict(run.requests_of(5)[0], seq=1000))


def send_again_after_no_answer_without_flag(run: Run) -> None:
    run.requests.append(dict(run.requests_of(5)[0], seq=1000, taken=False, answer=None))


def send_again_after_a_vague_answer_without_flag(run: Run) -> None:
    answer = {"http": 200, "code": 15, "sub_code": "isp.remote-service-timeout"}
    run.requests.append(dict(run.requests_of(5)[0], seq=1000, taken=False, answer=answer))


def swap_outcomes_of_a_conversation(run: Run) -> None:
    one, other = (run.outcome_of(index) for index in run.neighbours())
    one.offset, other.offset = other.offset, one.offset


def swap_first_requests_of_a_conversation(run: Run) -> None:
    one, other = (run.requests_of(index)[0] for index in run.neighbours())
    one["arrived_us"], other["arrived_us"] = other["arrived_us"], one["arrived_us"]


def reject_what_was_executed(run: Run) -> None:
    document = run.outcome_of(5).document
    document.update(outcome="rejected", success=False)
    document["error"] = {
        "class": "refused",
        "code": "refused_by_backend",
        "message": "no",
        "retryable": False,
        "next": "fix_event",
        "problems": [],
        "problems_total": 0,
    }
    headers = run.outcome_of(5).headers
    headers.update(
        outcome=b"rejected", error_class=b"refused", ce_type=b"com.lippi-bridge.message.rejected.v1"
    )


def invent_an_outcome(run: Run) -> None:
    invented = copy.deepcopy(run.outcome_of(5))
    invented.document["source"]["offset"] = 9_999
    invented.headers["source_offset"] = b"9999"
    invented.headers["ce_id"] = invented.headers["ce_id"].rsplit(b"/", 1)[0] + b"/9999"
    run.outcomes.append(invented)


def move_an_outcome(run: Run) -> None:
    outcome = run.outcome_of(5)
    outcome.partition = (outcome.partition + 1) % PARTITIONS


def change_a_key(run: Run) -> None:
    run.outcome_of(5).key = b"other"


def change_the_content(run: Run) -> None:
    run.requests_of(5)[0]["content_sha256"] = content_digest("something else")


def send_what_nobody_loaded(run: Run) -> None:
    run.requests.append(dict(run.requests[0], message_id="message-of-nobody"))


def send_a_bad_event(run: Run) -> None:
    index = run.index_where(lambda item: item.event.invalid and item.event.message_id is not None)
    request = dict(run.requests[0], message_id=run.inputs[index].event.message_id, taken=False)
    run.requests.append(dict(request, arrived_us=10_000_000))


def sign_wrongly(run: Run) -> None:
    wrong = dict(run.requests[5], taken=False, signature_ok=False)
    run.requests.insert(5, dict(wrong, answer={"http": 200, "code": 25, "sub_code": None}))


def call_a_good_event_invalid(run: Run) -> None:
    bad = run.outcome_of(run.index_where(lambda item: item.event.name == "missing_sid"))
    good = run.outcome_of(5)
    good.document.update(
        outcome="invalid",
        success=False,
        error=bad.document["error"],
        attempts=0,
        first_sent_at=None,
        queue_ms=None,
        gateway_ms=None,
        gateway=None,
    )
    good.headers.update(
        outcome=b"invalid", error_class=b"validation", ce_type=b"com.lippi-bridge.message.invalid.v1"
    )
    run.requests.remove(run.requests_of(5)[0])


def list_another_problem(run: Run) -> None:
    bad = run.outcome_of(run.index_where(lambda item: item.event.name == "missing_sid"))
    bad.document["error"]["problems"][0]["code"] = "blank"


def leave_out_a_problem(run: Run) -> None:
    bad = run.outcome_of(run.index_where(lambda item: item.event.name == "several"))
    del bad.document["error"]["problems"][-1]
    bad.document["error"]["problems_total"] -= 1


def leak_the_content(run: Run) -> None:
    run.inputs[5].event.private = ("a very private text",)
    run.outcome_of(5).document["gateway"]["result_message"] = "got: a very private text"


def leave_out_a_member(run: Run) -> None:
    del run.outcome_of(5).document["warnings"]


def write_a_number_as_text(run: Run) -> None:
    run.outcome_of(5).document["attempts"] = "1"


def write_no_json(run: Run) -> None:
    run.outcomes.append(replace(run.outcome_of(5), value=b"{", document=None))


def contradict_a_header(run: Run) -> None:
    run.outcome_of(5).headers["source_offset"] = b"77"


def succeed_and_fail(run: Run) -> None:
    run.outcome_of(5).document["success"] = False


def get_the_time_wrong(run: Run) -> None:
    run.outcome_of(5).document["queue_ms"] = 3


@pytest.mark.parametrize(
    ("plant", "rules"),
    [
        (drop_an_outcome, {"V1"}),
        (double_an_outcome, {"V2"}),
        (deliver_without_a_request, {"V3"}),
        (deliver_with_a_refused_request, {"V3"}),
        (send_twice_without_flag, {"V4"}),
        (send_again_after_no_answer_without_flag, {"V4"}),
        (send_again_after_a_vague_answer_without_flag, {"V4"}),
        (swap_outcomes_of_a_conversation, {"V6"}),
        (swap_first_requests_of_a_conversation, {"V6"}),
        (reject_what_was_executed, {"V12"}),
        (invent_an_outcome, {"place"}),
        (move_an_outcome, {"place"}),
        (change_a_key, {"place"}),
        (change_the_content, {"sent"}),
        (send_what_nobody_loaded, {"sent"}),
        (send_a_bad_event, {"sent", "V6"}),
        (sign_wrongly, {"sent"}),
        (call_a_good_event_invalid, {"bad"}),
        (list_another_problem, {"bad"}),
        (leave_out_a_problem, {"bad"}),
        (leak_the_content, {"privacy"}),
        (leave_out_a_member, {"form"}),
        (write_a_number_as_text, {"form"}),
        (write_no_json, {"form", "place"}),
        (contradict_a_header, {"form"}),
        (succeed_and_fail, {"form"}),
        (get_the_time_wrong, {"form"}),
    ],
)
def test_a_planted_fault_is_found(run: Run, plant: Callable[[Run], None], rules: set[str]) -> None:
    assert run.check().ok
    plant(run)
    if plant is sign_wrongly:
        assert run.check(bad_signatures=True).ok
    report = run.check()
    assert report.rules == rules, report.text()
    with pytest.raises(AssertionError):
        report.raise_if_broken()


def test_what_is_left_at_the_end_is_found(run: Run) -> None:
    assert run.check(lag=3).rules == {"V11"}
    assert run.check(open_transactions=(2,)).rules == {"V11"}


@pytest.mark.parametrize(
    ("request_line", "effect"),
    [
        ({"complete": True, "taken": True, "answer": None}, Effect.DONE),
        ({"complete": False, "taken": False, "answer": None}, Effect.NONE),
        ({"complete": True, "taken": False, "answer": None}, Effect.UNKNOWN),
        ({"complete": True, "taken": False, "answer": {"http": 502}}, Effect.UNKNOWN),
        ({"complete": True, "taken": False, "answer": {"http": 413}}, Effect.NONE),
        ({"complete": True, "taken": False, "answer": {"http": 200, "code": 7}}, Effect.NONE),
        ({"complete": True, "taken": False, "answer": {"http": 200, "code": 25}}, Effect.NONE),
        ({"complete": True, "taken": False, "answer": {"http": 200, "code": 15}}, Effect.UNKNOWN),
        ({"complete": True, "taken": False, "answer": {"http": 200, "code": 10}}, Effect.UNKNOWN),
        ({"complete": True, "taken": False, "answer": {"http": 200, "code": 999}}, Effect.UNKNOWN),
        (
            {
                "complete": True,
                "taken": False,
                "answer": {"http": 200, "code": 15, "sub_code": "isp.top-remote-connection-error"},
            },
            Effect.NONE,
        ),
        (
            {
                "complete": True,
                "taken": False,
                "answer": {"http": 200, "code": 50, "sub_code": "isv.invalid-parameter"},
            },
            Effect.NONE,
        ),
    ],
)
def test_effect_of_a_request(request_line: dict, effect: Effect) -> None:
    assert effect_of(request_line) is effect


def test_events_are_the_same_for_a_seed_and_of_the_size_they_should_have() -> None:
    events = EventGenerator(seed=3, conversations=50).events(1000)
    again = EventGenerator(seed=3, conversations=50).events(1000)
    other = EventGenerator(seed=4, conversations=50).events(1000)
    assert [e.value for e in events] == [e.value for e in again]
    assert not {e.message_id for e in events} & {e.message_id for e in other}
    assert len({e.message_id for e in events}) == 1000
    assert 380 < sum(len(e.value) for e in events) / 1000 < 520
    for event in events:
        assert json.loads(event.value)["content"] == event.content


def test_bad_events_have_names_of_their_own() -> None:
    generator = EventGenerator(seed=5, conversations=1)
    events = [*bad_events(generator, "s"), *edge_events(generator, "s")]
    assert len({event.name for event in events}) == len(events) > 50
