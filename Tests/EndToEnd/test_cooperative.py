"""`kafka.assignment: cooperative-sticky`: refused with a library that cannot do it; with another one
members come and go, and nothing is lost, doubled or out of order."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import confluent_kafka
import pytest

from lippi_e2e.checker import Expectations
from lippi_e2e.events import EventGenerator
from lippi_e2e.line import Line
from lippi_e2e.waiting import until

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

_CONFIGURATION = 78
_SECONDS = 60
_COOPERATIVE = {"kafka.assignment": "cooperative-sticky"}


def _linked_version(binary: Path) -> tuple[int, ...]:
    said = subprocess.run([binary, "version", "--json"], capture_output=True, check=True, timeout=30).stdout
    return tuple(int(number) for number in json.loads(said)["librdkafka"].split(".")[:3])


@pytest.fixture
def cooperative_library(binary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where an old librdkafka is linked, the worker runs with the one that the tests' own client brings."""
    if _linked_version(binary) >= (2, 6, 1):
        return
    bundled = Path(confluent_kafka.__file__).parent.parent / "confluent_kafka.libs"
    library = next(bundled.glob("librdkafka-*.so.1"), None)
    if library is None:
        pytest.skip("librdkafka before 2.6.1 is linked, and confluent-kafka brings no other")
    (tmp_path / "librdkafka.so.1").symlink_to(library)
    monkeypatch.setenv("LD_LIBRARY_PATH", f"{tmp_path}:{bundled}")
    if _linked_version(binary) < (2, 6, 1):
        pytest.skip("confluent-kafka's librdkafka is too old, too")


def test_an_old_library_is_refused(make_line: Callable[..., Line], binary: Path) -> None:
    if _linked_version(binary) >= (2, 6, 1):
        pytest.skip("this librdkafka can")
    line = make_line(settings=_COOPERATIVE)
    line.worker.start(wait=False)
    assert line.worker.wait_for_end(30) == _CONFIGURATION
    said = line.worker.log.text()
    assert "kafka.assignment" in said
    assert "2.6.1" in said


def _partitions(worker: object, count: int) -> None:
    """Waits until the last assignment of the worker has so many partitions, all of them started."""

    def has() -> bool:
        assigned = worker.logged("assigned")
        if not assigned or len(assigned[-1]["partitions"].split()) != count:
            return False
        epoch = assigned[-1]["epoch"]
        started = [row for row in worker.logged("partition started") if row["epoch"] == epoch]
        return len(started) == count

    until(
        has,
        _SECONDS,
        f"{count} partitions are assigned and started",
        guard=worker.assert_running,
        explain=lambda: worker.log.tail(40),
    )


@pytest.mark.usefixtures("cooperative_library")
@pytest.mark.parametrize("policy", ["resend", "report"])
def test_members_come_and_go(make_line: Callable[..., Line], policy: str) -> None:
    settings = _COOPERATIVE | {"ambiguous.policy": policy, "gateway.concurrency": 16}
    line = make_line(partitions=6, latency_ms=20, settings=settings)
    line.load(EventGenerator(seed=50, conversations=300).events(5_000))
    line.worker.start()
    _partitions(line.worker, 6)
    line.wait_for_outcomes(100)
    second = line.another_worker("two").start()
    _partitions(second, 3)
    _partitions(line.worker, 3)
    line.wait_for_outcomes(line.reader.count() + 200)
    assert second.stop() == 0
    _partitions(line.worker, 6)
    line.wait_until_done()
    assert line.worker.stop() == 0
    line.check(Expectations(no_flags=True, all_delivered=True, one_request_each=True))


@pytest.mark.usefixtures("cooperative_library")
def test_a_member_is_killed(make_line: Callable[..., Line]) -> None:
    line = make_line(partitions=6, latency_ms=40, settings=_COOPERATIVE | {"gateway.concurrency": 4})
    line.load(EventGenerator(seed=51, conversations=300).events(4_000))
    line.worker.start()
    _partitions(line.worker, 6)
    second = line.another_worker("two").start()
    _partitions(second, 3)
    line.wait_for_outcomes(line.reader.count() + 200)
    second.kill()
    line.wait_until_done()
    assert line.worker.stop() == 0
    line.check(Expectations(all_delivered=True))
