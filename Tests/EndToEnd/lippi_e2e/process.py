"""Starting programs that die with this one, and reading what the kernel says about them."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .waiting import until

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_KIB = 1024
_STOP_SECONDS = 40


@dataclass(frozen=True)
class Usage:
    """What a process has used so far."""

    cpu_us: int
    """User and system time of all its threads, microseconds (in steps of one clock tick)."""
    rss_peak_bytes: int


def usage_of(pid: int) -> Usage:
    stat = Path(f"/proc/{pid}/stat").read_text()
    # The second field is the program's name in brackets and may itself hold blanks and brackets.
    fields = stat[stat.rindex(")") + 2 :].split()
    user, system = int(fields[11]), int(fields[12])
    peak = 0
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            peak = int(line.split()[1]) * _KIB
    return Usage(cpu_us=(user + system) * 1_000_000 // _TICKS_PER_SECOND, rss_peak_bytes=peak)


def rss_of(pid: int) -> int:
    """Bytes of memory in use now."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def open_descriptors() -> int:
    """Of this process."""
    return len(os.listdir("/proc/self/fd"))


def outside_environment() -> dict[str, str]:
    """The environment without settings of the bridge, which a developer's shell may hold."""
    return {name: value for name, value in os.environ.items() if not name.startswith("LIPPI_BRIDGE_")}


def spawn(
    arguments: Sequence[str | Path],
    *,
    stdout: object,
    stderr: object,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> subprocess.Popen:
    """Starts a program that the kernel kills when this process ends, however it ends."""
    command = [str(argument) for argument in arguments]
    tied = shutil.which("setpriv")
    if tied is not None:
        # setpriv replaces itself by the program: the pid is the program's own.
        command = [tied, "--pdeathsig", "KILL", "--", *command]
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        env={**outside_environment(), **(environment or {})},
        cwd=folder,
    )


def ended(process: subprocess.Popen, seconds: float, what: str) -> int:
    """Waits for the end and returns the exit code (negative: the signal). Kills it when it takes too long."""
    try:
        return process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise AssertionError(f"{what} had not ended after {seconds:g} s; it was killed") from None


class OwnedProcess:
    """A program that a test starts and ends. Subclasses say what it is called and where its output goes."""

    process: subprocess.Popen | None = None

    @property
    def title(self) -> str:
        raise NotImplementedError

    @property
    def output(self) -> "LogFile":
        raise NotImplementedError

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def assert_running(self) -> None:
        if not self.running:
            code = None if self.process is None else self.process.returncode
            raise AssertionError(f"{self.title} has ended with {code}\n{self.output.tail()}")


class MeasuredProcess(OwnedProcess):
    """One whose use of the machine is looked at while it runs, and that ends on SIGTERM."""

    last_usage = Usage(cpu_us=0, rss_peak_bytes=0)

    def usage(self) -> Usage:
        self.assert_running()
        self.last_usage = usage_of(self.process.pid)
        return self.last_usage

    def cpu_percent(self, seconds: float) -> float:
        """Of one processor, over the next so many seconds."""
        before, began = self.usage(), time.monotonic()
        time.sleep(seconds)
        after, took = self.usage(), time.monotonic() - began
        return (after.cpu_us - before.cpu_us) / took / 10_000

    def stop(self, seconds: float = _STOP_SECONDS) -> int:
        """SIGTERM, then the exit code."""
        self.usage()
        self.process.terminate()
        return self.wait_for_end(seconds)

    def wait_for_end(self, seconds: float) -> int:
        try:
            return ended(self.process, seconds, self.title)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.output.tail()}") from None

    def abandon(self) -> None:
        """For the end of a test, in whatever state it is."""
        kill_if_running(self.process)


def output_of(
    command: Sequence[str | Path], seconds: float, environment: Mapping[str, str] | None = None
) -> str:
    """Runs a command to its end; it must not fail. `environment` is laid over this process's."""
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=seconds,
        env={**os.environ, **(environment or {})},
        check=False,
    )
    if done.returncode != 0:
        raise AssertionError(f"{command[0]} failed with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def kill_if_running(process: subprocess.Popen | None) -> None:
    if process is None or process.poll() is not None:
        return
    process.send_signal(signal.SIGCONT)
    process.kill()
    process.wait()


class LogFile:
    """A growing file of lines, read as far as it is complete. A line of JSON becomes its object,
    any other line becomes `{"message": line}`."""

    def __init__(self, path: Path):
        self.path = path
        self.lines: list[dict] = []
        self._offset = 0
        self._rest = b""

    def refresh(self) -> list[dict]:
        if self.path.exists():
            with self.path.open("rb") as file:
                file.seek(self._offset)
                fresh = file.read()
            self._offset += len(fresh)
            *complete, self._rest = (self._rest + fresh).split(b"\n")
            self.lines.extend(_parsed(line) for line in complete if line.strip())
        return self.lines

    def find(self, wanted: Callable[[dict], bool]) -> dict | None:
        return next((line for line in self.refresh() if wanted(line)), None)

    def wait_for(
        self,
        wanted: Callable[[dict], bool],
        seconds: float,
        what: str,
        *,
        every: float = 0.02,
        guard: Callable[[], None] | None = None,
    ) -> dict:
        return until(lambda: self.find(wanted), seconds, what, every=every, guard=guard, explain=self.tail)

    def tail(self, count: int = 25) -> str:
        if not self.path.exists():
            return f"{self.path}: never written"
        text = self.path.read_text(errors="replace").splitlines()[-count:]
        return "\n".join([f"--- end of {self.path}", *text])

    def text(self) -> str:
        return self.path.read_text(errors="replace") if self.path.exists() else ""


def _parsed(line: bytes) -> dict:
    try:
        parsed = json.loads(line)
    except ValueError:
        parsed = None
    return parsed if isinstance(parsed, dict) else {"message": line.decode(errors="replace")}
