"""Generated records: `convert` and the rules written a second time say the same about each of them."""

import json
import multiprocessing
import os
from collections import defaultdict
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
        kind = self._kinds[_first_difference(wanted, found)]
        kind[0] += 1
        if kind[1] is None or len(record) < len(kind[1][1]):
            kind[1] = (number, record, wanted, found)

    def text(self) -> str:
        kinds = sorted(self._kinds.items(), key=lambda kind: len(kind[1][1][1]))
        parts = [
            f"seed {self._seed}: {self.count} records differ, in {len(kinds)} ways; the smallest of each"
        ]
        for (wanted_here, found_here), (count, (number, record, wanted, found)) in kinds[:_SHOWN_KINDS]:
            parts += [
                f"{count} × rules: {wanted_here} | convert: {found_here}; record {number}:",
                f"  {record.decode()[:_SHOWN_CHARACTERS]}",
                f"  rules    {wanted[:_SHOWN_CHARACTERS]}",
                f"  convert  {found[:_SHOWN_CHARACTERS]}",
            ]
        return "\n".join(parts)


def _first_difference(wanted: str, found: str) -> tuple[str, str]:
    """What the two say where they part: the problem, or a member of the request."""
    for ours, theirs in zip(_statements(wanted), _statements(found), strict=False):
        if ours != theirs:
            return ours, theirs
    return "all of it", "all of it and more, or less"


def _statements(line: str) -> Iterator[str]:
    parsed = json.loads(line)
    for problem in parsed.get("problems", ()):
        yield f"{problem.get('code')} at {_place(str(problem.get('pointer')))}"
    for part in sorted(parsed.get("request") or ()):
        for name, value in sorted(parsed["request"][part].items()):
            # Values differ from record to record: their kind tells enough.
            yield f"{name} {type(value).__name__} {str(value)[:12] if isinstance(value, str) else value}"
    yield f"warnings {parsed.get('warnings')}"
    yield from sorted(set(parsed) - {"problems", "request", "warnings"})
    yield "end"


def _place(pointer: str) -> str:
    """The pointer without the forms' own first steps, so that one reading is one kind."""
    for step in ("/data_base64/", "/data/", "/ly_open_message_dto/", "/ly_ding_open_para_dto/", "/caller/"):
        pointer = pointer.replace(step, "/", 1) if pointer.startswith(step) else pointer
    return pointer if len(pointer) < 60 else pointer[:60] + "…"
