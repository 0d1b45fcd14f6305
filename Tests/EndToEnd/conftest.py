"""Fixtures: the built binary, one broker for the whole session, lines of topics, gateway and worker."""

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lippi_e2e.kafka import KafkaCluster, KafkaUnavailable, kafka_home
from lippi_e2e.line import Line
from lippi_e2e.process import open_descriptors
from lippi_e2e.security import SecuredCluster
from lippi_e2e.simulator import Simulator
from lippi_e2e.worker import default_binary

_lines_of_test = pytest.StashKey[list[Line]]()
# What may be left behind by a file of tests: a client of the session's brokers that is made with them, say.
_DESCRIPTORS_LEFT_LIMIT = 20


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    try:
        kafka_home()
    except KafkaUnavailable as reason:
        skip = pytest.mark.skip(reason=str(reason))
        for item in items:
            if item.get_closest_marker("kafka"):
                item.add_marker(skip)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Iterator[None]:
    result = yield
    report = result.get_result()
    if report.when == "call" and report.failed:
        for line in item.stash.get(_lines_of_test, []):
            report.sections.append(("folder", str(line.folder)))
            for log in line.worker.logs:
                report.sections.append(("worker", log.tail(40)))
            report.sections.append(("simulator", line.simulator.errors.tail()))


@pytest.fixture(autouse=True, scope="module")
def nothing_is_left_open() -> Iterator[None]:
    """A process runs hundreds of tests: what each of them leaves open, a client of Kafka say, adds up until
    there is no descriptor left for a later test, which has nothing to do with it."""
    before = open_descriptors()
    yield
    gc.collect()
    after = open_descriptors()
    assert after <= before + _DESCRIPTORS_LEFT_LIMIT, (
        f"{after - before} descriptors are open that were not before this file's tests: close what they open"
    )


@pytest.fixture(scope="session")
def binary() -> Path:
    """The bridge. Its absence is a failure and no reason to skip: these tests are about nothing else."""
    found = default_binary()
    if not found.is_file():
        pytest.fail(f"{found} does not exist: build it first (./dev build), or set LIPPI_E2E_BINARY")
    return found


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaCluster]:
    with KafkaCluster(tmp_path_factory.mktemp("kafka")) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredCluster]:
    with SecuredCluster(tmp_path_factory.mktemp("secured")) as cluster:
        yield cluster


@pytest.fixture
def make_line(
    request: pytest.FixtureRequest, binary: Path, kafka: KafkaCluster, tmp_path: Path
) -> Iterator[Callable[..., Line]]:
    """Makes lines on the session's broker; they are closed at the end of the test."""
    lines: list[Line] = request.node.stash.setdefault(_lines_of_test, [])

    def make(**choices: object) -> Line:
        line = Line(binary, kafka.bootstrap, tmp_path / f"line-{len(lines) + 1}", **choices)
        lines.append(line)
        return line

    yield make
    for line in lines:
        line.close()
    # Pytest keeps the test for the rest of the session: its lines, with all that they have read, shall go.
    del request.node.stash[_lines_of_test]


@pytest.fixture
def simulator(binary: Path, tmp_path: Path) -> Iterator[Simulator]:
    running = Simulator(binary, tmp_path / "simulator").start()
    yield running
    running.kill()
