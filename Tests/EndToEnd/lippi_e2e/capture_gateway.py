"""A gateway that keeps every request as it came, byte for byte, and believes anything.

It shares nothing with the simulator: what the bridge sends can be judged here by other eyes.
"""

import asyncio
import json
import threading
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass

from .gateway_client import RESPONSE

_START_SECONDS = 10
DELIVERED = {
    RESPONSE: {"result": {"success": True, "code": "200", "msg": "ok"}, "request_id": "15r7xwmd5ng0d"}
}


@dataclass(frozen=True, slots=True)
class Captured:
    """One request."""

    seconds: float
    """When it was whole, seconds since 1970."""
    head: bytes
    body: bytes

    @property
    def start_line(self) -> str:
        return self.head.split(b"\r\n", 1)[0].decode()

    @property
    def fields(self) -> list[tuple[str, str]]:
        """The head's fields, names in small letters."""
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        return [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Names and values in the order of the body. Whatever is no proper form raises."""
        pairs = []
        for part in self.body.decode("ascii").split("&"):
            name, equals, value = part.partition("=")
            if not equals:
                raise ValueError(f"a part without a value: {part!r}")
            pairs.append((_decoded(name), _decoded(value)))
        return pairs


def _decoded(text: str) -> str:
    return urllib.parse.unquote_to_bytes(text.replace("+", " ")).decode("utf-8", errors="strict")


class CaptureGateway:
    """`answer` decides what a request gets, as a JSON document; called on the gateway's own thread."""

    def __init__(self, answer: Callable[[Captured], dict] = lambda _: DELIVERED):
        self.answer = answer
        self.requests: list[Captured] = []
        self.url = ""
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="capture gateway", daemon=True)

    def __enter__(self) -> "CaptureGateway":
        self._thread.start()
        assert self._started.wait(_START_SECONDS), "the capture gateway listens"
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _serve(self) -> None:
        listening = self._loop.create_server(lambda: _Connection(self), "127.0.0.1", 0)
        server = self._loop.run_until_complete(listening)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/router/rest"
        self._started.set()
        self._loop.run_forever()
        server.close()


class _Connection(asyncio.Protocol):
    def __init__(self, gateway: CaptureGateway):
        self.gateway = gateway
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        while True:
            head, end, rest = self.received.partition(b"\r\n\r\n")
            if not end:
                return
            length = next(
                int(line.split(b":")[1])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length:")
            )
            if len(rest) < length:
                return
            self.received = rest[length:]
            request = Captured(time.time(), head, rest[:length])
            self.gateway.requests.append(request)
            body = json.dumps(self.gateway.answer(request)).encode()
            self.transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/javascript;charset=UTF-8\r\n"
                b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
            )
