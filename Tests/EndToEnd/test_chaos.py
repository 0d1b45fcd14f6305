"""Everything fails at once, for a minute, and the promise is checked; and late copies of transactional
requests, which harm whoever goes on with the same producer."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from lippi_e2e.chaos import Chaos, main, parse
from lippi_e2e.chaos_evidence import judge_again
from lippi_e2e.chaos_plan import Action
from lippi_e2e.checker import Report
from lippi_e2e.delivery_check import table
from lippi_e2e.kafka import KafkaCluster
from lippi_e2e.kafka_proxy import (
    ADD_OFFSETS_TO_TXN,
    ADD_PARTITIONS_TO_TXN,
    END_TXN,
    TRANSACTION_KEYS,
    TXN_OFFSET_COMMIT,
    Fault,
    KafkaProxy,
)
from lippi_e2e.topics import Topics
from lippi_e2e.waiting import until

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(600)]

_SECONDS = 60
_GROUP = "a-group"
_TOPIC = "in"


def chaos(binary: Path, folder: Path, *options: str, plan: list[Action] | None = None) -> Report:
    with Chaos(parse([*options, "--dir", str(folder), "--binary", str(binary)])) as run:
        if plan is not None:
            run.plan = plan
        report = run.run()
    print(f"\n{report.text()}\n{table(report)}")
    return report


@pytest.mark.parametrize(
    "options",
    [
        ["--seed", "1", "--policy", "half"],
        ["--seed", "2", "--mode", "at_least_once"],
    ],
    ids=["exactly once", "at least once"],
)
def test_everything_fails_and_the_promise_holds(
    binary: Path, tmp_path: Path, options: list[str]
) -> None:
    report = chaos(binary, tmp_path, "--minutes", "0.6", "--workers", "2", *options)
    assert report.ok, report.text()


def test_a_broker_whose_disk_is_full(binary: Path, tmp_path: Path) -> None:
    plan = [Action(5.0, "full_disk", "0", 3.0)]
    report = chaos(binary, tmp_path, "--minutes", "0.5", "--workers", "1", plan=plan)
    assert report.ok, report.text()
    actions = [json.loads(line) for line in (tmp_path / "actions.jsonl").read_text().splitlines()]
    assert [action["gave_up"] for action in actions if action["what"] == "disk full"] == [True]


def test_a_rolling_restart_leaves_no_flag(binary: Path, tmp_path: Path) -> None:
    report = chaos(binary, tmp_path, "--minutes", "0.3", "--calm", "--static")
    assert report.ok, report.text()
    assert report.counts["outcomes flagged"] == 0
    assert report.counts["ended with 0"] == 6
    again = judge_again(tmp_path)
    assert again.ok, again.text()
    assert again.counts["outcomes"] == report.counts["outcomes"] > 0


def test_a_folder_without_a_run_is_not_judged(
    binary: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in (tmp_path, tmp_path / "not there"):
        assert main(["--judge", "--dir", str(folder), "--binary", str(binary)]) == 64
        assert f"{folder} holds no run" in capsys.readouterr().err


def test_late_copies_change_nothing_for_the_bridge(binary: Path, tmp_path: Path) -> None:
    """Answers of transactional requests are lost, and copies come when the next transactions are open."""
    plan = []
    keys = [TXN_OFFSET_COMMIT, END_TXN, ADD_OFFSETS_TO_TXN, ADD_PARTITIONS_TO_TXN]
    for number, at in enumerate(range(3, 38, 2)):
        kind = ("late_copy", "late_request")[number // len(keys) % 2]
        fault = {"kind": kind, "keys": [keys[number % len(keys)]], "count": 1, "seconds": 9.0}
        plan.append(Action(float(at), "fault", "proxy", 30.0, fault))
    report = chaos(binary, tmp_path, "--minutes", "0.8", "--workers", "1", plan=plan)
    assert report.ok, report.text()
    assert report.counts["proxy: copy_arrived"] >= 10


def test_requests_for_partitions_go_unanswered_again_and_again(binary: Path, tmp_path: Path) -> None:
    """At the start already, in its first trial: the client library must not be led into its own assertion."""
    fault = {"kind": "drop_answer", "keys": [ADD_PARTITIONS_TO_TXN], "count": 2}
    plan = [Action(at, "fault", "proxy", 6.9, fault) for at in (0.0, 8.0, 15.0)]
    report = chaos(binary, tmp_path, "--minutes", "0.5", "--workers", "1", plan=plan)
    assert report.ok, report.text()
    assert report.counts["processes of workers"] == 1


# The same without the bridge's care: one producer that goes on.


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[KafkaProxy, KafkaCluster]]:
    with (
        KafkaProxy() as proxy,
        KafkaCluster(tmp_path_factory.mktemp("proxied"), stand_before=proxy.stand_before) as cluster,
    ):
        Topics(cluster.bootstrap).create(_TOPIC, 1)
        yield proxy, cluster


class Committer:
    """Commits offsets in transactions, as the bridge does, with as little as that takes."""

    def __init__(self, cluster: KafkaCluster, group: str):
        self.cluster = cluster
        self.group = group
        connection = {"bootstrap.servers": cluster.proxied_bootstrap, "log_level": 0}
        self.consumer = Consumer({**connection, "group.id": group})
        self.producer = self.new_producer(connection)

    def new_producer(self, connection: dict | None = None) -> Producer:
        connection = connection or {"bootstrap.servers": self.cluster.proxied_bootstrap, "log_level": 0}
        self.producer = Producer(
            {
                **connection,
                "transactional.id": self.group,
                "socket.timeout.ms": 1000,
                "transaction.timeout.ms": 30_000,
            }
        )
        self.producer.init_transactions(_SECONDS)
        return self.producer

    def begin(self, offset: int) -> None:
        self.producer.begin_transaction()
        places = [TopicPartition(_TOPIC, 0, offset)]
        metadata = self.consumer.consumer_group_metadata()
        _insist(lambda: self.producer.send_offsets_to_transaction(places, metadata, _SECONDS))

    def commit(self) -> None:
        _insist(lambda: self.producer.commit_transaction(_SECONDS))

    def abort(self) -> None:
        _insist(lambda: self.producer.abort_transaction(_SECONDS))

    def committed(self) -> int | None:
        return Topics(self.cluster.bootstrap).progress(self.group, _TOPIC)[0].committed


def _insist(call) -> None:
    while True:
        try:
            call()
            return
        except KafkaException as error:
            if not error.args[0].retriable():
                raise


@pytest.mark.parametrize("renewed", [False, True], ids=["same producer", "new producer"])
def test_a_late_offset_commit_moves_the_next_one_back(
    proxied: tuple[KafkaProxy, KafkaCluster], renewed: bool
) -> None:
    proxy, cluster = proxied
    committer = Committer(cluster, f"{_GROUP}-offsets-{renewed}")
    committer.begin(10)
    committer.commit()
    with _one_late(proxy, TXN_OFFSET_COMMIT):
        committer.begin(20)
        committer.commit()
        assert committer.committed() == 20
        if renewed:
            committer.new_producer()
        committer.begin(30)
    committer.commit()
    until(
        lambda: committer.committed() in ({30} if renewed else {20}),
        _SECONDS,
        "the late copy changes what the next transaction commits, unless the producer is a new one",
    )


@pytest.mark.parametrize("renewed", [False, True], ids=["same producer", "new producer"])
def test_a_late_end_commits_the_next_transaction_before_it_is_aborted(
    proxied: tuple[KafkaProxy, KafkaCluster], renewed: bool
) -> None:
    proxy, cluster = proxied
    committer = Committer(cluster, f"{_GROUP}-end-{renewed}")
    committer.begin(10)
    with _one_late(proxy, END_TXN):
        committer.commit()
        if renewed:
            committer.new_producer()
        committer.begin(20)
    # With the late end the transaction is committed, and there is nothing left to abort.
    with contextlib.suppress(KafkaException):
        committer.abort()
    expected = 10 if renewed else 20
    until(lambda: committer.committed() == expected, _SECONDS, f"{expected} is committed")


@contextlib.contextmanager
def _one_late(proxy: KafkaProxy, key: int) -> Iterator[None]:
    """The first request of this kind has no answer; its copy arrives at the end of the block."""
    assert key in TRANSACTION_KEYS
    arrived = proxy.hits["copy_arrived"]
    proxy.keep_late_ones()
    proxy.add(Fault("late_copy", frozenset({key}), count=1))
    yield
    assert proxy.copies_under_way() == 1
    proxy.let_late_ones_go()
    until(lambda: proxy.hits["copy_arrived"] > arrived, _SECONDS, "the late copy has arrived")
