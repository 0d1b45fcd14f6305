"""What a chaotic run leaves in its folder, read as evidence: at its end, and by `./dev chaos --judge` at any
time afterwards, with the brokers started once more on their data."""

import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .chaos_actors import run_of
from .checker import Expectations, Report
from .delivery_check import Evidence, ProcessRun, judge
from .events import LoadedEvent
from .group_commits import group_commits
from .kafka import KafkaCluster
from .process import LogFile
from .reader import OutcomeReader
from .steady_load import event_stream, events_in
from .topics import Topics

CONCURRENCY = 32
"""Requests in flight of each worker."""

_TRANSACTION_SECONDS = 60
_FILE = "run.json"
# A process of which nothing else was noted before the next one started.
_KILLED = -9


@dataclass(frozen=True)
class Run:
    """What the checker has to know of a run."""

    seed: int
    policy: str
    mode: str
    calm: bool
    instances: list[str]
    group: str
    input_topic: str
    result_topic: str

    def write(self, folder: Path) -> None:
        (folder / _FILE).write_text(json.dumps(vars(self), indent=1) + "\n")

    @staticmethod
    def read(folder: Path) -> "Run":
        return Run(**json.loads((folder / _FILE).read_text()))


class Remains:
    def __init__(self, folder: Path, cluster: KafkaCluster):
        self.folder = folder
        self.run = Run.read(folder)
        self.cluster = cluster
        self.topics = Topics(cluster.bootstrap)
        self.actions = [json.loads(line) for line in (folder / "actions.jsonl").read_text().splitlines()]

    def judge(self, inputs: Sequence[LoadedEvent]) -> Report:
        """`inputs`: all that stands in the input topic."""
        run, topics = self.run, self.topics
        topics.wait_until_no_transaction_is_open(run.result_topic, _TRANSACTION_SECONDS)
        processes = list(self._processes())
        report = judge(
            Evidence(
                inputs=inputs,
                outcomes=OutcomeReader(self.cluster.bootstrap, run.result_topic, topics).read(),
                requests=self._requests(),
                commits=group_commits(
                    [broker.folder / f"data-{broker.node}" for broker in self.cluster.brokers],
                    run.group,
                    run.input_topic,
                ),
                processes=processes,
                expectations=self._expectations(),
                # What a killed process had sent may still be with the gateway when the next one sends.
                in_flight_limit=len(run.instances) * CONCURRENCY * (1 if run.calm else 2),
                lag=topics.lag(run.group, run.input_topic),
                open_transactions=topics.open_transactions(run.result_topic),
                unclear_ms=[
                    (note["from_ms"], note["to_ms"]) for note in self.actions if note["what"] == "log unclear"
                ],
            )
        )
        ends = Counter(process.exit_code for process in processes)
        report.counts["processes of workers"] = len(processes)
        report.counts |= {f"ended with {code}": count for code, count in sorted(ends.items())}
        return report

    def inputs_again(self) -> list[LoadedEvent]:
        """The events follow from the seed, their places from the topic."""
        count = sum(self.topics.ends(self.run.input_topic, committed_only=False).values())
        events = list(itertools.islice(event_stream(self.run.seed), count))
        return list(events_in(self.topics, self.run.input_topic, events).values())

    def _processes(self) -> Iterator[ProcessRun]:
        for instance in self.run.instances:
            codes = self._exit_codes(instance)
            for code, log in itertools.zip_longest(codes, _numbered(self.folder / f"worker-{instance}")):
                yield run_of(instance, code, log)

    def _exit_codes(self, instance: str) -> list[int]:
        codes: list[int] = []
        is_running = False
        for note in self.actions:
            if note["target"] != instance:
                continue
            if note["what"] == "started":
                if is_running:
                    codes.append(_KILLED)
                is_running = True
            elif "exit_code" in note:
                codes.append(note["exit_code"])
                is_running = False
        return codes

    def _requests(self) -> list[dict]:
        return [line for log in _numbered(self.folder / "simulator") for line in log.refresh()]

    def _expectations(self) -> Expectations:
        run = self.run
        expectations = Expectations(
            group=run.group,
            report_policy=run.policy == "report",
            repeated_outcomes=run.mode == "at_least_once",
            no_flags=run.calm,
            one_request_each=run.calm,
        )
        changes = [note["at_us"] for note in self.actions if note["what"] == "policy"]
        if changes:
            over = [note["at_us"] for note in self.actions if note["what"] == "over"]
            expectations.report_periods_us = ((changes[-1], over[-1]),)
        return expectations


class NoRun(Exception):
    """The folder is not one that a chaotic run has left."""


def judge_again(folder: Path) -> Report:
    brokers = next((folder / "kafka").glob("try-*"), None)
    if brokers is None or not (folder / _FILE).is_file():
        raise NoRun(f"{folder} holds no run of ./dev chaos: name the folder that one was given as --dir")
    cluster = KafkaCluster.of_folder(brokers)
    try:
        cluster.start_again()
        remains = Remains(folder, cluster)
        return remains.judge(remains.inputs_again())
    finally:
        cluster.kill()


def _numbered(folder: Path) -> list[LogFile]:
    """`worker-1.log`, `requests-2.jsonl`: by their numbers."""
    numbered = [(re.search(r"-(\d+)\.(?:log|jsonl)$", path.name), path) for path in folder.iterdir()]
    return [LogFile(path) for _, path in sorted((int(found[1]), path) for found, path in numbered if found)]
