"""One bridge at work between its own topics and its own gateway: what most of the tests start from."""

import contextlib
import itertools
import random
from collections.abc import Sequence
from pathlib import Path

from .checker import Expectations, Report, check
from .events import ChatEvent, LoadedEvent, load
from .gateway_client import APP_KEY, APP_SECRET
from .reader import OutcomeReader
from .simulator import Simulator
from .topics import Topics
from .waiting import until
from .worker import Settings, Worker

_numbers = itertools.count(1)

KILLS_LATENCY_MS = 40
"""Of the gateway in `work_through_kills`: the work lasts for seconds, so that kills come into its middle on a
slow machine as well."""


class Line:
    """Topics are made, the simulator runs; the worker is started by the test.

    Every line has topics, a group and a transactional id of its own, so that lines on one broker never meet.
    """

    def __init__(
        self,
        binary: Path,
        bootstrap: str,
        folder: Path,
        *,
        partitions: int = 6,
        replicas: int = 1,
        latency_ms: int = 5,
        settings: Settings | None = None,
        logging: bool = True,
        simulator_options: Sequence[str | Path] = (),
        input_topic: str | None = None,
        result_partitions: int | None = None,
    ):
        number = next(_numbers)
        self.bootstrap = bootstrap
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.topics = Topics(bootstrap)
        self.input_topic = input_topic or f"chat-events-{number}"
        self.result_topic = f"chat-outcomes-{number}"
        self.group = f"bridge-{number}"
        self.inputs: list[LoadedEvent] = []
        if input_topic is None:
            # Room for records above what the bridge accepts, so that it is the bridge that refuses them.
            size = 2 * 1024 * 1024
            self.topics.create(self.input_topic, partitions, replicas, max_message_bytes=size)
        self.topics.create(self.result_topic, result_partitions or partitions, replicas)
        self.secret_file = folder / "app-secret"
        self.write_secret(APP_SECRET)
        self.simulator = Simulator(
            binary,
            folder / "simulator",
            latency_ms=latency_ms,
            logging=logging,
            options=simulator_options,
        ).start()
        self.worker = Worker(binary, folder / "worker", self._settings(settings or {}))
        self._others: list[Worker] = []
        self._reader: OutcomeReader | None = None

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        for worker in (self.worker, *self._others):
            worker.abandon()
        self.simulator.kill()
        if self._reader is not None:
            with contextlib.suppress(Exception):
                self._reader.close()
        self.topics.close()

    def write_secret(self, secret: str) -> None:
        self.secret_file.write_text(secret)
        self.secret_file.chmod(0o600)

    def load(self, events: Sequence[ChatEvent]) -> list[LoadedEvent]:
        loaded = load(self.bootstrap, self.input_topic, events)
        self.inputs += loaded
        return loaded

    @property
    def reader(self) -> OutcomeReader:
        if self._reader is None:
            self._reader = OutcomeReader(self.bootstrap, self.result_topic, self.topics)
        return self._reader

    def another_worker(self, instance: str) -> Worker:
        """One more member of the group."""
        settings = {**self.worker.settings, "kafka.instance": instance}
        self._others.append(Worker(self.worker.binary, self.folder / f"worker-{instance}", settings))
        return self._others[-1]

    def lag(self) -> int:
        return self.topics.lag(self.group, self.input_topic)

    def wait_for_outcomes(self, count: int, seconds: float = 60) -> None:
        """Waits until at least so many outcomes are visible."""
        until(
            lambda: self.reader.count() >= count,
            seconds,
            f"{count} outcomes are visible",
            every=0.02,
            guard=self.worker.assert_running,
            explain=self._explain,
        )

    def wait_until_done(self, seconds: float = 120, *, every: float = 0.1) -> None:
        """Waits until the group has caught up with the end of the input topic."""
        until(
            lambda: self.lag() == 0,
            seconds,
            "lag is 0",
            every=every,
            guard=self.worker.assert_running,
            explain=self._explain,
        )

    def random_points(self, seed: object, count: int) -> list[int]:
        """Numbers of outcomes between the start and the end of the work, to kill at."""
        events = len(self.inputs)
        points = sorted(random.Random(str(seed)).sample(range(events // 20, events * 9 // 10), count))
        print(f"  seed {seed}: killed when {points} outcomes are visible")
        return points

    def work_through_kills(self, points: Sequence[int]) -> None:
        """Starts the worker and kills it when so many outcomes are visible, at each of `points`; the last
        one does the rest and is stopped."""
        for point in points:
            self.worker.start(wait=False)
            self.wait_for_outcomes(point, seconds=90)
            self.worker.kill()
        # On a busy machine the others may have done it all: what is stopped must know the signal already.
        self.worker.start()
        self.wait_until_done(seconds=150)
        assert self.worker.stop() == 0

    def check(self, expectations: Expectations | None = None) -> Report:
        """Checks the run as it stands: to be called when everything is done and the worker may be gone."""
        expectations = expectations or Expectations()
        expectations.group = self.group
        self.topics.wait_until_no_transaction_is_open(self.result_topic)
        return check(
            self.inputs,
            self.reader.read(),
            self.simulator.requests(),
            expectations,
            lag=self.lag(),
            open_transactions=self.topics.open_transactions(self.result_topic),
        ).raise_if_broken()

    def _explain(self) -> str:
        visible = self.reader.count()
        return f"{len(self.inputs)} inputs, {visible} outcomes, lag {self.lag()}\n{self.worker.log.tail()}"

    def _settings(self, more: Settings) -> dict[str, object]:
        return {
            "kafka.bootstrap_servers": self.bootstrap,
            "kafka.group_id": self.group,
            "kafka.instance": "one",
            "input.topic": self.input_topic,
            "input.start": "earliest",
            "gateway.url": self.simulator.url,
            "gateway.app_key": APP_KEY,
            "gateway.app_secret_file": str(self.secret_file),
            "gateway.concurrency": 64,
            "outcomes.topic": self.result_topic,
            "log.format": "json",
            **more,
        }
