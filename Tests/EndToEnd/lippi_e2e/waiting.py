"""Waiting for a condition, never for a time in which it will probably have come true."""

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")


class DeadlinePassed(AssertionError):
    """The condition did not hold in time."""


def until(
    condition: Callable[[], Value],
    seconds: float,
    what: str,
    *,
    every: float = 0.05,
    guard: Callable[[], None] | None = None,
    explain: Callable[[], str] | None = None,
) -> Value:
    """Asks `condition` until its answer is true-ish, and returns that answer.

    `guard` is called before each question and may raise at once, when the wait has become pointless
    (the process in question has ended, say). `explain` adds to the message when the deadline passes.
    """
    deadline = time.monotonic() + seconds
    while True:
        if guard is not None:
            guard()
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            more = f"\n{explain()}" if explain is not None else ""
            raise DeadlinePassed(f"not within {seconds:g} s: {what} (last answer: {value!r}){more}")
        time.sleep(every)
