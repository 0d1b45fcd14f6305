"""A certificate for 127.0.0.1, made by the `openssl` command."""

from dataclasses import dataclass
from pathlib import Path

from .process import output_of

_SECONDS = 30


@dataclass(frozen=True)
class Certificate:
    certificate: Path
    key: Path

    @property
    def simulator_options(self) -> list[str | Path]:
        return ["--tls-cert", self.certificate, "--tls-key", self.key]


def make_certificate(folder: Path) -> Certificate:
    folder.mkdir(parents=True, exist_ok=True)
    made = Certificate(folder / "cert.pem", folder / "key.pem")
    output_of(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", made.key, "-out", made.certificate),
        ],
        _SECONDS,
    )
    return made
