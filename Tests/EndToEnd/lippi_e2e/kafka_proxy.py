"""Stands between Kafka's clients and each broker, reads the frames that pass, and does harm on demand.

Brokers name the proxy's ports to their clients (`KafkaCluster(stand_before=proxy.stand_before)`), so that
nothing in an answer has to be rewritten and every client stays on it. Of a request only what every version
has at the same place is read: its length, key, version, correlation id and client id.

A fault hits requests by their key and by the client that sent them:

delay_answer   the answer comes `seconds` later, and everything behind it on this connection, too
drop_answer    the broker does what it was asked, and the client never hears of it
drop_request   neither the broker hears of it nor the client
late_request   the request does not pass; up to `seconds` later it reaches the broker on a connection of its
               own, as one that was long on its way; the client never hears of it
late_copy      the request passes and so does, later, its copy; the client hears of neither. A client that
               got an answer never sends a second copy, so this is the most that a network can do
cut_before     the connection ends in place of the request
cut_after      the connection ends when the broker has the request and has not answered
"""

import asyncio
import contextlib
import json
import random
import struct
import threading
import time
from collections import Counter
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

OFFSET_COMMIT = 8
HEARTBEAT = 12
ADD_PARTITIONS_TO_TXN = 24
ADD_OFFSETS_TO_TXN = 25
END_TXN = 26
TXN_OFFSET_COMMIT = 28
TRANSACTION_KEYS = frozenset({ADD_PARTITIONS_TO_TXN, ADD_OFFSETS_TO_TXN, END_TXN, TXN_OFFSET_COMMIT})
COMMIT_KEYS = TRANSACTION_KEYS | {OFFSET_COMMIT}

KINDS = (
    "delay_answer",
    "drop_answer",
    "drop_request",
    "late_request",
    "late_copy",
    "cut_before",
    "cut_after",
)

_FRAME_BYTES_LIMIT = 128 * 1024 * 1024
_COPY_ANSWER_SECONDS = 10
_CALL_SECONDS = 10
_HOLD_STEP_SECONDS = 0.05

Value = TypeVar("Value")


@dataclass(frozen=True)
class Fault:
    kind: str
    keys: frozenset[int] = frozenset()
    """Of requests. Empty: all."""
    rate: float = 1.0
    """The part of the matching requests that is hit."""
    seconds: float = 0.0
    count: int | None = None
    """Hits that remain. None: no limit."""
    client: str = ""
    """Only clients whose client id begins so."""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no fault is called {self.kind!r}")


@dataclass(frozen=True)
class Request:
    key: int
    version: int
    correlation: int
    client: str


def request_of(frame: bytes) -> Request:
    """`frame`: without its length."""
    key, version, correlation, length = struct.unpack_from(">hhih", frame)
    client = frame[10 : 10 + length].decode(errors="replace") if length > 0 else ""
    return Request(key, version, correlation, client)


class KafkaProxy:
    """Works in a thread of its own; every method may be called from any other thread."""

    def __init__(self, seed: int = 0, log: Path | None = None):
        self.hits: Counter[str] = Counter()
        """How often each kind of fault has hit."""
        self.copy_errors: Counter[str] = Counter()
        self._chance = random.Random(f"proxy {seed}")
        self._log = log.open("a", buffering=1) if log is not None else None
        self._faults: list[Fault] = []
        self._connections: set[_Connection] = set()
        self._copies: set[asyncio.Task] = set()
        self._servers: list[asyncio.Server] = []
        self._held_until: dict[str, float] = {}
        self._late_ones_go = asyncio.Event()
        self._late_ones_go.set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="kafka-proxy", daemon=True)
        self._thread.start()

    def __enter__(self) -> "KafkaProxy":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def stand_before(self, port: int) -> int:
        """Takes connections for the broker at `port`, which need not run yet, at the port that it returns."""

        async def listen() -> int:
            async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await _Connection(self, port, reader, writer).run()

            server = await asyncio.start_server(accept, "127.0.0.1", 0)
            self._servers.append(server)
            return server.sockets[0].getsockname()[1]

        return self._call(listen())

    def add(self, fault: Fault) -> None:
        async def add() -> None:
            self._faults.append(fault)

        self._call(add())

    def remove(self, fault: Fault) -> None:
        """Ends one fault that was added; nothing happens if its hits are used up."""

        async def remove() -> None:
            self._faults = [one for one in self._faults if replace(one, count=fault.count) != fault]

        self._call(remove())

    def clear(self) -> None:
        """Ends all faults; copies that are on their way still arrive."""

        async def clear() -> None:
            self._faults.clear()
            self._held_until.clear()

        self._call(clear())

    def cut(self, client: str = "") -> int:
        """Ends every connection of the clients whose id begins with `client`; returns how many there were."""

        async def cut() -> int:
            found = [connection for connection in self._connections if connection.client.startswith(client)]
            for connection in found:
                connection.close()
            self.note("cut", client=client, connections=len(found))
            return len(found)

        return self._call(cut())

    def hold(self, seconds: float, client: str = "") -> None:
        """Nothing passes for so long, in neither direction, and no connection ends: the network is gone."""

        async def hold() -> None:
            self._held_until[client] = time.monotonic() + seconds
            self.note("hold", client=client, seconds=seconds)

        self._call(hold())

    def keep_late_ones(self) -> None:
        """Whatever is late, or will be, waits until it is let go."""

        async def keep() -> None:
            self._late_ones_go.clear()

        self._call(keep())

    def let_late_ones_go(self) -> None:
        async def let_go() -> None:
            self._late_ones_go.set()

        self._call(let_go())

    def copies_under_way(self) -> int:
        async def count() -> int:
            return len(self._copies)

        return self._call(count())

    def close(self) -> None:
        if self._loop.is_closed():
            return

        async def end() -> None:
            for server in self._servers:
                server.close()
            for connection in list(self._connections):
                connection.close()
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        self._call(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_CALL_SECONDS)
        self._loop.close()
        if self._log is not None:
            self._log.close()

    # What follows is called in the proxy's own thread.

    def note(self, what: str, **members: object) -> None:
        self.hits[what] += 1
        if self._log is not None:
            self._log.write(json.dumps({"at": round(time.time(), 3), "what": what, **members}) + "\n")

    def strike(self, kinds: Iterable[str], request: Request) -> Fault | None:
        """The first fault of these kinds that hits the request."""
        for index, fault in enumerate(self._faults):
            if fault.kind not in kinds or fault.count == 0:
                continue
            if fault.keys and request.key not in fault.keys:
                continue
            if not request.client.startswith(fault.client) or self._chance.random() >= fault.rate:
                continue
            if fault.count is not None:
                self._faults[index] = replace(fault, count=fault.count - 1)
            self.note(fault.kind, key=request.key, version=request.version, client=request.client)
            return fault
        return None

    async def passable(self, client: str) -> None:
        while any(
            client.startswith(held) and time.monotonic() < end for held, end in self._held_until.items()
        ):
            await asyncio.sleep(_HOLD_STEP_SECONDS)

    def copy_later(self, port: int, frame: bytes, request: Request, seconds: float) -> None:
        after = self._chance.uniform(0.2, 1) * seconds
        task = self._loop.create_task(self._copy(port, frame, request, after))
        self._copies.add(task)
        task.add_done_callback(self._copies.discard)

    def opened(self, connection: "_Connection") -> None:
        self._connections.add(connection)

    def closed(self, connection: "_Connection") -> None:
        self._connections.discard(connection)

    async def _copy(self, port: int, frame: bytes, request: Request, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self._late_ones_go.wait()
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError as error:
            self.note("copy_lost", key=request.key, error=str(error))
            return
        with contextlib.closing(writer):
            try:
                writer.write(struct.pack(">i", len(frame)) + frame)
                answer = await asyncio.wait_for(_frame(reader), _COPY_ANSWER_SECONDS)
            except (OSError, EOFError, TimeoutError) as error:
                self.note("copy_unanswered", key=request.key, error=repr(error))
                return
        self.note("copy_arrived", key=request.key, client=request.client, answer=answer.hex()[:160])

    def _call(self, work: Coroutine[Any, Any, Value]) -> Value:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_CALL_SECONDS)


class _Connection:
    def __init__(
        self, proxy: KafkaProxy, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ):
        self.client = ""
        self._proxy = proxy
        self._port = port
        self._client = (reader, writer)
        self._writers = [writer]
        self._waiting: dict[int, Request] = {}
        self._muted: set[int] = set()

    async def run(self) -> None:
        self._proxy.opened(self)
        try:
            await self._proxy.passable("")
            broker = await asyncio.open_connection("127.0.0.1", self._port)
            self._writers.append(broker[1])
            pumps = [
                asyncio.create_task(self._requests(self._client[0], broker[1])),
                asyncio.create_task(self._answers(broker[0], self._client[1])),
            ]
            _, pending = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in pending:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
        except OSError:
            pass  # No broker there: the client sees its connection end.
        finally:
            self.close()
            self._proxy.closed(self)

    def close(self) -> None:
        for writer in self._writers:
            with contextlib.suppress(OSError, RuntimeError):
                writer.transport.abort()

    async def _requests(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            frame = await _frame(reader)
            request = request_of(frame)
            self.client = request.client
            await self._proxy.passable(request.client)
            if self._proxy.strike(("drop_request",), request):
                continue
            if self._proxy.strike(("cut_before",), request):
                return
            late = self._proxy.strike(("late_request", "late_copy"), request)
            if late is not None:
                self._proxy.copy_later(self._port, frame, request, late.seconds)
                if late.kind == "late_request":
                    continue
            self._waiting[request.correlation] = request
            if late is not None or self._proxy.strike(("drop_answer",), request):
                self._muted.add(request.correlation)
            writer.write(struct.pack(">i", len(frame)) + frame)
            await writer.drain()
            if self._proxy.strike(("cut_after",), request):
                # The broker reads what has arrived although the connection has ended.
                writer.close()
                await writer.wait_closed()
                return

    async def _answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            frame = await _frame(reader)
            correlation = struct.unpack_from(">i", frame)[0]
            request = self._waiting.pop(correlation, None)
            if request is not None and (delay := self._proxy.strike(("delay_answer",), request)):
                await asyncio.sleep(delay.seconds)
            await self._proxy.passable(self.client)
            if correlation in self._muted:
                self._muted.discard(correlation)
                continue
            writer.write(struct.pack(">i", len(frame)) + frame)
            await writer.drain()


async def _frame(reader: asyncio.StreamReader) -> bytes:
    length = struct.unpack(">i", await reader.readexactly(4))[0]
    if not 0 < length <= _FRAME_BYTES_LIMIT:
        raise EOFError(f"a frame of {length} bytes is none of Kafka's")
    return await reader.readexactly(length)
