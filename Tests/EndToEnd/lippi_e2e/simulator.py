"""The gateway simulator as a process of its own."""

import json
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from .gateway_client import opener
from .process import LogFile, OwnedProcess, ended, kill_if_running, spawn
from .waiting import until

_START_SECONDS = 20
_STOP_SECONDS = 10
_ANSWER_SECONDS = 10


class Simulator(OwnedProcess):
    """Started by `start()`; `stop()` and `start()` again bring it back on the same port, with another log."""

    def __init__(
        self,
        binary: Path,
        folder: Path,
        *,
        latency_ms: int = 0,
        logging: bool = True,
        options: Sequence[str | Path] = (),
    ):
        """`options`: further ones of the command, `--deduplicate` say."""
        self.binary = binary
        self.folder = folder
        self.latency_ms = latency_ms
        self.url = ""
        self.logging = logging
        self.options = options
        self.logs: list[LogFile] = []
        self.process: subprocess.Popen | None = None
        folder.mkdir(parents=True, exist_ok=True)

    title = "the simulator"

    @property
    def errors(self) -> LogFile:
        return LogFile(self.folder / "simulator.stderr")

    @property
    def output(self) -> LogFile:
        return self.errors

    def start(self) -> "Simulator":
        listen = urllib.parse.urlsplit(self.url).netloc or "127.0.0.1:0"
        arguments: list[str | Path] = [self.binary, "simulator", "--listen", listen]
        arguments += ["--latency", str(self.latency_ms), *self.options]
        if self.logging:
            log = LogFile(self.folder / f"requests-{len(self.logs) + 1}.jsonl")
            arguments += ["--log", log.path]
            self.logs.append(log)
        said = LogFile(self.folder / "simulator.stdout")
        with said.path.open("wb") as out, self.errors.path.open("ab") as errors:
            self.process = spawn(arguments, stdout=out, stderr=errors)
        first = said.wait_for(
            lambda line: "url" in line,
            _START_SECONDS,
            "the simulator says its address",
            guard=self.assert_running,
        )
        self.url = first["url"]
        return self

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return ended(self.process, _STOP_SECONDS, self.title)

    def kill(self) -> None:
        kill_if_running(self.process)

    def stats(self) -> dict:
        return json.loads(self._control("GET", "/_stats"))

    def fault(self, kind: str, **members: object) -> None:
        """Adds a fault; see docs/simulator.md for kinds and members."""
        self._control("POST", "/_fault", {"kind": kind, **members})

    def clear_faults(self) -> None:
        self._control("DELETE", "/_fault")

    def requests(self) -> list[dict]:
        """Every line logged so far, in order, over restarts as well."""
        return [line for log in self.logs for line in log.refresh()]

    def wait_for_requests(self, count: int, seconds: float = 10) -> list[dict]:
        """For a caller who knows how many requests there were: the log may be a moment behind."""
        until(lambda: len(self.requests()) >= count, seconds, f"{count} requests are logged", every=0.02)
        return self.requests()

    def _control(self, verb: str, path: str, body: dict | None = None) -> str:
        request = urllib.request.Request(
            urllib.parse.urljoin(self.url, path),
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
            method=verb,
        )
        with opener().open(request, timeout=_ANSWER_SECONDS) as answer:
            return answer.read().decode()
