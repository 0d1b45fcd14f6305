"""Brokers that ask for names, passwords, certificates and rights: the worker delivers when it is let in,
and says what is missing when it is not."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import confluent_kafka
import pytest

from lippi_e2e.events import EventGenerator
from lippi_e2e.line import Line
from lippi_e2e.security import (
    CERTIFICATE_NAME,
    KEY_PASSWORD,
    PASSWORD,
    USER,
    SecuredCluster,
    describing,
    rights,
)

pytestmark = pytest.mark.kafka

_UNREACHABLE = 69
_REFUSED = 77
_CONFIGURATION = 78


@pytest.fixture
def make_secured_line(
    request: pytest.FixtureRequest, binary: Path, secured: SecuredCluster, tmp_path: Path
) -> Iterator[Callable[..., Line]]:
    lines: list[Line] = []

    def make(way: str, **properties: str) -> Line:
        line = Line(binary, secured.bootstrap, tmp_path / f"line-{len(lines) + 1}")
        lines.append(line)
        listener, more = _ways(secured)[way]
        line.worker.settings.update(
            {
                "kafka.bootstrap_servers": secured.bootstrap_of(listener),
                "kafka.startup_timeout": "4s",
                "kafka.properties": {**more, **properties},
            }
        )
        for key, secret in (("sasl_password", PASSWORD), ("ssl_key_password", KEY_PASSWORD)):
            if (key == "sasl_password") == ("sasl.username" in more):
                file = line.folder / key
                file.write_text(secret)
                file.chmod(0o600)
                line.worker.settings[f"kafka.{key}_file"] = str(file)
        return line

    yield make
    for line in lines:
        line.close()


@pytest.fixture
def scram_capable(
    request: pytest.FixtureRequest, binary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """librdkafka before 2.6.1 cannot do SCRAM with Kafka 4: where such a one is linked, the worker runs with
    the one that the tests' own client brings."""
    if "scram" not in request.node.callspec.params["way"] or _linked_version(binary) >= (2, 6, 1):
        return
    bundled = Path(confluent_kafka.__file__).parent.parent / "confluent_kafka.libs"
    library = next(bundled.glob("librdkafka-*.so.1"), None)
    if library is None:
        pytest.skip(
            "librdkafka before 2.6.1 cannot do SCRAM with Kafka 4, and confluent-kafka brings no library"
        )
    (tmp_path / "librdkafka.so.1").symlink_to(library)
    monkeypatch.setenv("LD_LIBRARY_PATH", f"{tmp_path}:{bundled}")


def _linked_version(binary: Path) -> tuple[int, ...]:
    said = subprocess.run([binary, "version", "--json"], capture_output=True, check=True, timeout=30).stdout
    return tuple(int(number) for number in json.loads(said)["librdkafka"].split(".")[:3])


def _ways(secured: SecuredCluster) -> dict[str, tuple[str, dict[str, str]]]:
    certificates = secured.certificates
    authority = {"ssl.ca.location": str(certificates.authority)}
    plain = {"sasl.mechanism": "PLAIN", "sasl.username": USER}
    scram = {"sasl.mechanism": "SCRAM-SHA-256", "sasl.username": USER}
    return {
        "plain": ("PASSWORDS", {"security.protocol": "sasl_plaintext", **plain}),
        "scram": ("PASSWORDS", {"security.protocol": "sasl_plaintext", **scram}),
        "scram over tls": ("LOCKED", {"security.protocol": "sasl_ssl", **scram, **authority}),
        "certificate": (
            "CERTIFICATES",
            {
                "security.protocol": "ssl",
                "ssl.certificate.location": str(certificates.client_certificate),
                "ssl.key.location": str(certificates.client_key),
                **authority,
            },
        ),
    }


def _rights(line: Line, principal: str = USER) -> dict:
    return rights(principal, line.input_topic, line.result_topic, line.group)


def _refused(line: Line, code: int, *words: str) -> str:
    line.worker.start(wait=False)
    found = line.worker.wait_for_end(40)
    said = line.worker.log.text()
    assert found == code, said
    for word in words:
        assert word in said, f"{word!r} is not in:\n{said}"
    assert PASSWORD not in said
    assert KEY_PASSWORD not in said
    assert line.simulator.requests() == []
    return said


@pytest.mark.usefixtures("scram_capable")
@pytest.mark.parametrize("way", ["plain", "scram", "scram over tls", "certificate"])
def test_the_worker_delivers(
    make_secured_line: Callable[..., Line], secured: SecuredCluster, way: str
) -> None:
    line = make_secured_line(way)
    secured.grant(_rights(line, f"CN={CERTIFICATE_NAME}" if way == "certificate" else USER).values())
    line.load(EventGenerator(seed=1, conversations=5).events(100))
    line.worker.start()
    line.wait_until_done()
    assert line.worker.stop() == 0
    line.check()
    said = line.worker.log.text()
    assert PASSWORD not in said
    assert KEY_PASSWORD not in said


@pytest.mark.parametrize("way", ["plain", "scram", "scram over tls"])
def test_a_wrong_password(make_secured_line: Callable[..., Line], way: str) -> None:
    line = make_secured_line(way)
    (line.folder / "sasl_password").write_text("wrong")
    _refused(line, _REFUSED, "refused the connection", "password")


def test_a_library_that_cannot_do_scram(make_secured_line: Callable[..., Line], binary: Path) -> None:
    if _linked_version(binary) >= (2, 6, 1):
        pytest.skip("this librdkafka can")
    line = make_secured_line("scram")
    _refused(line, _REFUSED, "SCRAM-SHA-256", "2.6.1")


def test_an_unknown_certificate_authority(
    make_secured_line: Callable[..., Line], secured: SecuredCluster
) -> None:
    line = make_secured_line(
        "scram over tls", **{"ssl.ca.location": str(secured.certificates.unknown_authority)}
    )
    _refused(line, _REFUSED, "TLS with Kafka", "ssl.ca.location")


def test_no_client_certificate(make_secured_line: Callable[..., Line]) -> None:
    line = make_secured_line("certificate")
    for name in ("ssl.certificate.location", "ssl.key.location"):
        del line.worker.settings["kafka.properties"][name]
    del line.worker.settings["kafka.ssl_key_password_file"]
    line.worker.start(wait=False)
    # The broker hangs up on who has none; with TLS 1.3 that looks like a broker that went away.
    assert line.worker.wait_for_end(40) in (_UNREACHABLE, _REFUSED)
    said = line.worker.log.text()
    assert "TLS with Kafka" in said or "No broker at" in said


def test_a_wrong_password_of_the_key(make_secured_line: Callable[..., Line]) -> None:
    line = make_secured_line("certificate")
    (line.folder / "ssl_key_password").write_text("wrong")
    _refused(line, _CONFIGURATION, "ssl.key.location")


@pytest.mark.parametrize("missing", ["Read on topic", "Write on topic", "Read on group", "Write on trans"])
def test_a_missing_right(
    make_secured_line: Callable[..., Line], secured: SecuredCluster, missing: str
) -> None:
    line = make_secured_line("plain")
    secured.grant(binding for name, binding in _rights(line).items() if not name.startswith(missing))
    # What is missing is the right to use, not the one to see.
    secured.grant(describing(USER, line.input_topic, line.result_topic, line.group))
    name = next(name for name in _rights(line) if name.startswith(missing))
    line.load(EventGenerator(seed=1, conversations=2).events(5))
    _refused(line, _REFUSED, name, "kafka-acls.sh", f"User:{USER}")


def test_a_topic_that_is_not_to_be_seen(make_secured_line: Callable[..., Line]) -> None:
    line = make_secured_line("plain")
    _refused(line, _REFUSED, f"Read on topic {line.input_topic}", "kafka-acls.sh")


def test_a_topic_that_is_missing(make_secured_line: Callable[..., Line], secured: SecuredCluster) -> None:
    line = make_secured_line("plain")
    line.worker.settings["input.topic"] = line.input_topic = f"{line.input_topic}-missing"
    secured.grant(_rights(line).values())
    _refused(line, _CONFIGURATION, line.input_topic, "kafka-topics.sh")
