"""What one line of the simulator's log says about the agent."""

import pytest

from lippi_e2e.effects import Effect, effect_of

_NONE, _UNKNOWN = Effect.NONE, Effect.UNKNOWN


@pytest.mark.parametrize(
    ("answer", "effect"),
    [
        ({"result_code": "400001"}, _NONE),
        ({"result_code": ""}, _NONE),
        ({"result_code": "400001", "http": 500}, _NONE),
        ({"code": 41}, _NONE),
        ({"code": 50}, _UNKNOWN),
        ({"code": 50, "http": 503}, _UNKNOWN),
        ({"code": 50, "sub_code": "isv.invalid-parameter"}, _NONE),
        ({"http": 503}, _UNKNOWN),
        ({"http": 429}, _NONE),
        ({"http": 302}, _NONE),
        (None, _UNKNOWN),
    ],
    ids=str,
)
def test_a_message_that_was_not_taken(answer: dict | None, effect: Effect) -> None:
    if answer is not None:
        answer = {"http": 200, "code": None, "sub_code": None, "result_code": None, **answer}
    assert effect_of({"taken": False, "complete": True, "answer": answer}) is effect
    assert effect_of({"taken": True, "complete": True, "answer": answer}) is Effect.DONE
    assert effect_of({"taken": False, "complete": False, "answer": None}) is _NONE
