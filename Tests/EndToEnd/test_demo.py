"""The demonstration as a newcomer starts it."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lippi_e2e.kafka import KafkaCluster
from lippi_e2e.process import outside_environment

_EVENTS = 40
_SECONDS = 60
_FIRST_OUTCOME_LIMIT_SECONDS = 15


def _arguments(binary: Path, *more: str) -> list[str]:
    return [str(binary), "demo", "--json", "--events", str(_EVENTS), *more]


def _check(lines: list[str]) -> None:
    outcomes = [json.loads(line) for line in lines]
    sources = [(outcome["source"]["partition"], outcome["source"]["offset"]) for outcome in outcomes]
    assert len(set(sources)) == _EVENTS
    assert {outcome["outcome"] for outcome in outcomes} == {"delivered", "invalid", "rejected"}
    delivered = [outcome for outcome in outcomes if outcome["outcome"] == "delivered"]
    assert {outcome["content_type"] for outcome in delivered} == set(range(1, 11))
    assert any(outcome["attempts"] > 1 and not outcome["possible_duplicate"] for outcome in delivered)
    assert any(outcome["possible_duplicate"] for outcome in delivered)
    assert any(len(outcome["error"]["problems"]) > 1 for outcome in outcomes if outcome["error"])


def test_without_kafka(binary: Path, tmp_path: Path) -> None:
    started = time.monotonic()
    with subprocess.Popen(
        _arguments(binary, "--exit-when-idle"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=outside_environment(),
    ) as demo:
        assert demo.stdout
        first = demo.stdout.readline()
        seconds = time.monotonic() - started
        print(f"  first outcome after {seconds:.1f} s")
        rest = demo.stdout.read().splitlines()
        assert demo.wait(_SECONDS) == 0
    assert seconds < _FIRST_OUTCOME_LIMIT_SECONDS
    _check([first, *rest])


@pytest.mark.kafka
def test_on_a_real_kafka(binary: Path, kafka: KafkaCluster, tmp_path: Path) -> None:
    for _ in range(2):
        demo = subprocess.run(
            _arguments(binary, "--exit-when-idle", "--bootstrap", kafka.bootstrap),
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            cwd=tmp_path,
            env=outside_environment(),
        )
        assert demo.returncode == 0, demo.stderr
        lines = demo.stdout.splitlines()
        assert len(lines) == _EVENTS, "exactly one outcome each, and none of an earlier demonstration"
        _check(lines)


@pytest.fixture
def running(binary: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        _arguments(binary),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=tmp_path,
        env=outside_environment(),
    ) as demo:
        yield demo
        demo.kill()


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it(running: subprocess.Popen[str], stop: signal.Signals) -> None:
    assert running.stdout
    assert running.stdout.readline()
    running.send_signal(stop)
    assert running.wait(_SECONDS) == 0


def test_what_is_missing_is_said(binary: Path, tmp_path: Path) -> None:
    demo = subprocess.run(
        _arguments(binary, "--exit-when-idle", "--timeout", "1s"),
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        cwd=tmp_path,
        env=outside_environment(),
    )
    # The mock cluster's first join alone takes longer.
    assert demo.returncode == 1
    assert f"of {_EVENTS} events have no outcome" in demo.stderr
