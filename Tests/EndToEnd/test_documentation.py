"""What the documentation claims about the project's own files is so."""

import re
import subprocess
from pathlib import Path

import pytest

from lippi_e2e.member_forms import CONTENT_TYPES

_ROOT = Path(__file__).parents[2]


def _pages() -> list[Path]:
    git = ["git", "-C", _ROOT, "ls-files", "*.md"]
    listed = subprocess.run(git, capture_output=True, text=True, check=True)
    return [_ROOT / name for name in listed.stdout.splitlines()]


@pytest.mark.parametrize("page", _pages(), ids=lambda page: str(page.relative_to(_ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```$|`[^`\n]*`", "", page.read_text(), flags=re.M | re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not target.startswith(("http://", "https://", "#", "mailto:")):
            assert (page.parent / target.split("#")[0]).exists(), target


def test_every_place_that_contributing_names_is_there() -> None:
    text = (_ROOT / "CONTRIBUTING.md").read_text()
    named = re.findall(r"`((?:Sources|Tests|config|deploy|docs)/[\w./+-]+)`", text)
    assert len(named) > 15
    for name in named:
        assert (_ROOT / name).exists(), name
    # The names in those places.
    for name, place in re.findall(r"`(\w+)(?:\.\w+)?` in `([\w./+-]+)`", text):
        assert re.search(rf"\b{name}\b", (_ROOT / place).read_text()), f"{name} is not in {place}"
    # Files without their folder.
    files = {path.name for folder in ("Sources", "Tests") for path in (_ROOT / folder).rglob("*.*")}
    for name in re.findall(r"`([\w+-]+\.(?:swift|py))`", text):
        assert name in files or (_ROOT / name).exists(), name
    for place in re.findall(r"^\| an? [^|]+\|([^|]+)\|", text, re.M):
        assert re.search(r"`(?:Sources|Tests|deploy|Package)[\w./+-]+`", place), place


def test_the_page_of_events_names_every_content_type() -> None:
    page = (_ROOT / "docs" / "events.md").read_text()
    (row,) = re.findall(r"^\| `content_type` \|.*$", page, re.M)
    assert f"`{' '.join(CONTENT_TYPES)}`" in row
    assert f"1 to {max(CONTENT_TYPES.values())} " in row


def test_the_runbook_knows_every_reason_why_events_wait() -> None:
    def reasons(name: str, heading: str) -> set[str]:
        section = (_ROOT / "docs" / name).read_text().split(f"## {heading}\n")[1].split("\n## ")[0]
        return set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\|([^|]+)\|", section, re.M))))

    listed = reasons("metrics.md", "Why events wait")
    assert len(listed) > 10
    assert reasons("runbook.md", "Stalled") == listed


def test_architecture_lists_every_target_with_what_it_imports() -> None:
    package = (_ROOT / "Package.swift").read_text()
    page = (_ROOT / "docs" / "architecture.md").read_text()
    rows = dict(re.findall(r"^\| `([\w -]+)` \|.*\|([^|]*)\|$", page, re.M))
    for name, dependencies in re.findall(r'library\(\s*"(\w+)",\s*\[([^\]]*)\]', package):
        assert name in rows, name
        assert set(re.findall(r'"(\w+)"', dependencies)) == set(re.findall(r"\w+", rows[name])), name
    listed = set(" ".join(rows).split())
    folders = {path.name for path in (_ROOT / "Sources").iterdir() if path.is_dir()}
    assert folders == listed
