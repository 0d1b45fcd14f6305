"""The bridge's worker as a process: its configuration file, its log, its end."""

import json
import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from .kafka import free_ports
from .process import LogFile, MeasuredProcess, spawn

_START_SECONDS = 60
# Written to the log when the worker has read its configuration and reached the broker.
_STARTED = "started"

Settings = Mapping[str, object]


def default_binary() -> Path:
    """`LIPPI_E2E_BINARY`, else the release build of this checkout."""
    named = os.environ.get("LIPPI_E2E_BINARY")
    return Path(named) if named else Path(__file__).parents[3] / ".build" / "release" / "lippi-bridge"


def write_configuration(file: Path, settings: Settings) -> None:
    """`settings` has dotted keys (`kafka.group_id`); the file is YAML with one block per first part."""
    tree: dict = {}
    for key, value in settings.items():
        *parents, last = key.split(".")
        branch = tree
        for parent in parents:
            branch = branch.setdefault(parent, {})
        branch[last] = value
    file.write_text("\n".join(_yaml(tree, 0)) + "\n")


def _yaml(tree: Mapping, depth: int) -> list[str]:
    lines = []
    for key, value in tree.items():
        if isinstance(value, Mapping) and value and all("." not in name for name in value):
            lines += ["  " * depth + f"{key}:", *_yaml(value, depth + 1)]
        else:
            # A JSON scalar, list or object is YAML as it stands.
            lines.append("  " * depth + f"{key}: {json.dumps(value)}")
    return lines


class Worker(MeasuredProcess):
    """`start()`, then `kill()` or `stop()`, as often as wanted. Each run has its own log file."""

    def __init__(
        self, binary: Path, folder: Path, settings: Settings, environment: Mapping[str, str] | None = None
    ):
        self.binary = binary
        self.environment = dict(environment or {})
        self.folder = folder
        # No fixed port: workers of other tests run beside this one.
        self.settings = {"admin.listen": "127.0.0.1:0", **settings}
        self.process: subprocess.Popen | None = None
        self.logs: list[LogFile] = []
        folder.mkdir(parents=True, exist_ok=True)

    title = "the worker"

    @property
    def log(self) -> LogFile:
        return self.logs[-1]

    @property
    def output(self) -> LogFile:
        return self.log

    def start(self, *extra: str, wait: bool = True) -> "Worker":
        """`extra` are further arguments, `--set retry.cap=1s` say."""
        configuration = self.folder / "lippi-bridge.yaml"
        write_configuration(configuration, self.settings)
        self.logs.append(LogFile(self.folder / f"worker-{len(self.logs) + 1}.log"))
        with self.log.path.open("wb") as log:
            self.process = spawn(
                [self.binary, "run", "--config", configuration, *extra],
                stdout=log,
                stderr=subprocess.STDOUT,
                environment=self.environment,
                folder=self.folder,
            )
        if wait:
            self.wait_for_log(_STARTED, _START_SECONDS)
        return self

    def wait_for_log(self, message: str, seconds: float = 30, *, every: float = 0.02) -> dict:
        """Waits for a line of the current run whose message is, or begins with, `message`."""
        return self.log.wait_for(
            lambda line: _says(line, message),
            seconds,
            f"the worker logs {message!r}",
            every=every,
            guard=self.assert_running,
        )

    def logged(self, message: str) -> list[dict]:
        return [line for line in self.log.refresh() if _says(line, message)]

    def kill(self) -> None:
        """SIGKILL: nothing of the worker gets another instruction."""
        self.usage()
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def signal(self, number: signal.Signals) -> None:
        self.assert_running()
        self.process.send_signal(number)


def offline_worker(binary: Path, folder: Path, **changes: object) -> Worker:
    """A worker whose configuration is right, for a broker and a gateway that are not there. `changes` are
    settings laid over it."""
    (folder / "secret").write_text("helloworld")
    settings = {
        "kafka.bootstrap_servers": f"127.0.0.1:{free_ports(1)[0]}",
        "kafka.startup_timeout": "1s",
        "input.start": "earliest",
        "gateway.url": "http://127.0.0.1:1/router/rest",
        "gateway.app_key": "12345678",
        "gateway.app_secret_file": str(folder / "secret"),
        **changes,
    }
    return Worker(binary, folder, settings)


def _says(line: dict, message: str) -> bool:
    said = line.get("message", line.get("msg", ""))
    return isinstance(said, str) and f"{said.replace('_', ' ')} ".startswith(f"{message} ")
