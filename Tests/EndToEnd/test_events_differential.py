"""Generated records: `convert` and the rules written a second time say the same about each of them."""

import json
import multiprocessing
import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from lippi_e2e import event_generator
from lippi_e2e.convert import INVALID_EXIT, ConvertFailed, canonical, convert_file, unnumbered
from lippi_e2e.event_rules import also_right

_DEFAULT_COUNT = 30_000
_CHUNK = 500
_SECONDS_PER_100_000 = 120
_SHOWN_KINDS = 12
_SHOWN_CHARACTERS = 1500


def _seed() -> int:
    return int(os.environ.get("LIPPI_E2E_SEED", "20"))


def _count() -> int:
    return int(os.environ.get("LIPPI_E2E_DIFFERENTIAL", str(_DEFAULT_COUNT)))


def _chunk(task: tuple[int, int, int]) -> list[tuple[str, str]]:
    """Records as lines, each with what is to be said about it."""
    seed, start, count = task
    made = event_generator.records(seed, count, start)
    return [(json.dumps(record), canonical(event_generator.judged(record))) for record in made]


def _write(seed: int, count: int, records: Path, expected: Path) -> None:
    tasks = [(seed, start, min(_CHUNK, count - start)) for start in range(0, count, _CHUNK)]
    with (
        records.open("w") as record_lines,
        expected.open("w") as expected_lines,
        multiprocessing.get_context("fork").Pool(os.cpu_count()) as pool,
    ):
        for chunk in pool.imap(_chunk, tasks):
            record_lines.writelines(f"{record}\n" for record, _ in chunk)
            expected_lines.writelines(f"{wanted}\n" for _, wanted in chunk)


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        for line in file:
            yield line.rstrip(b"\n")


def test_same_verdict(binary: Path, tmp_path: Path) -> None:
    seed, count = _seed(), _count()
    records, expected, output = (tmp_path / name for name in ("records", "expected", "output"))
    _write(seed, count, records, expected)
    code = convert_file(binary, records, output, 30 + count * _SECONDS_PER_100_000 / 100_000)

    differences = _Differences(seed)
    any_invalid, number = False, 0
    for number, (record, wanted, line) in enumerate(
        zip(_lines(records), _lines(expected), _lines(output), strict=False), start=1
    ):
        try:
            found = canonical(unnumbered(line, number))
        except (ValueError, ConvertFailed) as fault:
            found = json.dumps({"no line of convert": str(fault)})
        any_invalid = any_invalid or wanted.startswith(b'{"problems"')
        if found.encode() != wanted and not _also_right(record, found):
            differences.add(number - 1, record, wanted.decode(), found)
    assert differences.count == 0, differences.text()
    assert number == count, f"seed {seed}: {number} lines for {count} records"
    assert code == (INVALID_EXIT if any_invalid else 0)
    for file in (records, expected, output):
        file.unlink()


def _also_right(record: bytes, found: str) -> bool:
    return also_right(event_generator.as_record(json.loads(record)), json.loads(found))


class _Differences:
    """Counts them by kind and keeps the smallest record of each kind."""

    def __init__(self, seed: int):
        self.count = 0
        self._seed = seed
        self._kinds: dict[tuple[str, str], list] = defaultdict(lambda: [0, None])

    def add(self, number: int, record: bytes, wanted: str, found: str) -> None:
        self.count += 1
        kind = self._kinds[_difference(wanted, found)]
        kind[0] += 1
        if kind[1] is None or len(record) < len(kind[1][1]):
            kind[1] = (number, record, wanted, found)

    def text(self) -> str:
        kinds = sorted(self._kinds.items(), key=lambda kind: len(kind[1][1][1]))
        parts = [f"seed {self._seed}: {self.count} records differ; the smallest of {len(kinds)} kinds"]
        for (wanted_here, found_here), (count, (number, record, wanted, found)) in kinds[:_SHOWN_KINDS]:
            parts += [
                f"{count} × rules: {wanted_here} | convert: {found_here}; record {number}:",
                f"  {record.decode()[:_SHOWN_CHARACTERS]}",
                f"  rules    {wanted[:_SHOWN_CHARACTERS]}",
                f"  convert  {found[:_SHOWN_CHARACTERS]}",
            ]
        return "\n".join(parts)


def _difference(wanted: str, found: str) -> tuple[str, str]:
    """What only one of the two says, as far as it tells one kind of difference from another."""
    ours, theirs = _statements(json.loads(wanted)), _statements(json.loads(found))
    if ours == theirs:
        return "all of it", "all of it in another order, elsewhere or with other values"
    return _list(ours - theirs), _list(theirs - ours)


def _list(statements: Counter[str]) -> str:
    return ", ".join(sorted(statements)) or "nothing more"


def _statements(line: dict) -> Counter[str]:
    """Problems without their places: those differ from record to record."""
    said = Counter(str(problem.get("code")) for problem in line.get("problems", ()))
    for part, members in (line.get("request") or {}).items():
        said.update(f"{part}.{name} ({type(value).__name__})" for name, value in members.items())
    said.update(f"warning {text}" for text in line.get("warnings", ()))
    said.update(f"a member {name}" for name in line.keys() - {"problems", "warnings"})
    return said
