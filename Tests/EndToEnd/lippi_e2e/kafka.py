"""Apache Kafka on this machine: one or three brokers (KRaft, each also a controller) from `KAFKA_HOME`."""

import contextlib
import os
import random
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from .process import LogFile, OwnedProcess, ended, kill_if_running, output_of, spawn
from .waiting import until

_START_SECONDS = 90
_STOP_SECONDS = 15
_FORMAT_SECONDS = 60
# Below the range from which the kernel takes the local ports of outgoing connections: one of those could
# otherwise sit on a broker's port just when the broker is restarted.
_PORTS = range(20_000, 32_000)
_PROXIED = "PROXIED"


class KafkaUnavailable(Exception):
    """Why no broker can be started here."""


def kafka_home() -> Path:
    named = os.environ.get("KAFKA_HOME", "")
    if not named:
        raise KafkaUnavailable("KAFKA_HOME is not set; let it name an unpacked Apache Kafka (3.7 or later)")
    home = Path(named).resolve()
    for script in ("kafka-storage.sh", "kafka-server-start.sh"):
        if not os.access(home / "bin" / script, os.X_OK):
            raise KafkaUnavailable(f"KAFKA_HOME={named} holds no bin/{script}; it must be an Apache Kafka")
    if shutil.which("java") is None and not os.environ.get("JAVA_HOME"):
        raise KafkaUnavailable("Apache Kafka needs Java 17: neither `java` in PATH nor JAVA_HOME")
    return home


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on right now. Somebody may be quicker: a caller must stand a second try."""
    found: list[int] = []
    while len(found) < count:
        port = random.SystemRandom().choice(_PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in found:
            found.append(port)
    return found


@dataclass
class Broker(OwnedProcess):
    """One broker with its own data folder."""

    home: Path
    folder: Path
    node: int
    port: int
    heap: str
    more_ports: dict[str, int] = field(default_factory=dict)
    """By the name of the listener."""
    proxy_port: int | None = None
    """Where clients of the proxied listener are sent."""
    process: subprocess.Popen | None = field(default=None)

    @property
    def properties_file(self) -> Path:
        return self.folder / f"broker-{self.node}.properties"

    @property
    def title(self) -> str:
        return f"broker {self.node}"

    @property
    def log(self) -> LogFile:
        return LogFile(self.folder / f"broker-{self.node}.log")

    @property
    def output(self) -> LogFile:
        return self.log

    def start(self) -> None:
        with self.log.path.open("ab") as log:
            self.process = spawn(
                [self.home / "bin" / "kafka-server-start.sh", self.properties_file],
                stdout=log,
                stderr=subprocess.STDOUT,
                environment={
                    "KAFKA_HEAP_OPTS": self.heap,
                    "LOG_DIR": str(self.folder / f"broker-{self.node}-logs"),
                },
            )

    def stop(self) -> None:
        if self.running:
            self.process.terminate()
            ended(self.process, _STOP_SECONDS, self.title)

    def kill(self) -> None:
        kill_if_running(self.process)

    def pause(self) -> None:
        self.assert_running()
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.assert_running()
        self.process.send_signal(signal.SIGCONT)


class KafkaCluster:
    """One or three brokers in `folder`. `start()` returns when all of them answer a client."""

    def __init__(
        self,
        folder: Path,
        *,
        brokers: int = 1,
        heap: str = "-Xms256m -Xmx384m",
        extra: dict[str, str] | None = None,
        listeners: dict[str, str] | None = None,
        stand_before: Callable[[int], int] | None = None,
    ):
        """`listeners`: more than the plain one, name to security protocol; set up by `extra`.
        `stand_before`: takes the port of a further plain listener of each broker and returns the port that
        the broker names to clients in its place, so that they stay on a proxy (`proxied_bootstrap`)."""
        self.home = kafka_home()
        self.folder = folder
        self.heap = heap
        self.extra = extra or {}
        self.listeners = dict(listeners or {})
        self.stand_before = stand_before
        if stand_before is not None:
            self.listeners[_PROXIED] = "PLAINTEXT"
        self.count = brokers
        self.brokers: list[Broker] = []

    @property
    def bootstrap(self) -> str:
        return ",".join(f"127.0.0.1:{broker.port}" for broker in self.brokers)

    def bootstrap_of(self, listener: str) -> str:
        return ",".join(f"127.0.0.1:{broker.more_ports[listener]}" for broker in self.brokers)

    @property
    def proxied_bootstrap(self) -> str:
        return ",".join(f"127.0.0.1:{broker.proxy_port}" for broker in self.brokers)

    def __enter__(self) -> "KafkaCluster":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        tries = 3
        for attempt in range(1, tries + 1):
            self._lay_out(self.folder / f"try-{attempt}")
            try:
                self.start_again()
                return
            except AssertionError:
                taken = any("Address already in use" in broker.log.text() for broker in self.brokers)
                self.kill()
                if not taken or attempt == tries:
                    raise

    @classmethod
    def of_folder(cls, folder: Path) -> "KafkaCluster":
        """The cluster whose data an earlier one has left in `folder`, on the ports that it had."""
        cluster = cls(folder)
        files = sorted(folder.glob("broker-*.properties"))
        for node, file in enumerate(files, 1):
            plain = re.search(r"^listeners=PLAINTEXT://127\.0\.0\.1:(\d+)", file.read_text(), re.MULTILINE)
            cluster.brokers.append(Broker(cluster.home, folder, node, int(plain[1]), cluster.heap))
        cluster.count = len(files)
        return cluster

    def start_again(self) -> None:
        """All brokers, each on its own data."""
        for broker in self.brokers:
            broker.start()
        self.wait_until_it_answers()

    def wait_until_it_answers(self) -> None:
        """Each running broker answers at its own address and knows of all the others."""
        running = [broker for broker in self.brokers if broker.running]
        for broker in running:
            admin = AdminClient({"bootstrap.servers": f"127.0.0.1:{broker.port}", "log_level": 0})
            until(
                partial(_knows, admin, len(running)),
                _START_SECONDS,
                f"broker {broker.node} answers and knows {len(running)} brokers",
                every=0.1,
                guard=broker.assert_running,
            )

    def restart(self, index: int) -> None:
        """Starts one broker again on its own data."""
        self.brokers[index].start()
        self.wait_until_it_answers()

    def stop(self) -> None:
        """SIGTERM to all at once. The last ones may wait for a quorum that is gone: they are killed."""
        for broker in self.brokers:
            if broker.running:
                broker.process.terminate()
        for broker in self.brokers:
            if broker.running:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    broker.process.wait(timeout=_STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        for broker in self.brokers:
            broker.kill()

    def _lay_out(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        ports = free_ports((2 + len(self.listeners)) * self.count)
        client_ports, controller_ports = ports[: self.count], ports[self.count : 2 * self.count]
        more_ports = iter(ports[2 * self.count :])
        voters = ",".join(f"{i + 1}@127.0.0.1:{port}" for i, port in enumerate(controller_ports))
        self.brokers = [
            Broker(
                self.home,
                folder,
                node=i + 1,
                port=port,
                heap=self.heap,
                more_ports={name: next(more_ports) for name in self.listeners},
            )
            for i, port in enumerate(client_ports)
        ]
        if self.stand_before is not None:
            for broker in self.brokers:
                broker.proxy_port = self.stand_before(broker.more_ports[_PROXIED])
        cluster_id = self._storage("random-uuid").strip().splitlines()[-1]
        for broker, controller_port in zip(self.brokers, controller_ports, strict=True):
            properties = self._properties(broker, controller_port, voters)
            broker.properties_file.write_text("".join(f"{k}={v}\n" for k, v in properties.items()))
            self._storage("format", "-t", cluster_id, "-c", str(broker.properties_file))

    def _properties(self, broker: Broker, controller_port: int, voters: str) -> dict[str, str]:
        replicas = str(self.count)
        in_sync = "2" if self.count > 1 else "1"
        more = {name: f"{name}://127.0.0.1:{port}" for name, port in broker.more_ports.items()}
        named = dict(more)
        if broker.proxy_port is not None:
            named[_PROXIED] = f"{_PROXIED}://127.0.0.1:{broker.proxy_port}"
        protocols = {"PLAINTEXT": "PLAINTEXT", "CONTROLLER": "PLAINTEXT", **self.listeners}
        plain = f"PLAINTEXT://127.0.0.1:{broker.port}"
        controller = f"CONTROLLER://127.0.0.1:{controller_port}"
        return {
            "process.roles": "broker,controller",
            "node.id": str(broker.node),
            "listeners": ",".join([plain, controller, *more.values()]),
            "advertised.listeners": ",".join([plain, *named.values()]),
            "listener.security.protocol.map": ",".join(f"{k}:{v}" for k, v in protocols.items()),
            "inter.broker.listener.name": "PLAINTEXT",
            "controller.listener.names": "CONTROLLER",
            "controller.quorum.voters": voters,
            "log.dirs": str(broker.folder / f"data-{broker.node}"),
            "auto.create.topics.enable": "false",
            "default.replication.factor": replicas,
            "min.insync.replicas": in_sync,
            "offsets.topic.replication.factor": replicas,
            "offsets.topic.num.partitions": "4",
            "transaction.state.log.replication.factor": replicas,
            "transaction.state.log.min.isr": in_sync,
            "transaction.state.log.num.partitions": "4",
            # Newer brokers keep a topic for share groups; older ones do not know these two and only say so.
            "share.coordinator.state.topic.replication.factor": replicas,
            "share.coordinator.state.topic.min.isr": in_sync,
            # A killed process's transaction ends soon after its time-out instead of within ten seconds.
            "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
            "group.initial.rebalance.delay.ms": "0",
            **self.extra,
        }

    def _storage(self, *arguments: str) -> str:
        return output_of(
            [self.home / "bin" / "kafka-storage.sh", *arguments],
            _FORMAT_SECONDS,
            {"LOG_DIR": str(self.folder / "storage-logs")},
        )


def _knows(admin: AdminClient, count: int) -> bool:
    try:
        metadata = admin.list_topics(timeout=2)
    except KafkaException:
        return False
    return len(metadata.brokers) >= count and metadata.controller_id >= 0
