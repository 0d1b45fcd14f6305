"""The bench in small: both programs do the whole job, and the figures have the form that readers expect."""

import json
import math
from pathlib import Path

import pytest

from lippi_e2e import bench
from lippi_e2e.bench_run import Ground, all_delivered
from lippi_e2e.kafka import KafkaCluster
from lippi_e2e.yardstick import built_yardstick

_EVENTS = 3_000
_FIGURES = {
    "outcomes",
    "cpu_us_per_event",
    "events_per_second",
    "midway_events_per_second",
    "rss_peak_mib",
    "simulator_cpu_us_per_event",
    "gateway_ms_p50",
    "gateway_ms_p99",
    "queue_ms_p50",
    "queue_ms_p99",
}


@pytest.mark.kafka
def test_one_case_with_the_yardstick(binary: Path, kafka: KafkaCluster, tmp_path: Path) -> None:
    options = bench.parsed(["--events", str(_EVENTS), "--latency", "1", "--repeat", "1"])
    # It raises unless each program has written one outcome for each event, all of them delivered.
    measured = bench.measure(options, Ground(kafka, tmp_path, binary, built_yardstick()))
    document = json.loads(json.dumps(measured))
    assert document["machine"]["sha256_mib_per_second"] > 0
    assert document["options"]["events"] == _EVENTS
    (row,) = document["rows"]
    assert row["case"]["input"]["events"] == _EVENTS
    assert 400 <= row["value_bytes"] <= 500
    for side in ("worker", "yardstick"):
        (run,) = row[side]["runs"]
        assert run.keys() == row[side]["summary"].keys() == _FIGURES
        assert run["outcomes"] == _EVENTS
        # None of them can be nothing in a run that has taken place, but a wait of less than a millisecond.
        assert all(math.isfinite(run[name]) for name in _FIGURES)
        for name in _FIGURES - {"gateway_ms_p50", "gateway_ms_p99", "queue_ms_p50", "queue_ms_p99"}:
            assert run[name] > 0, (side, name)
        assert row[side]["summary"]["events_per_second"]["median"] == run["events_per_second"]
    cost = {side: row[side]["runs"][0]["cpu_us_per_event"] for side in ("worker", "yardstick")}
    assert row["to_yardstick"] == pytest.approx(cost["worker"] / cost["yardstick"])


def test_an_outcome_too_few_is_no_result() -> None:
    class Reader:
        outcomes = ()

        def count(self) -> int:
            return 1

    with pytest.raises(AssertionError, match="1 events, 0 outcomes"):
        all_delivered(Reader(), 1)
