"""`lippi-bridge convert --records`: the decoder without Kafka and without a gateway."""

import json
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from .process import outside_environment

INVALID_EXIT = 65


class ConvertFailed(AssertionError):
    """The command ended as no set of records explains."""


def convert(
    binary: Path, records: Iterable[dict], options: Sequence[str] = (), seconds: float = 60
) -> list[dict[str, object]]:
    """The output's lines for these records, in their order, without their numbers."""
    text = "".join(json.dumps(record) + "\n" for record in records).encode()
    result = subprocess.run(
        _command(binary, options),
        input=text,
        capture_output=True,
        timeout=seconds,
        env=outside_environment(),
        check=False,
    )
    lines = [unnumbered(line, number) for number, line in enumerate(result.stdout.splitlines(), start=1)]
    _check_exit(result.returncode, any("problems" in line for line in lines), result.stderr)
    return lines


def convert_file(binary: Path, records: Path, output: Path, seconds: float) -> int:
    """The same from file to file, for many records. Returns the exit code."""
    with records.open("rb") as source, output.open("wb") as target:
        result = subprocess.run(
            _command(binary, ()),
            stdin=source,
            stdout=target,
            stderr=subprocess.PIPE,
            timeout=seconds,
            env=outside_environment(),
            check=False,
        )
    if result.returncode not in (0, INVALID_EXIT):
        raise ConvertFailed(f"exit code {result.returncode}: {_tail(result.stderr)}")
    return result.returncode


def unnumbered(line: bytes, number: int) -> dict[str, object]:
    """A line of output; it must be the line of record `number`, and name no member twice."""
    parsed = json.loads(line, object_pairs_hook=_object)
    if parsed.pop("line", None) != number:
        raise ConvertFailed(f"line {number} of the output is {line[:200]!r}")
    return parsed


def canonical(line: dict[str, object]) -> str:
    """Equal exactly if two lines say the same: 1, 1.0 and true differ, the order of members is nothing."""
    return json.dumps(line, sort_keys=True)


def _command(binary: Path, options: Sequence[str]) -> list[str]:
    return [str(binary), "convert", "--records", *options]


def _check_exit(code: int, any_invalid: bool, errors: bytes) -> None:
    expected = INVALID_EXIT if any_invalid else 0
    if code != expected:
        raise ConvertFailed(f"exit code {code}, not {expected}: {_tail(errors)}")


def _tail(errors: bytes) -> str:
    return errors[-2000:].decode(errors="replace")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ConvertFailed(f"a name stands twice among {[name for name, _ in pairs]}")
    return found
