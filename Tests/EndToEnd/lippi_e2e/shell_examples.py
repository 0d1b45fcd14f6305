"""Command lines that are shown to people: shell blocks of README.md and the examples of every help text."""

import re
import subprocess
from pathlib import Path

from .process import outside_environment

_EXAMPLES = "\nExamples:\n"


def readme_lines(readme: Path) -> list[str]:
    """The lines of indented blocks that are commands; continued lines are joined, comments dropped."""
    lines: list[str] = []
    text = re.sub(r"^```.*?^```$", "", readme.read_text(), flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"\\\n +", "", text)
    for line in text.splitlines():
        found = re.match(r"    (\S.*)$", line)
        command = re.sub(r"\s+#.*$", "", found[1]) if found else ""
        if _is_command(command):
            lines.append(command)
    return lines


def readme_verbs_of_dev(readme: Path) -> set[str]:
    """Every verb that the text tells the reader to use, wherever it stands."""
    return set(re.findall(r"\./dev ([a-z]+)", readme.read_text()))


def verbs(binary: Path) -> list[str]:
    """Every command, `config example` say, as the overview lists them."""
    text = _run(binary, "--help")
    rows = re.findall(r"^  (\S.*?)  +\S", text.split("[OPTIONS]")[1], re.MULTILINE)
    assert "run" in rows
    return rows


def help_examples(binary: Path, verb: str) -> list[str]:
    text = _run(binary, *verb.split(), "--help")
    lines = [line.strip() for line in text.split(_EXAMPLES)[1].splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def _is_command(line: str) -> bool:
    first = next((word for word in line.split() if "=" not in word), "")
    return first.startswith((".", "lippi-bridge")) or first.endswith(".sh")


def _run(binary: Path, *arguments: str) -> str:
    done = subprocess.run(
        [binary, *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        env=outside_environment(),
        check=True,
    )
    return done.stdout
