"""Who is hurt in a chaotic run: workers, each looked after by a supervisor, and brokers.

Everything that takes time is a script, a generator that yields what it waits for, so that many of them go on
beside each other.
"""

import contextlib
import resource
import signal
import socket
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

from .delivery_check import ProcessRun
from .kafka import Broker
from .process import LogFile
from .worker import Worker

Wait = float | Callable[[], bool]
Script = Generator[Wait, None, None]

_RESTART_SECONDS = 1.0
_STOP_SECONDS = 60.0
_SETTLED_SECONDS = 6.0
_FULL_SECONDS = 20.0
_LET_GO = ("lost", "partition taken over", "drain missed")


class Scripts:
    """Runs scripts side by side: a number is a pause in seconds, a function is asked until it says yes."""

    def __init__(self) -> None:
        self._running: list[tuple[Script, Wait]] = []

    def begin(self, script: Script) -> None:
        self._step(script)

    @property
    def are_done(self) -> bool:
        return not self._running

    def turn(self) -> None:
        running, self._running = self._running, []
        now = time.monotonic()
        for script, wait in running:
            if now >= wait if isinstance(wait, float) else wait():
                self._step(script)
            else:
                self._running.append((script, wait))

    def _step(self, script: Script) -> None:
        with contextlib.suppress(StopIteration):
            wait = next(script)
            until = time.monotonic() + wait if isinstance(wait, float) else wait
            self._running.append((script, until))


@dataclass
class Member:
    """One worker of the group, which keeps its name over its processes."""

    instance: str
    worker: Worker
    note: Callable[..., None]
    busy: bool = False
    exit_codes: list[int] = field(default_factory=list)
    """Of each process that has ended, in order."""
    own_ends: list[int] = field(default_factory=list)
    """Of those that ended although nobody had asked for it."""
    _restart_at: float | None = None

    def start(self) -> None:
        self.worker.start(wait=False)
        self.note("started", self.instance, pid=self.worker.process.pid)

    def supervise(self) -> None:
        """Starts the worker again when it has ended by itself, as systemd would."""
        if self.busy or self.worker.running:
            return
        if self._restart_at is None:
            code = self.record_end()
            self.own_ends.append(code)
            self.note("ended by itself", self.instance, exit_code=code)
            self._restart_at = time.monotonic() + _RESTART_SECONDS
        elif time.monotonic() >= self._restart_at:
            self._restart_at = None
            self.start()

    def record_end(self) -> int:
        code = self.worker.process.wait()
        self.exit_codes.append(code)
        return code

    def kill(self, pause: float) -> Script:
        self.worker.process.send_signal(signal.SIGKILL)
        yield lambda: not self.worker.running
        self.record_end()
        yield pause
        self.start()

    def stop(self, pause: float, *, again: bool = True) -> Script:
        self.worker.process.terminate()
        deadline = time.monotonic() + _STOP_SECONDS
        yield lambda: not self.worker.running or time.monotonic() > deadline
        if self.worker.running:
            self.note("did not stop", self.instance)
            self.worker.process.kill()
        self.note("stopped", self.instance, exit_code=self.record_end())
        if again:
            yield pause
            self.start()

    def sleep(self, seconds: float) -> Script:
        self.worker.process.send_signal(signal.SIGSTOP)
        yield seconds
        with contextlib.suppress(ProcessLookupError):
            self.worker.process.send_signal(signal.SIGCONT)

    def is_assigned(self) -> bool:
        return not self.worker.running or bool(self.worker.logged("assigned"))


def run_of(instance: str, code: int | None, log: LogFile) -> ProcessRun:
    """A process that has ended with that code."""
    lines = log.refresh()
    tokens = [line["token"] for line in lines if line.get("message") == "batch"]
    starts = [
        (line["partition"], line["committed"], line["ceiling"])
        for line in lines
        if line.get("message") == "partition started"
    ]
    let_go = any(line.get("message") in _LET_GO for line in lines)
    return ProcessRun(instance, int(tokens[0][:8], 16) if tokens else None, code, tuple(starts), let_go)


class BrokerUnderFire:
    def __init__(self, broker: Broker, note: Callable[..., None]):
        self.broker = broker
        self.note = note
        self.busy = False

    def end(self, pause: float, *, kill: bool) -> Script:
        if kill:
            self.broker.kill()
        else:
            self.broker.process.terminate()
        yield lambda: not self.broker.running
        yield pause
        self.broker.start()
        yield self._listens
        # Time to catch up with the others, so that they can be hurt next.
        yield _SETTLED_SECONDS

    def fill_disk(self, pause: float) -> Script:
        """No file may grow any more, as on a full disk: the broker gives up its log folder and ends."""
        pid = self.broker.process.pid
        hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))
        deadline = time.monotonic() + _FULL_SECONDS
        yield lambda: not self.broker.running or time.monotonic() > deadline
        # Its own log file cannot tell: that could not grow either.
        self.note("disk full", str(self.broker.node), gave_up=not self.broker.running)
        yield from self.end(pause, kill=True)

    def sleep(self, seconds: float) -> Script:
        self.broker.pause()
        yield seconds
        self.broker.resume()
        yield _SETTLED_SECONDS

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.broker.port), timeout=0.2).close()
        except OSError:
            return False
        return True
