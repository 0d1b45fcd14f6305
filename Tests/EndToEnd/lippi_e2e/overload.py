"""Ten times as many events as the gateway takes: memory must stay what it was, and nothing may be dropped."""

import json
import time
from pathlib import Path

from .checker import Expectations, check
from .kafka import KafkaCluster
from .line import Line
from .process import rss_of
from .steady_load import SteadyLoad

_CONCURRENCY = 4
_LATENCY_MS = 40
_TIMES = 10
_GROWTH_LIMIT_BYTES = 4 * 2**20
_SAMPLE_SECONDS = 1.0


def overload(binary: Path, folder: Path, minutes: float, seed: int) -> int:
    """Returns an exit code; the figures go to stdout and to `overload.json`."""
    capacity = _CONCURRENCY * 1000 / _LATENCY_MS
    with (
        KafkaCluster(folder / "kafka") as cluster,
        Line(
            binary,
            cluster.bootstrap,
            folder,
            latency_ms=_LATENCY_MS,
            settings={"gateway.concurrency": _CONCURRENCY},
        ) as line,
    ):
        line.worker.start()
        load = SteadyLoad(
            cluster.bootstrap, line.input_topic, seed=seed, rate=capacity * _TIMES, bad_share=0
        )
        load.start()
        samples = []
        began = time.monotonic()
        while time.monotonic() - began < minutes * 60:
            time.sleep(_SAMPLE_SECONDS)
            line.worker.assert_running()
            samples.append(rss_of(line.worker.process.pid))
        load.stop()
        lag = line.lag()
        code = line.worker.stop()
        inputs = load.loaded(line.topics)
        outcomes = line.reader.read()
        seen = {outcome.source for outcome in outcomes}
        # Those that came to their turn; the others still stand in the topic.
        report = check(
            [item for item in inputs if (item.partition, item.offset) in seen],
            outcomes,
            line.simulator.requests(),
            Expectations(group=line.group, no_flags=True, all_delivered=True, one_request_each=True),
        )
    third, end = samples[len(samples) // 3], samples[-1]
    figures = {
        "minutes": minutes,
        "events": len(inputs),
        "outcomes": len(outcomes),
        "lag": lag,
        "exit_code": code,
        "rss_at_a_third": third,
        "rss_at_the_end": end,
        "rss_peak": max(samples),
        "findings": len(report.findings),
    }
    (folder / "overload.json").write_text(json.dumps(figures | {"rss": samples}) + "\n")
    print(report.text())
    print(json.dumps(figures))
    held = end <= third + _GROWTH_LIMIT_BYTES and lag > 0 and code == 0
    return 0 if held and report.ok else 1
