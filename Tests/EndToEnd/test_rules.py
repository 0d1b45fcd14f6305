"""`gateway.rules`: what the configuration lays over the table by which answers are judged, and `rules`."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lippi_e2e.checker import Expectations
from lippi_e2e.events import EventGenerator
from lippi_e2e.line import Line
from lippi_e2e.process import outside_environment
from lippi_e2e.worker import write_configuration

_SECONDS = 30
_USAGE, _CONFIGURATION = 64, 78
_PAGE = Path(__file__).parents[2] / "docs" / "error-rules.md"
_SYSTEM_ERROR = {"result_code": "400001", "class": "temporary"}


@pytest.fixture
def rules(binary: Path, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [binary, "rules", *arguments],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            cwd=tmp_path,
            env={**outside_environment(), **environment},
        )

    return run


def _table(done: subprocess.CompletedProcess[str]) -> dict:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_page_is_what_the_program_says(rules) -> None:
    """Written by `./dev docs`."""
    done = rules("--markdown")
    assert done.returncode == 0, done.stderr
    assert _PAGE.read_text() == done.stdout


def test_without_a_configuration_the_built_in_table_is_shown(rules) -> None:
    table = _table(rules("--json"))
    assert "+" not in table["version"]
    assert {rule["from"] for rule in table["rules"]} == {"built_in"}
    assert all(rule["meaning"] and rule["place"] is None for rule in table["rules"])
    text = rules().stdout
    assert text.startswith(f"rules {table['version']}: ")
    lines = text.splitlines()[3:]
    assert len(lines) == len(table["rules"])
    for line, rule in zip(lines, table["rules"], strict=True):
        assert line.startswith(str(rule["number"]))
        for word in (rule["class"], rule["effect"], rule["answers"], rule["meaning"], "built in"):
            assert word in line


def test_rules_of_a_file_stand_in_front_and_name_their_line(rules, tmp_path: Path) -> None:
    file = tmp_path / "bridge.yaml"
    file.write_text(
        """gateway:
  rules:
    - {result_code: 400001, class: temporary}
    - {code: 98, class: refused}
"""
    )
    table = _table(rules("--config", file, "--json"))
    assert re.fullmatch(r"[0-9-]+\+[0-9a-f]{6}", table["version"])
    first, second = table["rules"][:2]
    assert (first["class"], first["effect"], first["from"]) == ("temporary", "unknown", "configuration")
    assert first["place"] == f"{file}:3:7"
    assert second["place"] == f"{file}:4:7"
    overridden = [rule for rule in table["rules"] if rule["overridden_by"]]
    assert [rule["answers"] for rule in overridden] == ["success false, result_code 400001"]
    assert overridden[0]["overridden_by"] == [f"{file}:3:7"]
    assert f"overridden by {file}:3:7" in rules("--config", file).stdout


def test_the_same_rules_have_the_same_version_wherever_they_stand(rules, tmp_path: Path) -> None:
    text = json.dumps([_SYSTEM_ERROR])
    write_configuration(tmp_path / "bridge.yaml", {"gateway.rules": [_SYSTEM_ERROR]})
    versions = {
        _table(done)["version"]
        for done in (
            rules("--json", "--config", tmp_path / "bridge.yaml"),
            rules("--json", "--set", f"gateway.rules={text}"),
            rules("--json", LIPPI_BRIDGE_GATEWAY_RULES=text),
        )
    }
    assert len(versions) == 1
    other = _table(rules("--json", "--set", 'gateway.rules=[{"code":1,"class":"temporary"}]'))["version"]
    assert other not in versions


def test_every_fault_is_told_at_once_with_place_and_suggestion(rules, tmp_path: Path) -> None:
    file = tmp_path / "bridge.yaml"
    file.write_text(
        """gateway:
  rules:
    - {result_cod: "400001", class: temporry}
    - code: 21-x
      class: unknown
      effect: none
    - {sub_code: isv.busy}
"""
    )
    done = rules("--config", file)
    assert done.returncode == _CONFIGURATION
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    places = [line.removeprefix(f"{file}:").split(": ")[0] for line in lines]
    assert places == ["3:8", "3:30", "4:7", "6:7", "7:7"]
    assert "rule 1 has no member result_cod" in lines[0]
    assert lines[0].endswith("did you mean result_code?")
    assert lines[1].endswith("did you mean temporary?")
    assert 'rule 2 has code "21-x"' in lines[2]
    assert "rule 2 has effect none with class unknown" in lines[3]
    assert "rule 3 has no class" in lines[4]


def test_a_rule_that_no_answer_reaches_is_a_fault(rules) -> None:
    shadowed = [{"code": "1-9", "class": "temporary"}, {"code": 7, "class": "refused"}]
    done = rules("--set", f"gateway.rules={json.dumps(shadowed)}")
    assert done.returncode == _CONFIGURATION
    assert "rule 2 is never reached: all of its answers go to rule 1 (code 1-9)" in done.stderr


def test_run_refuses_what_rules_refuses(binary: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [binary, "run", "--set", 'gateway.rules=[{"code":7,"class":"temporry"}]'],
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        cwd=tmp_path,
        env=outside_environment(),
    )
    assert done.returncode == _CONFIGURATION
    assert "did you mean temporary?" in done.stderr


@pytest.mark.parametrize("other", ["--json", "--set=gateway.rules=[]", "--config=x"])
def test_the_page_takes_no_configuration(rules, other: str) -> None:
    assert rules("--markdown", other).returncode == _USAGE


@pytest.mark.kafka
@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({**_SYSTEM_ERROR, "effect": "none"}, Expectations(no_flags=True, all_delivered=True)),
        (_SYSTEM_ERROR, Expectations(all_delivered=True)),
    ],
    ids=["promised", "in doubt"],
)
def test_a_refusal_becomes_temporary(
    make_line: Callable[..., Line], rules, rule: dict, expected: Expectations
) -> None:
    """The backend's SYSTEM_ERROR is repeated; without the promise of effect none the repeat is flagged."""
    line = make_line(
        partitions=3,
        latency_ms=2,
        settings={"retry.base": "20ms", "retry.attempts": 20, "gateway.rules": [rule]},
    )
    line.load(EventGenerator(seed=51, conversations=50).events(500))
    line.simulator.fault("answer", result_code="400001", delivered=False, rate=0.2, count=60)
    line.worker.start()
    line.wait_until_done()
    line.check(expected)
    documents = [outcome.document for outcome in line.reader.outcomes]
    version = _table(rules("--json", "--config", line.worker.folder / "lippi-bridge.yaml"))["version"]
    assert "+" in version
    assert {document["bridge"]["rules"] for document in documents} == {version}
    repeated = [document for document in documents if document["attempts"] > 1]
    assert repeated
    assert all(document["possible_duplicate"] == ("effect" not in rule) for document in repeated)
