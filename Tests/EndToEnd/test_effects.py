"""What one line of the simulator's log says about the agent."""

import pytest

from lippi_e2e.effects import Effect, effect_of


@pytest.mark.parametrize(
    ("code", "effect"),
    [("400001", Effect.NONE), ("SYSTEM_ERROR", Effect.NONE), (41, Effect.NONE), (50, Effect.UNKNOWN)],
)
def test_a_backends_refusal_is_told_by_its_text(code: object, effect: Effect) -> None:
    answer = {"http": 200, "code": code, "sub_code": None}
    assert effect_of({"taken": False, "complete": True, "answer": answer}) is effect
