"""The gateway closes connections that it holds for idle while the next request is on its way.

Nobody can know what became of such a request. It may be sent again, and then the outcome has to say so.
"""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lippi_e2e.checker import Expectations
from lippi_e2e.events import EventGenerator
from lippi_e2e.line import Line
from lippi_e2e.tls import make_certificate

_EVENTS = int(os.environ.get("LIPPI_E2E_RACE_EVENTS", "4000"))
_SEED = int(os.environ.get("LIPPI_E2E_SEED", "20"))
_EVENTS_PER_SECOND_AT_LEAST = 200
_SECONDS = 60 + _EVENTS // _EVENTS_PER_SECOND_AT_LEAST

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(_SECONDS + 60)]

_QUICK = {"retry.base": "5ms", "retry.cap": "50ms", "retry.attempts": 20}


def _knows(binary: Path, key: str) -> bool:
    example = subprocess.run([binary, "config", "example"], capture_output=True, text=True, timeout=20)
    return f"{key}:" in example.stdout


@pytest.mark.parametrize("over", ["plain", "tls"])
def test_closed_while_idle(make_line: Callable[..., Line], binary: Path, tmp_path: Path, over: str) -> None:
    options, settings = ["--seed", str(_SEED)], dict(_QUICK)
    if over == "tls":
        if not _knows(binary, "ca_file"):
            pytest.skip("this worker cannot be told which certificate to trust: it has no gateway.ca_file")
        made = make_certificate(tmp_path / "tls")
        options += made.simulator_options
        settings["gateway.ca_file"] = str(made.certificate)
    line = make_line(partitions=3, latency_ms=0, settings=settings, simulator_options=options)
    line.load(EventGenerator(seed=_SEED, conversations=200).events(_EVENTS))
    # Right behind an answer, and later: some meet the next request half-way, most an idle connection.
    line.simulator.fault("idle_close", ms=0, rate=0.1)
    line.simulator.fault("idle_close", ms=2, rate=0.5)
    # The request has arrived, and is thrown away unread.
    line.simulator.fault("close", when="before_read", rate=0.01)
    line.simulator.fault("reset", when="before_read", rate=0.01)
    line.worker.start()
    line.wait_until_done(seconds=_SECONDS)
    assert line.worker.stop() == 0

    report = line.check(Expectations(all_delivered=True))
    stats = line.simulator.stats()
    documents = [outcome.document for outcome in line.reader.outcomes]
    attempts = sum(document["attempts"] for document in documents)
    crossed = attempts - stats["complete"]
    flagged = report.counts["outcomes flagged"]
    print(
        f"  seed {_SEED}, {over}: {_EVENTS} events, {stats['accepted']} connections,"
        f" {stats['idle_closed']} closed while idle; {crossed} of {attempts} requests never read whole;"
        f" {flagged} outcomes flagged ({flagged / _EVENTS:.2%})"
    )
    assert stats["idle_closed"] > 0
    assert crossed > 0, "a close has met a request"
    # What the gateway has not read it has not executed: nothing is there twice.
    assert report.counts["messages executed more than once"] == 0
