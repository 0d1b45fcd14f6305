"""A library that does not come back ends the process, and a restart goes on."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lippi_e2e.events import EventGenerator
from lippi_e2e.line import Line

_STUCK = """
#include <unistd.h>
void *rd_kafka_send_offsets_to_transaction(void *client, const void *offsets, const void *group, int limit)
{ for (;;) pause(); }
"""


@pytest.fixture
def stuck_call(tmp_path: Path) -> Path:
    """With it a transaction never gets its offsets, as it was seen of librdkafka after lost answers."""
    compiler = shutil.which("cc") or shutil.which("clang")
    assert compiler, "no C compiler: ./dev setup installs one"
    library = tmp_path / "stuck.so"
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-x", "c", "-", "-o", library], input=_STUCK, text=True, check=True
    )
    return library


@pytest.mark.kafka
def test_71_a_transaction_that_stands_still(make_line: Callable[..., Line], stuck_call: Path) -> None:
    line = make_line()
    line.load(EventGenerator(seed=1, conversations=5).events(20))
    line.worker.environment["LD_PRELOAD"] = str(stuck_call)
    line.worker.start()
    assert line.worker.wait_for_end(90) == 71
    (last,) = line.worker.logged("a transaction stands still")
    assert last["exit_code"] == 71
    del line.worker.environment["LD_PRELOAD"]
    line.worker.start()
    line.wait_until_done()
    assert line.worker.stop() == 0
    line.check()
