"""The supervisor's end of sd_notify(3): what systemd would hear from a service."""

import socket
import time
from pathlib import Path


class NotifySocket:
    """A datagram socket that is read; `name` is what NOTIFY_SOCKET has to say. Abstract without a path."""

    def __init__(self, path: Path | None = None, *, abstract: str = ""):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path) if path else f"\0{abstract}")
        self.name = str(path) if path else f"@{abstract}"
        self.heard: list[dict[str, str]] = []

    def __enter__(self) -> "NotifySocket":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def receive(self, seconds: float) -> dict[str, str] | None:
        """The next datagram's assignments; None if none comes in time."""
        self._socket.settimeout(seconds)
        try:
            text = self._socket.recv(4096).decode()
        except TimeoutError:
            return None
        self.heard.append(dict(line.split("=", 1) for line in text.splitlines()))
        return self.heard[-1]

    def wait_for(self, name: str, seconds: float = 60) -> dict[str, str]:
        """The next datagram that says something about `name`."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            said = self.receive(left)
            if said is not None and name in said:
                return said
        raise AssertionError(f"nothing about {name} within {seconds:g} s; heard: {self.heard}")

    def drain(self) -> None:
        """Takes what has come so far."""
        while self.receive(0.001) is not None:
            pass
