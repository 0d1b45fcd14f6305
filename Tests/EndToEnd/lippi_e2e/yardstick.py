"""The yardstick (Tests/Yardstick): the worker's job by a program in C; and a counter of allocations."""

import shlex
import subprocess
import urllib.parse
from collections.abc import Mapping
from pathlib import Path

from .gateway_client import APP_KEY, APP_SECRET
from .process import LogFile, MeasuredProcess, output_of, spawn

_ROOT = Path(__file__).parents[3]
_SOURCES = _ROOT / "Tests" / "Yardstick"
_BUILT = _ROOT / ".build" / "yardstick"
_COMPILE_SECONDS = 60
_START_SECONDS = 60


def built_yardstick() -> Path:
    libraries = output_of(["pkg-config", "--cflags", "--libs", "rdkafka", "libcrypto"], _COMPILE_SECONDS)
    return _compiled("yardstick.c", "yardstick", [*shlex.split(libraries), "-pthread"])


def built_allocation_counter() -> Path:
    return _compiled("count_allocations.c", "count_allocations.so", ["-shared", "-fPIC"])


def _compiled(source: str, name: str, options: list[str]) -> Path:
    _BUILT.mkdir(parents=True, exist_ok=True)
    output = _BUILT / name
    flags = ["-O2", "-Wall", "-Wextra", "-D_GNU_SOURCE"]
    output_of(["cc", *flags, _SOURCES / source, "-o", output, *options], _COMPILE_SECONDS)
    return output


class Yardstick(MeasuredProcess):
    """Started by `start()`, which returns when it has reached the broker and not yet joined the group."""

    title = "the yardstick"

    def __init__(
        self,
        binary: Path,
        folder: Path,
        *,
        bootstrap: str,
        group: str,
        input_topic: str,
        result_topic: str,
        url: str,
        in_flight: int,
        environment: Mapping[str, str] | None = None,
    ):
        # The program resolves no names, and a socket's address is what it is.
        assert urllib.parse.urlsplit(url).scheme == "http", "the yardstick speaks no TLS"
        folder.mkdir(parents=True, exist_ok=True)
        self.log = LogFile(folder / "yardstick.log")
        self.environment = dict(environment or {})
        self._arguments: list[str | Path] = [
            *(binary, "--bootstrap", bootstrap, "--group", group, "--url", url),
            *("--input", input_topic, "--output", result_topic, "--in-flight", str(in_flight)),
            *("--app-key", APP_KEY, "--secret", APP_SECRET),
        ]

    @property
    def output(self) -> LogFile:
        return self.log

    def start(self) -> "Yardstick":
        with self.log.path.open("wb") as log:
            self.process = spawn(
                self._arguments, stdout=log, stderr=subprocess.STDOUT, environment=self.environment
            )
        self.log.wait_for(
            lambda line: line.get("message") == "started",
            _START_SECONDS,
            "the yardstick says that it has started",
            every=0.005,
            guard=self.assert_running,
        )
        return self
