"""A worker's admin port, asked as an operator or a monitoring system asks it."""

import http.client
import json
import re
import time
from dataclasses import dataclass

from .worker import Worker

_SECONDS = 10
_SAMPLE = re.compile(r"^([a-z_]+)(?:\{(.*)\})? (\S+)$")
_LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True)
class Answer:
    status: int
    body: str
    seconds: float

    @property
    def document(self) -> dict:
        return json.loads(self.body)


class AdminPort:
    def __init__(self, address: str):
        """`address`: `127.0.0.1:9464`, as the worker logs it."""
        self.address = address

    @classmethod
    def of(cls, worker: Worker) -> "AdminPort":
        """A running worker's, as soon as it listens."""
        return cls(worker.wait_for_log("listening")["address"])

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def get(self, path: str) -> Answer:
        return self.ask("GET", path)

    def ask(self, method: str, path: str, body: str | None = None, token: str | None = None) -> Answer:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        begun = time.monotonic()
        connection = http.client.HTTPConnection(self.address, timeout=_SECONDS)
        try:
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        return Answer(answer.status, text, time.monotonic() - begun)

    def health(self) -> dict:
        return self.get("/health").document

    def reasons(self) -> set[str]:
        return {one["reason"] for one in self.health()["reasons"]}

    def metrics(self) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
        """By name without the prefix, then by labels."""
        found: dict[str, dict] = {}
        for line in self.get("/metrics").body.splitlines():
            sample = _SAMPLE.match(line)
            if sample is None:
                continue
            labels = tuple(_LABEL.findall(sample[2] or ""))
            found.setdefault(sample[1].removeprefix("lippi_bridge_"), {})[labels] = float(sample[3])
        return found

    def metric(self, name: str, **labels: str) -> float:
        """The sum over all samples that have these labels."""
        wanted = set(labels.items())
        return sum(value for found, value in self.metrics().get(name, {}).items() if wanted <= set(found))
