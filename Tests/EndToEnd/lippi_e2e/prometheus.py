"""Prometheus itself: its checks of our files, and a server that scrapes a worker."""

import json
import shutil
import subprocess
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from .kafka import free_ports
from .process import LogFile, OwnedProcess, kill_if_running, spawn

_SECONDS = 60


def promtool(*arguments: str | Path, stdin: str = "") -> subprocess.CompletedProcess:
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed (Debian package prometheus)")
    return subprocess.run(
        ["promtool", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )


class Prometheus(OwnedProcess):
    """Scrapes one worker once a second."""

    title = "prometheus"

    def __init__(self, folder: Path, target: str):
        if shutil.which("prometheus") is None:
            pytest.skip("prometheus is not installed (Debian package prometheus)")
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.address = f"127.0.0.1:{free_ports(1)[0]}"
        (folder / "prometheus.yaml").write_text(
            json.dumps(
                {
                    "global": {"scrape_interval": "1s"},
                    "scrape_configs": [
                        {"job_name": "lippi-bridge", "static_configs": [{"targets": [target]}]}
                    ],
                }
            )
        )
        with (folder / "prometheus.log").open("wb") as log:
            self.process = spawn(
                [
                    "prometheus",
                    f"--config.file={folder / 'prometheus.yaml'}",
                    f"--storage.tsdb.path={folder / 'data'}",
                    f"--web.listen-address={self.address}",
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def output(self) -> LogFile:
        return LogFile(self.folder / "prometheus.log")

    def __enter__(self) -> "Prometheus":
        return self

    def __exit__(self, *_: object) -> None:
        kill_if_running(self.process)

    def query(self, expression: str) -> list[dict]:
        """The samples of an instant query; an expression that Prometheus refuses is an error."""
        query = urllib.parse.urlencode({"query": expression})
        with urllib.request.urlopen(f"http://{self.address}/api/v1/query?{query}", timeout=10) as answer:
            document = json.load(answer)
        assert document["status"] == "success", document
        return document["data"]["result"]
