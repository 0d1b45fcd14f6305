"""The way to the gateway: TLS with its certificates, proxies. Whatever is wrong with it costs no event."""

import base64
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from lippi_e2e.checker import Expectations
from lippi_e2e.encrypted import EncryptedGateway, TunnelProxy, make_certificates
from lippi_e2e.events import EventGenerator
from lippi_e2e.line import Line

pytestmark = pytest.mark.kafka

_EVENTS = 500
_CONFIGURATION = 78
_UNTOUCHED = Expectations(no_flags=True, all_delivered=True, one_request_each=True)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificates(tmp_path_factory.mktemp("tls") / "certificates")


def _loaded(make_line: Callable[..., Line]) -> Line:
    line = make_line(latency_ms=1)
    line.load(EventGenerator(seed=5, conversations=100).events(_EVENTS))
    return line


def _finish(line: Line) -> None:
    line.wait_until_done()
    assert line.worker.stop() == 0
    line.check(_UNTOUCHED)


def _simulator_port(line: Line) -> int:
    return urlsplit(line.simulator.url).port


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_client_certificate_and_proxy(
    make_line: Callable[..., Line],
    certificates: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    version: str,
) -> None:
    line = _loaded(make_line)
    (tmp_path / "proxy-password").write_text("open sesame\n")
    login = base64.b64encode(b"bridge:open sesame").decode()
    gateway = EncryptedGateway(
        certificates, _simulator_port(line), asks_for_certificate=True, version=version
    )
    with gateway, TunnelProxy(login) as proxy, TunnelProxy() as trap:
        for name in ("https_proxy", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"):
            monkeypatch.setenv(name, f"http://{trap.address}")
        monkeypatch.setenv("no_proxy", "localhost")
        line.worker.settings |= {
            "gateway.url": gateway.url(),
            "gateway.ca_file": str(certificates / "authority.pem"),
            "gateway.client_certificate_file": str(certificates / "client.pem"),
            "gateway.client_key_file": str(certificates / "client.key"),
            "gateway.proxy": f"http://{proxy.address}",
            "gateway.proxy_user": "bridge",
            "gateway.proxy_password_file": str(tmp_path / "proxy-password"),
        }
        line.worker.start()
        _finish(line)
        assert proxy.heads
        assert all(head.startswith(f"CONNECT localhost:{gateway.port} ") for head in proxy.heads)
        assert not trap.heads
    assert "sesame" not in line.worker.log.text()


def _stranger(certificates: Path) -> dict[str, object]:
    return {"gateway.ca_file": str(certificates / "stranger.pem")}


def _wrong_name(_: Path) -> dict[str, object]:
    return {"gateway.url": "https://127.0.0.2:PORT/router/rest"}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (_stranger, "unable to get local issuer certificate"),
        (_wrong_name, ""),
        (lambda _: {"gateway.proxy": "http://127.0.0.1:1"}, ""),
    ],
    ids=["stranger", "wrong_name", "dead_proxy"],
)
def test_a_way_that_is_wrong_touches_no_event(
    make_line: Callable[..., Line],
    certificates: Path,
    wrong: Callable[[Path], dict[str, object]],
    words: str,
) -> None:
    line = _loaded(make_line)
    with EncryptedGateway(certificates, _simulator_port(line)) as gateway:
        right = {
            "gateway.url": gateway.url(),
            "gateway.ca_file": str(certificates / "authority.pem"),
        }
        settings = dict(line.worker.settings)
        changes = {
            key: str(value).replace("PORT", str(gateway.port)) for key, value in wrong(certificates).items()
        }
        line.worker.settings = {**settings, **right, **changes}
        line.worker.start()
        said = line.worker.wait_for_log("gateway not reached")
        assert words in said["detail"]
        assert line.reader.count() == 0
        assert line.worker.stop() == 0
        assert line.reader.count() == 0

        line.worker.settings = {**settings, **right}
        line.worker.start()
        _finish(line)


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_a_missing_client_certificate_makes_nothing_ambiguous(
    make_line: Callable[..., Line], certificates: Path, version: str
) -> None:
    line = _loaded(make_line)
    gateway = EncryptedGateway(
        certificates, _simulator_port(line), asks_for_certificate=True, version=version
    )
    with gateway:
        line.worker.settings |= {
            "gateway.url": gateway.url("127.0.0.1"),
            "gateway.ca_file": str(certificates / "authority.pem"),
        }
        line.worker.start()
        line.worker.wait_for_log("gateway not reached")
        assert line.worker.stop() == 0

        line.worker.settings |= {
            "gateway.client_certificate_file": str(certificates / "client.pem"),
            "gateway.client_key_file": str(certificates / "client.key"),
        }
        line.worker.start()
        _finish(line)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"gateway.ca_file": "/nowhere/ca.pem"}, ["CA certificate", "/nowhere/ca.pem"]),
        ({"gateway.client_certificate_file": "/nowhere/c.pem"}, ["gateway.client_key_file"]),
        ({"gateway.client_key_file": "/nowhere/c.key"}, ["gateway.client_certificate_file"]),
        (
            {"gateway.client_certificate_file": "/nowhere/c.pem", "gateway.client_key_file": "/nowhere/k"},
            ["client certificate", "/nowhere/c.pem"],
        ),
        ({"gateway.proxy": "proxy:3128"}, ["gateway.proxy", "socks5h"]),
        ({"gateway.proxy": "http://proxy"}, ["gateway.proxy", "no valid port"]),
        ({"gateway.proxy": "http://me:hush@proxy:1"}, ["gateway.proxy_user"]),
        ({"gateway.proxy_user": "me"}, ["gateway.proxy_user", "gateway.proxy"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)
def test_what_cannot_work_ends_the_start(
    make_line: Callable[..., Line], changes: dict[str, object], words: list[str]
) -> None:
    line = make_line()
    line.worker.settings |= changes
    line.worker.start(wait=False)
    assert line.worker.wait_for_end(60) == _CONFIGURATION
    said = line.worker.log.text()
    for word in words:
        assert word in said
    assert "hush" not in said
