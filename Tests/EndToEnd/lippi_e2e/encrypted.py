"""Certificates, a gateway behind TLS and a proxy, for workers that must reach the simulator through them."""

import json
import socket
import subprocess
import sys
import threading
from pathlib import Path

from .process import ended

_SCRIPT = Path(__file__).with_name("tls_gateway.py")
_STOP_SECONDS = 10

_RECIPE = """
set -e
key="ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
for name in authority stranger; do
  openssl req -x509 -newkey $key -keyout $name.key -out $name.pem -subj "/CN=$name" -days 2
done
for name in server client; do
  openssl req -newkey $key -keyout $name.key -out $name.csr -subj "/CN=$name"
  printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\\n' > $name.ext
  openssl x509 -req -in $name.csr -CA authority.pem -CAkey authority.key -days 2 \\
    -CAcreateserial -extfile $name.ext -out $name.pem
done
"""


def make_certificates(folder: Path) -> Path:
    """NAME.pem and NAME.key of `server` and `client`, signed by `authority`, and of `stranger`."""
    folder.mkdir(parents=True)
    subprocess.run(["sh", "-c", _RECIPE], cwd=folder, check=True, capture_output=True, timeout=60)
    return folder


class EncryptedGateway:
    """TLS in front of a simulator. Ends with the test, or with this process."""

    def __init__(
        self,
        certificates: Path,
        forward: int,
        *,
        asks_for_certificate: bool = False,
        version: str | None = None,
    ):
        arguments = [sys.executable, _SCRIPT, "--forward", str(forward)]
        arguments += ["--certificate", certificates / "server.pem", "--key", certificates / "server.key"]
        if asks_for_certificate:
            arguments += ["--client-ca", certificates / "authority.pem"]
        if version:
            arguments += ["--version", version]
        self.process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.port = json.loads(self.process.stdout.readline())["port"]

    def url(self, host: str = "localhost") -> str:
        return f"https://{host}:{self.port}/router/rest"

    def close(self) -> None:
        self.process.stdin.close()
        ended(self.process, _STOP_SECONDS, "the TLS gateway")
        self.process.stdout.close()

    def __enter__(self) -> "EncryptedGateway":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class TunnelProxy:
    """An HTTP proxy that knows CONNECT alone, for whoever brings the login (`Basic`, encoded)."""

    def __init__(self, login: str | None = None):
        self.login = login
        self.heads: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def close(self) -> None:
        self._listener.close()

    def __enter__(self) -> "TunnelProxy":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                byte = client.recv(1)
                if not byte:
                    return
                head += byte
            text = head.decode()
            self.heads.append(text)
            if self.login is not None and f"Proxy-Authorization: Basic {self.login}\r\n" not in text:
                client.sendall(b"HTTP/1.1 407 Login\r\nContent-Length: 0\r\n\r\n")
                return
            host, _, port = text.split(" ")[1].rpartition(":")
            with socket.create_connection((host, int(port))) as target:
                client.sendall(b"HTTP/1.1 200 Established\r\n\r\n")
                back = threading.Thread(target=_carry, args=(target, client), daemon=True)
                back.start()
                _carry(client, target)
                back.join()


def _carry(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65_536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return
