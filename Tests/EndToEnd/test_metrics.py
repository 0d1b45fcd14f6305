"""Metrics, alert rules, runbook and dashboard fit together, and Prometheus takes them."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lippi_e2e.admin import AdminPort
from lippi_e2e.process import LogFile, kill_if_running, outside_environment, spawn
from lippi_e2e.prometheus import Prometheus, promtool
from lippi_e2e.waiting import until

_ROOT = Path(__file__).parents[2]
_ALERTS = _ROOT / "deploy" / "prometheus" / "alerts.yaml"
_DASHBOARD = _ROOT / "deploy" / "grafana" / "dashboard.json"
_NAMES = {
    "LineHalted",
    "GatewayBanned",
    "BreakerOpen",
    "Stalled",
    "OldestEventAge",
    "PartitionStopped",
    "InDoubt",
    "UnknownAnswers",
    "RejectedShare",
    "Expired",
    "ClockSkew",
    "TransactionErrors",
    "ProducerRecreations",
    "NoScrape",
}
# They have a sample only when there is something to say.
_RARE = {"partition_stopped"}


@pytest.fixture(scope="module")
def port(binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdminPort]:
    """Of the demonstration's worker, which has done its work."""
    output = LogFile(tmp_path_factory.mktemp("demo") / "output")
    with output.path.open("wb") as file:
        process = spawn([binary, "demo"], stdout=file, stderr=subprocess.STDOUT)
    try:
        pattern = re.compile(r"worker +http://(\S+)/health")
        found = until(
            lambda: pattern.search(output.text()), 60, "the demo says its addresses", explain=output.text
        )
        admin = AdminPort(found[1])
        until(lambda: admin.metric("outcomes_published_total") >= 40, 60, "all outcomes", explain=output.text)
        yield admin
    finally:
        kill_if_running(process)


def _run(binary: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [binary, *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        env={**outside_environment(), **environment},
        check=False,
    )


def _table() -> set[str]:
    page = (_ROOT / "docs" / "metrics.md").read_text()
    return set(re.findall(r"^\| `lippi_bridge_([a-z_]+)` \|", page, re.MULTILINE))


def test_the_page_is_the_one_that_the_program_writes(binary: Path) -> None:
    assert _run(binary, "metrics", "--markdown").stdout == (_ROOT / "docs" / "metrics.md").read_text()
    assert len(_table()) > 30
    assert all(f"lippi_bridge_{name}" in _run(binary, "metrics").stdout for name in _table())


def test_promtool_finds_nothing_wrong_with_the_metrics(port: AdminPort) -> None:
    done = promtool("check", "metrics", stdin=port.get("/metrics").body)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_promtool_sees_what_is_wrong(port: AdminPort) -> None:
    text = port.get("/metrics").body.replace("# HELP lippi_bridge_events_total", "# HELP other")
    assert promtool("check", "metrics", stdin=text).returncode != 0


def test_every_metric_of_the_table_is_there(port: AdminPort) -> None:
    names = {re.sub(r"_(bucket|sum|count)$", "", name) for name in port.metrics()}
    assert _table() - names == _RARE
    assert names <= _table()


def test_what_the_demonstration_did_is_counted(port: AdminPort) -> None:
    assert port.metric("events_total") == 40
    assert port.metric("outcomes_total") == 40
    assert port.metric("outcomes_total", outcome="invalid") > 0
    assert port.metric("gateway_request_seconds_count") == port.metric("gateway_attempts_total")
    assert port.metric("event_to_outcome_seconds_count") == 40
    assert port.metric("line_state", state="running") == 1
    assert port.metric("line_state") == 1
    assert port.metric("lag") == 0
    assert port.metric("healthy") == 1


def test_alert_rules(tmp_path: Path) -> None:
    assert promtool("check", "rules", _ALERTS).returncode == 0
    assert set(re.findall(r"- alert: (\w+)", _ALERTS.read_text())) == _NAMES
    tests = _ALERTS.with_name("alerts_test.yaml")
    done = promtool("test", "rules", tests)
    assert done.returncode == 0, done.stdout + done.stderr
    # Each of them fires in one test and is quiet in another.
    for name in _NAMES:
        for manner in ("fires", "is quiet"):
            assert f"- name: {name} {manner}\n" in tests.read_text(), (name, manner)


def test_a_broken_rule_does_not_pass(tmp_path: Path) -> None:
    (tmp_path / "alerts.yaml").write_text(_ALERTS.read_text().replace("> 300", "> 3000"))
    tests = tmp_path / "alerts_test.yaml"
    tests.write_text(_ALERTS.with_name("alerts_test.yaml").read_text())
    assert promtool("test", "rules", tests).returncode != 0


def test_every_alert_has_its_place_in_the_runbook() -> None:
    runbook = (_ROOT / "docs" / "runbook.md").read_text()
    headings = re.findall(r"^## (.+)$", runbook, re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    linked = re.findall(r"runbook: docs/runbook\.md#(\S+)", _ALERTS.read_text())
    assert set(linked) == {name.lower() for name in _NAMES} == anchors
    assert set(re.findall(r"\]\(#([a-z-]+)\)", runbook)) <= anchors


def test_rules_use_metrics_that_there_are() -> None:
    for file in (_ALERTS, _ALERTS.with_name("alerts_test.yaml"), _DASHBOARD):
        used = re.findall(r"lippi_bridge_([a-z_]+)", file.read_text())
        names = {re.sub(r"_(bucket|sum|count)$", "", name) for name in used}
        assert names
        assert names <= _table(), names - _table()


def _dashboard_expressions() -> list[str]:
    panels = json.loads(_DASHBOARD.read_text())["panels"]
    return [target["expr"] for panel in panels for target in panel["targets"]]


def test_every_expression_of_dashboard_and_alerts_runs(port: AdminPort, tmp_path: Path) -> None:
    with Prometheus(tmp_path / "prometheus", port.address) as prometheus:

        def scraped() -> bool:
            try:
                found = prometheus.query("count_over_time(lippi_bridge_healthy[1m])")
            except OSError:
                return False
            return bool(found) and int(found[0]["value"][1]) >= 3

        until(scraped, 60, "Prometheus has scraped three times", guard=prometheus.assert_running)
        assert prometheus.query('up{job="lippi-bridge"}')[0]["value"][1] == "1"
        empty = []
        for expression in _dashboard_expressions():
            expression = expression.replace("$instance", ".*").replace("$__rate_interval", "1m")
            if not prometheus.query(expression):
                empty.append(expression)
        # Only what says that something is wrong, and what needs more than one kind of answer.
        for expression in empty:
            assert re.search(r"> 0$|clock_skew|partition_stopped", expression), expression
        rule = re.compile(r"expr: (?:>-\n)?((?:.|\n)*?)\n        (?:for|labels)")
        for expression in rule.findall(_ALERTS.read_text()):
            assert prometheus.query(expression) == [], expression
        dashboard = " ".join(_dashboard_expressions())
        assert {name for name in _table() if f"lippi_bridge_{name}" not in dashboard} == set()


def test_health_pause_and_resume_as_commands(binary: Path, port: AdminPort) -> None:
    healthy = _run(binary, "health", "--url", port.url)
    assert (healthy.returncode, healthy.stderr) == (0, "")
    assert re.match(r"demo-\S+: healthy\nline: running\npartition 0: reading, ", healthy.stdout)
    document = json.loads(_run(binary, "health", "--url", f"{port.url}/", "--json").stdout)
    assert document["status"] == "healthy"
    refused = _run(binary, "pause", "--url", port.url, "--reason", "x", LIPPI_BRIDGE_ADMIN_TOKEN="wrong")
    assert (refused.returncode, refused.stdout) == (77, "")
    paused = _run(binary, "pause", "--url", port.url, "--reason", 'a "test"', LIPPI_BRIDGE_ADMIN_TOKEN="demo")
    assert (paused.returncode, paused.stderr) == (0, "")
    until(lambda: port.health()["line"]["state"] == "paused", 5, "the line is paused")
    assert port.health()["line"]["pause_reason"] == 'a "test"'
    assert "line: paused for " in _run(binary, "health", "--url", port.url).stdout
    assert port.metric("line_state", state="paused") == 1
    resumed = _run(binary, "resume", "--url", port.url, LIPPI_BRIDGE_ADMIN_TOKEN="demo")
    assert (resumed.returncode, resumed.stderr) == (0, "")
    until(lambda: port.health()["line"]["state"] == "running", 5, "the line runs")


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["health", "--url", "http://127.0.0.1:1"], 69, "no worker answers at 127.0.0.1:1"),
        (["health", "--url", "127.0.0.1:1"], 69, "is no address of a worker"),
        (["pause", "--url", "http://127.0.0.1:1"], 64, "--reason is needed"),
        (["resume", "--url", "http://127.0.0.1:1"], 64, "a token is needed"),
        (["resume", "--url", "http://127.0.0.1:1", "--token-file", "nowhere"], 66, "nowhere"),
    ],
)
def test_what_the_commands_cannot_do(binary: Path, arguments: list[str], code: int, sentence: str) -> None:
    done = _run(binary, *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert sentence in done.stderr
