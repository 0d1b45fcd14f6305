"""Two builds, one after the other on one group with work under way: what one commits, the other takes up.

Needs the program of an earlier commit (`LIPPI_E2E_EARLIER_BINARY`), or builds it, which takes minutes: only
`./dev test --deploy` asks for that. `LIPPI_E2E_EARLIER` names the commit."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lippi_e2e.checker import Expectations
from lippi_e2e.events import EventGenerator
from lippi_e2e.line import Line
from lippi_e2e.worker import default_binary

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(1800)]

_ROOT = Path(__file__).parents[2]
_EVENTS = 6_000
# Recovery log, configuration and outcomes were already those of the first release.
_EARLIER = "14ab136"


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    named = os.environ.get("LIPPI_E2E_EARLIER_BINARY")
    if named:
        return Path(named)
    if os.environ.get("LIPPI_E2E_DEBIAN") != "1":
        pytest.skip("builds an earlier commit, which takes minutes: ./dev test --deploy")
    commit = os.environ.get("LIPPI_E2E_EARLIER", _EARLIER)
    folder = tmp_path_factory.mktemp("earlier")
    tree = folder / "tree"
    _git("worktree", "add", "--detach", tree, commit)
    try:
        build = ["swift", "build", "-c", "release", "--product", "lippi-bridge"]
        subprocess.run([*build, "--scratch-path", folder / "build"], cwd=tree, check=True, timeout=1500)
    finally:
        _git("worktree", "remove", "--force", tree)
    return folder / "build" / "release" / "lippi-bridge"


def _git(*words: object) -> None:
    subprocess.run(["git", "-C", str(_ROOT), *map(str, words)], check=True, timeout=60)


def _knows(schema: dict, key: str) -> bool:
    for part in key.split("."):
        schema = schema.get("properties", {}).get(part)
        if schema is None:
            return False
    return True


def _swap(line: Line, binary: Path, settings: dict[str, object]) -> None:
    """Each reads strictly: an earlier one is given the keys that it has."""
    printed = subprocess.run([binary, "config", "schema"], capture_output=True, timeout=30, check=True).stdout
    schema = json.loads(printed)
    line.worker.settings = {key: value for key, value in settings.items() if _knows(schema, key)}
    assert "kafka.bootstrap_servers" in line.worker.settings
    line.worker.binary = binary
    line.worker.start(wait=False)


@pytest.mark.parametrize("orderly", [True, False], ids=["stopped", "killed"])
def test_up_and_down_again_with_work_under_way(
    make_line: Callable[..., Line], earlier: Path, orderly: bool
) -> None:
    line = make_line(latency_ms=40, settings={"gateway.concurrency": 128})
    line.load(EventGenerator(seed=71, conversations=600).events(_EVENTS))
    later = default_binary()
    assert earlier.read_bytes() != later.read_bytes(), "two builds, or this test shows nothing"
    settings = dict(line.worker.settings)
    # Old, new, old, new: each takes up what the other has left.
    for number, binary in enumerate([earlier, later, earlier]):
        _swap(line, binary, settings)
        line.wait_for_outcomes((number + 1) * _EVENTS // 5, seconds=120)
        if orderly:
            assert line.worker.stop() == 0
        else:
            line.worker.kill()
        assert line.lag() > 0, "there must be work left for the next one"
    _swap(line, later, settings)
    line.wait_until_done(seconds=150)
    assert line.worker.stop() == 0
    line.check(Expectations(all_delivered=True, no_flags=orderly, one_request_each=orderly))
