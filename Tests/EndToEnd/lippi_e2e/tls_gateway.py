"""A gateway behind TLS, for tests: what it does to a request is told by the request's path.

Runs by itself with Python's standard library alone:

    python3 tls_gateway.py --certificate server.pem --key server.key

With --forward PORT it answers nothing itself and carries the bytes on to that port of this machine.

The first line on stdout is {"port": N}; it ends when its standard input does. Every answer's body says what
the handshake was: {"connection", "connections", "version", "reused", "client", "name", "count"}.

    /router/rest    a good answer
    /torn/N         the first N bytes of it, then close_notify and the end
    /cut/N          the first N bytes of it, then the end without close_notify
    /stall          no answer
    /unread         no answer, and nothing is read any more
    /refuse         413 before the body is read, which then never is
    /bytes/N        a body of N bytes
    /pieces/N       a good answer in TLS records of N bytes
    /leave          a good answer, then the end
    /late/MS        a good answer after so many milliseconds
    /update         a good answer, then another that nobody asked for
"""

import argparse
import asyncio
import contextlib
import json
import socket
import ssl
import sys
import warnings
from pathlib import Path

SUCCESS = '"alibaba_lyservice_lippi_message_send_response":{"result":{"success":true,"code":"0"}}'


class Gateway:
    def __init__(self):
        self.connection_count = 0


class Connection(asyncio.Protocol):
    def __init__(self, gateway: Gateway):
        self.gateway = gateway
        self.input = bytearray()
        self.request_count = 0
        self.is_deaf = False
        self.head_end = -1
        self.request_end = 0

    def connection_made(self, transport):
        self.transport = transport
        self.gateway.connection_count += 1
        self.number = self.gateway.connection_count
        secured = transport.get_extra_info("ssl_object")
        self.facts = ""
        if secured is not None:
            certificate = transport.get_extra_info("peercert") or {}
            subject = dict(pair for group in certificate.get("subject", ()) for pair in group)
            self.facts = (
                f',"version":"{secured.version()}","reused":{json.dumps(secured.session_reused)}'
                f',"client":"{subject.get("commonName", "")}"'
                f',"name":"{getattr(secured, "asked_name", None) or ""}"'
            )

    def data_received(self, data):
        self.input += data
        while not self.is_deaf and self.take_request():
            pass

    def take_request(self) -> bool:
        if self.head_end < 0:
            end = self.input.find(b"\r\n\r\n")
            if end < 0:
                return False
            self.head_end = end + 4
            head = bytes(self.input[: self.head_end])
            self.path = head.split(b" ", 2)[1].decode()
            length = head.lower().split(b"content-length: ", 1)[1].split(b"\r\n", 1)[0]
            self.request_end = self.head_end + int(length)
        action, _, argument = self.path[1:].partition("/")
        if action in ("unread", "refuse"):
            self.is_deaf = True
            self.transport.pause_reading()
            if action == "refuse":
                self.transport.write(self.answer(status=413))
            return False
        if len(self.input) < self.request_end:
            return False
        del self.input[: self.request_end]
        self.head_end = -1
        self.request_count += 1
        self.act(action, argument)
        return True

    def act(self, action: str, argument: str):
        answer = self.answer()
        match action:
            case "torn":
                self.transport.write(answer[: int(argument)])
                self.transport.close()
            case "cut":
                self.transport.write(answer[: int(argument)])
                self.transport.abort()
            case "stall":
                pass
            case "bytes":
                self.transport.write(self.answer("x" * int(argument)))
            case "pieces":
                size = int(argument)
                for start in range(0, len(answer), size):
                    self.transport.write(answer[start : start + size])
            case "leave":
                self.transport.write(answer)
                self.transport.close()
            case "late":
                loop = asyncio.get_running_loop()
                loop.call_later(int(argument) / 1_000, self.transport.write, answer)
            case "update":
                self.transport.write(answer + answer)
            case _:
                self.transport.write(answer)

    def answer(self, body: str | None = None, status: int = 200) -> bytes:
        if body is None:
            body = (
                f'{{"connection":{self.number},"connections":{self.gateway.connection_count}'
                f',"count":{self.request_count}{self.facts},{SUCCESS}}}'
            )
        head = f"HTTP/1.1 {status} X\r\nContent-Type: text/javascript;charset=UTF-8\r\n"
        return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()


class Relay(asyncio.Protocol):
    """One side of a connection that is carried on; what comes in goes out on the other side."""

    def __init__(self, other: "Relay | None" = None, forward: int = 0):
        self.other = other
        self.forward = forward
        self.transport = None
        self.early = bytearray()

    def connection_made(self, transport):
        self.transport = transport
        if self.other is None:
            self.other = Relay(self)
            loop = asyncio.get_running_loop()
            self.opening = loop.create_task(
                loop.create_connection(lambda: self.other, "127.0.0.1", self.forward)
            )
        else:
            transport.write(bytes(self.other.early))

    def data_received(self, data):
        if self.other.transport is None:
            self.early += data
        else:
            self.other.transport.write(data)

    def connection_lost(self, _):
        if self.other.transport is not None:
            self.other.transport.close()


VERSIONS = {
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}


def secured(arguments: argparse.Namespace) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(arguments.certificate, arguments.key)
    # HTTP/2 is there for whoever asks for it.
    made.set_alpn_protocols(["h2", "http/1.1"])
    if arguments.version:
        warnings.simplefilter("ignore", DeprecationWarning)
        made.minimum_version = made.maximum_version = VERSIONS[arguments.version]
    if arguments.version == "1.1":
        made.set_ciphers("ALL:@SECLEVEL=0")
    if arguments.client_ca:
        made.verify_mode = ssl.CERT_REQUIRED
        made.load_verify_locations(arguments.client_ca)

    def name_asked(connection, name, _):
        connection.asked_name = name

    made.sni_callback = name_asked
    return made


async def serve(arguments: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda *_: None)
    gateway = Gateway()
    listener = socket.create_server((arguments.host, arguments.port), backlog=4_096)
    # Small, so that what nobody reads soon stands in the client.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    server = await loop.create_server(
        lambda: Relay(forward=arguments.forward) if arguments.forward else Connection(gateway),
        sock=listener,
        backlog=4_096,
        ssl=secured(arguments) if arguments.certificate else None,
    )
    print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
    ended = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), lambda: sys.stdin.buffer.read1() or ended.set())
    await ended.wait()
    server.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--forward", type=int)
    parser.add_argument("--certificate", type=Path)
    parser.add_argument("--key", type=Path)
    parser.add_argument("--client-ca", type=Path)
    parser.add_argument("--version", choices=VERSIONS)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
