"""A certificate for 127.0.0.1, made by the `openssl` command."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

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
    done = subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", made.key, "-out", made.certificate),
        ],
        capture_output=True,
        text=True,
        timeout=_SECONDS,
    )
    if done.returncode != 0:
        raise AssertionError(f"openssl made no certificate: {done.stderr}")
    return made
