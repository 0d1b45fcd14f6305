"""A supervisor like systemd hears when the worker is ready, that it lives, and that it stops."""

import signal
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from lippi_e2e.events import EventGenerator
from lippi_e2e.line import Line
from lippi_e2e.notify_socket import NotifySocket
from lippi_e2e.waiting import until

pytestmark = pytest.mark.kafka

_WATCHDOG_SECONDS = 0.4


def _socket(kind: str, folder: Path) -> NotifySocket:
    if kind == "path":
        return NotifySocket(folder / "notify")
    return NotifySocket(abstract=f"lippi-bridge-{uuid.uuid4()}")


@pytest.fixture
def supervised(make_line: Callable[..., Line], tmp_path: Path) -> Iterator[tuple[Line, NotifySocket]]:
    with NotifySocket(tmp_path / "notify") as supervisor:
        line = make_line()
        line.worker.environment = {
            "NOTIFY_SOCKET": supervisor.name,
            "WATCHDOG_USEC": str(int(_WATCHDOG_SECONDS * 1_000_000)),
        }
        yield line, supervisor


@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_ready_comes_after_the_start_and_stopping_before_the_end(
    make_line: Callable[..., Line], tmp_path: Path, kind: str
) -> None:
    line = make_line()
    with _socket(kind, tmp_path) as supervisor:
        line.worker.environment = {"NOTIFY_SOCKET": supervisor.name}
        line.worker.start(wait=False)
        supervisor.wait_for("READY")
        ready_at = time.time()
        started = line.worker.wait_for_log("started")
        assert datetime.fromisoformat(started["timestamp"]).timestamp() <= ready_at
        assert [said for said in supervisor.heard if "READY" in said] == [supervisor.heard[0]]
        assert line.worker.stop() == 0
        said = supervisor.wait_for("STOPPING")
        assert said["STOPPING"] == "1"
        assert said["STATUS"].startswith("stopping")
        supervisor.drain()
        assert sum("STOPPING" in said for said in supervisor.heard) == 1
        assert sum("READY" in said for said in supervisor.heard) == 1


def test_a_worker_that_does_not_start_is_never_ready(make_line: Callable[..., Line], tmp_path: Path) -> None:
    line = make_line()
    line.worker.settings["outcomes.topic"] = "no-such-topic"
    with NotifySocket(tmp_path / "notify") as supervisor:
        line.worker.environment = {"NOTIFY_SOCKET": supervisor.name}
        line.worker.start(wait=False)
        assert line.worker.wait_for_end(60) == 78
        supervisor.drain()
        assert supervisor.heard == []


def test_signs_of_life_only_while_the_loop_turns(supervised: tuple[Line, NotifySocket]) -> None:
    line, supervisor = supervised
    began = time.monotonic()
    line.worker.start()
    supervisor.wait_for("READY")
    for _ in range(10):
        supervisor.wait_for("WATCHDOG", seconds=10)
    # Twice as often as wanted, and not with every turn.
    signs = sum("WATCHDOG" in said for said in supervisor.heard)
    assert signs <= (time.monotonic() - began) / (_WATCHDOG_SECONDS / 2) + 1

    line.worker.signal(signal.SIGSTOP)
    until(lambda: _state(line.worker.process.pid) == "T", 10, "the worker is stopped")
    supervisor.drain()
    assert supervisor.receive(3 * _WATCHDOG_SECONDS) is None, "who is stopped gives no sign of life"
    line.worker.signal(signal.SIGCONT)
    supervisor.wait_for("WATCHDOG", seconds=10)
    assert line.worker.stop() == 0


def _state(pid: int) -> str:
    stat = Path(f"/proc/{pid}/stat").read_text()
    return stat[stat.rindex(")") + 2]


def test_the_status_tells_what_the_worker_does(supervised: tuple[Line, NotifySocket]) -> None:
    line, supervisor = supervised
    line.worker.start()
    while "6 partitions" not in supervisor.wait_for("STATUS")["STATUS"]:
        pass
    line.simulator.stop()
    line.load(EventGenerator(seed=51, conversations=5).events(30))
    while "30 unresolved" not in (text := supervisor.wait_for("STATUS")["STATUS"]):
        pass
    assert "lag 30" in text
    assert line.worker.stop() == 0
    while "STOPPING" not in supervisor.wait_for("STATUS"):
        pass


def test_somebody_elses_watchdog_is_not_served(supervised: tuple[Line, NotifySocket]) -> None:
    line, supervisor = supervised
    line.worker.environment["WATCHDOG_PID"] = "1"
    line.worker.start()
    assert supervisor.wait_for("READY")["READY"] == "1"
    # What changes is still told; a sign of life every 200 ms would be among it.
    began = len(supervisor.heard)
    supervisor.receive(3 * _WATCHDOG_SECONDS)
    assert len(supervisor.heard) - began <= 1
    assert line.worker.stop() == 0


def test_a_supervisor_that_cannot_be_reached_is_said_and_the_worker_works(
    make_line: Callable[..., Line],
) -> None:
    line = make_line()
    line.worker.environment = {"NOTIFY_SOCKET": str(line.folder / "nobody")}
    line.load(EventGenerator(seed=52, conversations=5).events(20))
    line.worker.start()
    assert "Type=notify" in line.worker.wait_for_log("supervisor cannot be told")["next_step"]
    line.wait_until_done()
    assert line.worker.stop() == 0
