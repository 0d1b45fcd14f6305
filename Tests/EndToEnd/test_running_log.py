"""The log of a worker at work: rotation of secrets, a summary a minute, a reader that does not read."""

import fcntl
import os
import signal
import subprocess
from collections.abc import Callable

import pytest

from lippi_e2e.checker import Expectations
from lippi_e2e.events import EventGenerator
from lippi_e2e.gateway_client import APP_SECRET
from lippi_e2e.line import Line
from lippi_e2e.process import ended, kill_if_running, outside_environment
from lippi_e2e.waiting import until

pytestmark = pytest.mark.kafka

_SUMMARY_SECONDS = 60


def test_a_secret_is_rotated_without_a_restart_and_a_summary_tells_what_was_done(
    make_line: Callable[..., Line],
) -> None:
    line = make_line()
    line.worker.start()
    line.load(EventGenerator(seed=1, conversations=5).events(40))
    line.wait_until_done()

    # Nothing has changed: only the one who asks is answered.
    line.worker.signal(signal.SIGHUP)
    line.worker.wait_for_log("secrets unchanged")
    assert line.worker.logged("secrets read again") == []

    # Another file in its place, as a mounted secret is changed.
    other = line.folder / "other"
    other.write_text("a secret that the gateway does not know")
    other.rename(line.secret_file)
    until(
        lambda: len(line.worker.logged("secrets read again")) == 1,
        10,
        "the new file was seen",
        guard=line.worker.assert_running,
    )
    assert line.worker.logged("secrets read again")[0]["reason"] == "file changed"
    line.load(EventGenerator(seed=2, conversations=5).events(10))
    line.worker.wait_for_log("halted")

    # A file that holds nothing: the one read before stays, said once.
    line.write_secret("")
    line.worker.wait_for_log("secret cannot be read")
    # The right one again, whichever of the occasions comes first.
    line.write_secret(APP_SECRET)
    line.wait_until_done()
    assert len(line.worker.logged("secrets read again")) == 2
    assert len(line.worker.logged("secret cannot be read")) == 1

    summary = line.worker.wait_for_log("summary", _SUMMARY_SECONDS + 30)
    assert summary["level"] == "info"
    assert summary["seconds"] >= _SUMMARY_SECONDS
    assert (summary["events"], summary["delivered"]) == (50, 50)
    assert [summary[kind] for kind in ("rejected", "invalid", "expired", "failed", "in_doubt")] == [0] * 5
    assert (summary["in_flight"], summary["unresolved"]) == (0, 0)
    # The end of the log as the last fetch saw it, transaction markers included.
    assert 0 <= summary["lag"] <= 6
    assert line.worker.stop() == 0
    line.check(Expectations(no_flags=True, all_delivered=True, bad_signatures=True))


def test_the_kafka_password_is_watched_and_a_restart_asked_for(make_line: Callable[..., Line]) -> None:
    line = make_line()
    password = line.folder / "kafka-password"
    password.write_text("first")
    # Without SASL the client has no use for it.
    line.worker.settings["kafka.sasl_password_file"] = str(password)
    line.worker.start()
    password.write_text("the second one")
    said = line.worker.wait_for_log("Kafka password changed", 10)
    assert "Restart" in said["next_step"]
    text = line.worker.log.text()
    assert "the second one" not in text
    assert line.worker.logged("secrets read again") == []
    assert line.worker.stop() == 0


def test_nobody_reads_stderr_and_the_line_goes_on(make_line: Callable[..., Line]) -> None:
    line = make_line(settings={"log.level": "debug", "outcomes.commit_interval": "1ms"})
    line.worker.start()
    assert line.worker.stop() == 0
    read_end, write_end = os.pipe()
    # As small as the kernel allows, and full before the worker writes its first line.
    size = fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, 4096)
    os.write(write_end, b"x" * size)
    process = subprocess.Popen(
        [line.worker.binary, "run", "--config", line.worker.folder / "lippi-bridge.yaml"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=write_end,
        env=outside_environment(),
    )
    os.close(write_end)
    try:
        line.load(EventGenerator(seed=3, conversations=20).events(2000))
        until(lambda: line.lag() == 0, 60, "every event is done", guard=lambda: _assert_running(process))
        process.send_signal(signal.SIGTERM)
        # The end waits for the log a moment, not for ever.
        assert ended(process, 30, "the worker") == 0
    finally:
        kill_if_running(process)
        os.close(read_end)
    line.check(Expectations(no_flags=True, all_delivered=True))


def _assert_running(process: subprocess.Popen) -> None:
    assert process.poll() is None, f"the worker has ended with {process.returncode}"
