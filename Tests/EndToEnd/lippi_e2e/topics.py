"""Topics, their ends, and a consumer group's progress, as an administrator's client sees them."""

from collections.abc import Iterable
from dataclasses import dataclass

from confluent_kafka import Consumer, IsolationLevel, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    OffsetSpec,
    ResourceType,
)

from .waiting import until

_ANSWER_SECONDS = 30


@dataclass(frozen=True)
class Progress:
    """One partition of a group: where it stands, and where the log ends."""

    committed: int | None
    """None: the group has committed nothing for this partition."""
    end: int

    @property
    def lag(self) -> int:
        return self.end - (self.committed or 0)


class Topics:
    def __init__(self, bootstrap: str):
        self.bootstrap = bootstrap
        self._admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
        self._members: dict[str, Consumer] = {}

    def close(self) -> None:
        """Ends the connections. Each client has threads and some ten descriptors."""
        for member in self._members.values():
            member.close()
        self._members.clear()
        # It has no call that ends it: it goes with the last who holds it.
        self._admin = None

    def create(self, name: str, partitions: int, replicas: int = 1, **settings: str | int) -> None:
        """Creates a topic and waits until every partition has a leader. Settings: underscores for dots."""
        topic = NewTopic(
            name,
            num_partitions=partitions,
            replication_factor=replicas,
            config={key.replace("_", "."): str(value) for key, value in settings.items()},
        )
        self._admin.create_topics([topic])[name].result(timeout=_ANSWER_SECONDS)

        def led() -> bool:
            known = self._admin.list_topics(topic=name, timeout=_ANSWER_SECONDS).topics.get(name)
            return (
                known is not None
                and known.error is None
                and len(known.partitions) == partitions
                and all(p.error is None and p.leader >= 0 for p in known.partitions.values())
            )

        until(led, _ANSWER_SECONDS, f"every partition of {name} has a leader")

    def partitions(self, topic: str) -> list[int]:
        return sorted(self._admin.list_topics(topic=topic, timeout=_ANSWER_SECONDS).topics[topic].partitions)

    def ends(self, topic: str, *, committed_only: bool) -> dict[int, int]:
        """The offset behind the last record of each partition; `committed_only`: of the last one that a
        read_committed reader may see already."""
        level = IsolationLevel.READ_COMMITTED if committed_only else IsolationLevel.READ_UNCOMMITTED
        wanted = {TopicPartition(topic, p): OffsetSpec.latest() for p in self.partitions(topic)}
        answers = self._admin.list_offsets(wanted, isolation_level=level, request_timeout=_ANSWER_SECONDS)
        return {tp.partition: answer.result(timeout=_ANSWER_SECONDS).offset for tp, answer in answers.items()}

    def open_transactions(self, topic: str) -> list[int]:
        """Partitions that hold records of a transaction that has not ended."""
        everything = self.ends(topic, committed_only=False)
        visible = self.ends(topic, committed_only=True)
        return [partition for partition in everything if visible[partition] < everything[partition]]

    def wait_until_no_transaction_is_open(self, topic: str, seconds: float = 30) -> None:
        until(
            lambda: not self.open_transactions(topic),
            seconds,
            f"no transaction is open in {topic}",
            explain=lambda: f"open in partitions {self.open_transactions(topic)}",
        )

    def progress(self, group: str, topic: str) -> dict[int, Progress]:
        ends = self.ends(topic, committed_only=False)
        committed = self._committed(group, topic, ends)
        return {
            partition: Progress(
                committed=committed[partition].offset
                if partition in committed and committed[partition].offset >= 0
                else None,
                end=end,
            )
            for partition, end in ends.items()
        }

    def lag(self, group: str, topic: str) -> int:
        return sum(partition.lag for partition in self.progress(group, topic).values())

    def committed(self, group: str, topic: str, partitions: Iterable[int]) -> int:
        """The sum of the group's committed offsets: a measure of progress."""
        found = self._committed(group, topic, partitions)
        return sum(max(0, partition.offset) for partition in found.values())

    def _committed(self, group: str, topic: str, partitions: Iterable[int]) -> dict[int, TopicPartition]:
        # Not by the administrator's client: while the coordinator loads or moves, its call ends the process
        # (librdkafka 2.16: rd_kafka_handle_OffsetFetch has no group to refresh there).
        wanted = [TopicPartition(topic, partition) for partition in partitions]
        found = self._member(group).committed(wanted, timeout=_ANSWER_SECONDS)
        return {tp.partition: tp for tp in found if tp.error is None}

    def _member(self, group: str) -> Consumer:
        """A client that could join the group, and never does."""
        if group not in self._members:
            self._members[group] = Consumer(
                {
                    "bootstrap.servers": self.bootstrap,
                    "group.id": group,
                    "enable.auto.commit": False,
                    "log_level": 0,
                }
            )
        return self._members[group]


def alter_setting(bootstrap: str, kind: ResourceType, name: str, setting: str, value: str) -> None:
    """Sets one setting of a topic or a broker, and returns when the brokers have heard of it."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    entry = ConfigEntry(setting, value, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(kind, name, incremental_configs=[entry])
    for future in admin.incremental_alter_configs([resource]).values():
        future.result(timeout=_ANSWER_SECONDS)

    # The controller has it; a broker hears of it a moment later.
    def is_known() -> bool:
        (described,) = admin.describe_configs([ConfigResource(kind, name)]).values()
        return described.result(timeout=_ANSWER_SECONDS)[setting].value == value

    until(is_known, _ANSWER_SECONDS, f"{setting} of {name} is {value}")
