"""The proxy before a broker: each of its faults, seen from both ends, and real clients that stay on it."""

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from lippi_e2e.kafka import KafkaCluster
from lippi_e2e.kafka_proxy import END_TXN, HEARTBEAT, Fault, KafkaProxy, request_of
from lippi_e2e.topics import Topics
from lippi_e2e.waiting import until

_SECONDS = 10


def frame(key: int, correlation: int, client: str = "me", body: bytes = b"") -> bytes:
    name = client.encode()
    head = struct.pack(">hhih", key, 3, correlation, len(name)) + name
    return struct.pack(">i", len(head) + len(body)) + head + body


class EchoBroker:
    """Answers every request with its correlation id, and keeps what it got, by connection."""

    def __init__(self) -> None:
        self.requests: list[tuple[int, bytes]] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection, self.connections), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with connection, contextlib.suppress(OSError), connection.makefile("rb") as stream:
            while head := stream.read(4):
                request = stream.read(struct.unpack(">i", head)[0])
                self.requests.append((number, request))
                connection.sendall(struct.pack(">i", 4) + request[4:8])


class Client:
    def __init__(self, port: int):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=_SECONDS)
        self.stream = self.socket.makefile("rb")

    def send(self, key: int, correlation: int, client: str = "me") -> None:
        self.socket.sendall(frame(key, correlation, client))

    def answer(self) -> int | None:
        """The correlation id of the next answer; None: the connection has ended."""
        try:
            head = self.stream.read(8)
        except ConnectionError:
            return None
        return struct.unpack(">ii", head)[1] if head else None

    def ask(self, key: int, correlation: int, client: str = "me") -> int | None:
        self.send(key, correlation, client)
        return self.answer()


@pytest.fixture
def broker() -> Iterator[EchoBroker]:
    running = EchoBroker()
    yield running
    running.close()


@pytest.fixture
def proxy() -> Iterator[KafkaProxy]:
    with KafkaProxy(seed=1) as running:
        yield running


@pytest.fixture
def client(broker: EchoBroker, proxy: KafkaProxy) -> Client:
    return Client(proxy.stand_before(broker.port))


def test_the_head_of_a_request_is_read() -> None:
    request = request_of(frame(26, 77, "bridge", b"rest")[4:])
    assert (request.key, request.version, request.correlation, request.client) == (26, 3, 77, "bridge")
    nameless = request_of(struct.pack(">hhih", 18, 0, 1, -1))
    assert (nameless.key, nameless.client) == (18, "")


def test_without_faults_everything_passes(client: Client, broker: EchoBroker) -> None:
    assert [client.ask(3, number) for number in range(50)] == list(range(50))
    assert len(broker.requests) == 50


def test_a_dropped_answer_was_a_request(client: Client, broker: EchoBroker, proxy: KafkaProxy) -> None:
    proxy.add(Fault("drop_answer", frozenset({END_TXN}), count=1))
    client.send(END_TXN, 1)
    assert client.ask(HEARTBEAT, 2) == 2
    assert client.ask(END_TXN, 3) == 3
    assert len(broker.requests) == 3
    assert proxy.hits["drop_answer"] == 1


def test_a_dropped_request_never_was(client: Client, broker: EchoBroker, proxy: KafkaProxy) -> None:
    proxy.add(Fault("drop_request", frozenset({END_TXN})))
    client.send(END_TXN, 1)
    assert client.ask(HEARTBEAT, 2) == 2
    proxy.clear()
    assert client.ask(END_TXN, 3) == 3
    assert len(broker.requests) == 2


def test_a_late_copy_comes_on_another_connection(
    client: Client, broker: EchoBroker, proxy: KafkaProxy
) -> None:
    proxy.add(Fault("late_copy", frozenset({END_TXN}), seconds=0.1))
    client.send(END_TXN, 1)
    until(lambda: len(broker.requests) == 2, _SECONDS, "the copy arrives")
    (one, first), (other, second) = broker.requests
    assert first == second
    assert one != other
    until(lambda: proxy.hits["copy_arrived"] == 1, _SECONDS, "the copy's answer is swallowed")
    assert proxy.copies_under_way() == 0
    # Nothing of either reaches the client.
    assert client.ask(HEARTBEAT, 2) == 2


def test_a_late_request_is_one(client: Client, broker: EchoBroker, proxy: KafkaProxy) -> None:
    proxy.add(Fault("late_request", frozenset({END_TXN}), seconds=0.1))
    client.send(END_TXN, 1)
    assert client.ask(HEARTBEAT, 2) == 2
    until(lambda: proxy.hits["copy_arrived"] == 1, _SECONDS, "the request arrives")
    numbers = [number for number, request in broker.requests if request_of(request).key == END_TXN]
    assert len(numbers) == 1
    assert client.ask(HEARTBEAT, 3) == 3


@pytest.mark.parametrize(("kind", "arrived"), [("cut_before", 0), ("cut_after", 1)])
def test_a_cut_connection(
    client: Client, broker: EchoBroker, proxy: KafkaProxy, kind: str, arrived: int
) -> None:
    proxy.add(Fault(kind, frozenset({END_TXN})))
    assert client.ask(HEARTBEAT, 1) == 1
    assert client.ask(END_TXN, 2) is None
    until(lambda: len(broker.requests) == 1 + arrived, _SECONDS, "the broker has what it gets")


def test_only_the_named_client_is_hit(broker: EchoBroker, proxy: KafkaProxy) -> None:
    port = proxy.stand_before(broker.port)
    one, other = Client(port), Client(port)
    proxy.add(Fault("cut_before", client="one"))
    assert other.ask(3, 1, "other") == 1
    assert one.ask(3, 1, "one") is None
    assert proxy.cut("other") == 1
    assert other.answer() is None


def test_a_held_connection_goes_on_afterwards(client: Client, broker: EchoBroker, proxy: KafkaProxy) -> None:
    assert client.ask(3, 1) == 1
    proxy.hold(600)
    client.send(3, 2)
    client.socket.settimeout(0.3)
    with pytest.raises(TimeoutError):
        client.socket.recv(1)
    assert len(broker.requests) == 1
    proxy.clear()
    client.socket.settimeout(_SECONDS)
    assert struct.unpack(">ii", client.socket.recv(8, socket.MSG_WAITALL))[1] == 2


def test_a_delayed_answer_comes(client: Client, proxy: KafkaProxy) -> None:
    proxy.add(Fault("delay_answer", frozenset({3}), seconds=0.2, count=1))
    assert [client.ask(3, 1), client.ask(3, 2)] == [1, 2]
    assert proxy.hits["delay_answer"] == 1


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="no fault"):
        Fault("explode")


@pytest.mark.kafka
def test_real_clients_stay_on_the_proxy(tmp_path: Path) -> None:
    with (
        KafkaProxy(seed=1) as proxy,
        KafkaCluster(tmp_path, stand_before=proxy.stand_before) as cluster,
    ):
        Topics(cluster.bootstrap).create("t", 1)
        producer = Producer({"bootstrap.servers": cluster.proxied_bootstrap, "enable.idempotence": True})
        known = producer.list_topics(timeout=_SECONDS).brokers.values()
        assert {f"{broker.host}:{broker.port}" for broker in known} == {cluster.proxied_bootstrap}
        for number in range(20):
            producer.produce("t", str(number))
            if number == 10:
                producer.flush(_SECONDS)
                assert proxy.cut() > 0
        assert producer.flush(_SECONDS) == 0
        consumer = Consumer({"bootstrap.servers": cluster.proxied_bootstrap, "group.id": "g"})
        consumer.assign([TopicPartition("t", 0, 0)])
        found = [message.value() for message in consumer.consume(20, timeout=_SECONDS)]
        consumer.close()
        assert found == [str(number).encode() for number in range(20)]
