"""The simulator, called by a client that was written from the API's documentation alone."""

import json
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest

from lippi_e2e.events import content_digest
from lippi_e2e.gateway_client import (
    RESPONSE,
    call,
    gateway_time,
    message,
    parameters,
)
from lippi_e2e.process import outside_environment
from lippi_e2e.simulator import Simulator
from lippi_e2e.tls import make_certificate


def test_the_page_has_every_kind_of_fault(binary: Path) -> None:
    done = subprocess.run([binary, "simulator", "--help"], capture_output=True, text=True, timeout=30)
    (listed,) = re.findall(r"Kinds of faults: ([^;]+);", " ".join(done.stdout.split()))
    page = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text()
    (table,) = re.findall(r"^\| kind \|.*\n\|[- |]+\n((?:\|.*\n)+)", page, re.MULTILINE)
    first_column = " ".join(re.findall(r"^\|([^|]+)\|", table, re.MULTILINE))
    assert re.findall(r"\w+", first_column) == listed.split(", ")


@pytest.mark.parametrize("sign_method", ["md5", "hmac", "hmac-sha256"])
def test_a_message_is_taken_and_logged(simulator: Simulator, sign_method: str) -> None:
    content = '你好 😀 a+b&c=d/e"\n %41 ;'
    business = message(message_id="m-1", sid="s-1", content=content)
    answer = call(simulator.url, parameters(business, sign_method=sign_method))
    assert answer.status == 200
    assert answer.result["success"] in (True, "true")
    (line,) = simulator.wait_for_requests(1)
    assert line["message_id"] == "m-1"
    assert line["sid"] == "s-1"
    assert line["content_sha256"] == content_digest(content)
    assert line["complete"] is True
    assert line["signature_ok"] is True
    assert line["taken"] is True
    assert line["answer"]["http"] == 200
    assert line["arrived_us"] <= line["completed_us"]


def test_the_same_message_is_taken_again(simulator: Simulator) -> None:
    for _ in range(2):
        call(simulator.url, parameters(message(message_id="m-2")))
    assert [line["taken"] for line in simulator.wait_for_requests(2)] == [True, True]


def test_a_repeated_message_is_not_taken_again_on_demand(binary: Path, tmp_path: Path) -> None:
    simulator = Simulator(binary, tmp_path, options=["--deduplicate"]).start()
    try:
        for message_id in ("m-1", "m-2", "m-1"):
            answer = call(simulator.url, parameters(message(message_id=message_id)))
            assert answer.result["success"] in (True, "true")
        assert [line["taken"] for line in simulator.wait_for_requests(3)] == [True, True, False]
    finally:
        simulator.kill()


def test_the_same_gateway_over_tls(binary: Path, tmp_path: Path) -> None:
    options = make_certificate(tmp_path / "tls").simulator_options
    simulator = Simulator(binary, tmp_path, options=options).start()
    try:
        assert simulator.url.startswith("https://127.0.0.1:")
        assert call(simulator.url, parameters()).result["success"] in (True, "true")
        simulator.fault("close", count=1)
        with pytest.raises(OSError):  # noqa: PT011 - whichever way the connection breaks
            call(simulator.url, parameters())
        assert simulator.stats()["taken"] == 2
        assert simulator.stop() == 0
    finally:
        simulator.kill()


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--tls-cert", "cert.pem"], 64),
        (["--tls-key", "key.pem"], 64),
        (["--tls-cert", "/nowhere/cert.pem", "--tls-key", "/nowhere/key.pem"], 78),
        (["--allow-client", "somebody"], 78),
        (["--session-file", "/nowhere/session"], 66),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else str(value),
)
def test_options_that_cannot_be_used(binary: Path, options: list[str], code: int) -> None:
    done = subprocess.run(
        [binary, "simulator", *options], capture_output=True, text=True, timeout=20, env=outside_environment()
    )
    assert done.returncode == code
    assert not done.stdout
    assert done.stderr.startswith("lippi-bridge simulator: ")


def test_who_may_call(binary: Path, tmp_path: Path) -> None:
    token = tmp_path / "session"
    token.write_text("a token\n")
    for options, code, sub_code in [
        (["--allow-client", "192.0.2.1"], 11, "isv.permission-ip-whitelist-limit"),
        (["--without-permission"], 11, "isv.permission-api-package-limit"),
        (["--session-file", token], 26, None),
        (["--session-file", token, "--allow-client", "192.0.2.1", "--allow-client", "127.0.0.1"], 26, None),
    ]:
        simulator = Simulator(binary, tmp_path / "simulator", options=options).start()
        try:
            error = call(simulator.url, parameters()).error
            assert (error["code"], error.get("sub_code")) == (code, sub_code)
            if code == 26:
                assert call(simulator.url, parameters(session="another")).error["code"] == 27
                answer = call(simulator.url, parameters(session="a token"))
                assert answer.result["success"] in (True, "true")
        finally:
            simulator.kill()


@pytest.mark.parametrize(
    ("left_out", "code"),
    [
        (("method", "app_key", "timestamp", "v", "sign"), 21),
        (("app_key", "timestamp", "v", "sign"), 28),
        (("timestamp", "v", "sign"), 30),
        (("v", "sign"), 32),
        (("sign",), 24),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else str(value),
)
def test_a_missing_parameter(simulator: Simulator, left_out: tuple, code: int) -> None:
    """The first one missing is reported, in the gateway's order."""
    assert call(simulator.url, parameters(without=left_out)).error["code"] == code


@pytest.mark.parametrize("name", ["ly_ding_open_para_dto", "ly_open_message_dto"])
def test_a_missing_business_parameter(simulator: Simulator, name: str) -> None:
    error = call(simulator.url, parameters(without=(name,))).error
    assert error["code"] == 40
    assert name in error["msg"] + str(error.get("sub_code")) + str(error.get("sub_msg"))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"method": "alibaba.lyservice.lippi.message.shout"}, 22),
        ({"app_key": "87654321"}, 29),
        ({"v": "3.0"}, 34),
        ({"format": "yaml"}, 23),
        ({"timestamp": "yesterday"}, 31),
        ({"timestamp": timedelta(minutes=-11)}, 31),
        ({"timestamp": timedelta(minutes=11)}, 31),
        ({"sign": "0" * 64}, 25),
        ({"ly_open_message_dto": "no json"}, 41),
        ({"ly_ding_open_para_dto": "[]"}, 41),
    ],
)
def test_a_wrong_parameter(simulator: Simulator, changes: dict, code: int) -> None:
    # How far off the clock is, counted when the request is made.
    if isinstance(off := changes.get("timestamp"), timedelta):
        changes = {"timestamp": gateway_time(datetime.now(UTC) + off)}
    answer = call(simulator.url, parameters(**changes))
    # An answer in no known format comes as XML.
    if changes.get("format"):
        found = int(ElementTree.fromstring(answer.body).findtext("code"))
    else:
        found = answer.error["code"]
    assert found == code
    assert not simulator.wait_for_requests(1)[0]["taken"]


def test_ten_minutes_less_a_little_is_in_time(simulator: Simulator) -> None:
    late = gateway_time(datetime.now(UTC) - timedelta(minutes=9))
    assert call(simulator.url, parameters(timestamp=late)).result["success"] in (True, "true")


def test_a_wrong_secret(simulator: Simulator) -> None:
    assert call(simulator.url, parameters(secret="another")).error["code"] == 25
    assert simulator.wait_for_requests(1)[0]["signature_ok"] is False


def test_get_is_not_allowed(simulator: Simulator) -> None:
    assert call(simulator.url, parameters(), verb="GET").error["code"] == 9


@pytest.mark.parametrize(
    "member", ["message_id", "content", "sid", "session_source", "content_type", "bu_id"]
)
def test_a_message_without_a_required_member(simulator: Simulator, member: str) -> None:
    business = message()
    del business[member]
    assert call(simulator.url, parameters(business)).error["code"] in (40, 41)
    assert not simulator.wait_for_requests(1)[0]["taken"]


def test_xml_unless_asked_otherwise(simulator: Simulator) -> None:
    for chosen in (parameters(without=("format",)), parameters(format="xml")):
        root = ElementTree.fromstring(call(simulator.url, chosen).body)
        assert root.tag == RESPONSE
        assert root.findtext("result/success") == "true"
    root = ElementTree.fromstring(call(simulator.url, parameters(format="xml", sign="0")).body)
    assert (root.tag, root.findtext("code")) == ("error_response", "25")


def test_an_answer_on_demand(simulator: Simulator) -> None:
    simulator.fault(
        "answer", code=15, sub_code="isp.remote-service-timeout", sub_msg="slow", count=1, delivered=False
    )
    error = call(simulator.url, parameters()).error
    assert (error["code"], error["sub_code"], error["sub_msg"]) == (15, "isp.remote-service-timeout", "slow")
    assert call(simulator.url, parameters()).result["success"] in (True, "true")
    first, second = simulator.wait_for_requests(2)
    assert first["answer"] == {
        "http": 200,
        "code": 15,
        "sub_code": "isp.remote-service-timeout",
        "result_code": None,
    }
    assert [first["taken"], second["taken"]] == [False, True]


def test_a_refusal_of_the_backend_on_demand(simulator: Simulator) -> None:
    simulator.fault("answer", result_code="400001", sid="testSessionId", delivered=False)
    result = call(simulator.url, parameters()).result
    assert result["success"] in (False, "false")
    assert result["code"] == "400001"
    assert simulator.wait_for_requests(1)[0]["answer"] == {
        "http": 200,
        "code": None,
        "sub_code": None,
        "result_code": "400001",
    }
    other = call(simulator.url, parameters(message(sid="another")))
    assert other.result["success"] in (True, "true")
    simulator.clear_faults()
    assert call(simulator.url, parameters()).result["success"] in (True, "true")


def test_a_ban_on_demand(simulator: Simulator) -> None:
    simulator.fault("ban", seconds=60)
    error = call(simulator.url, parameters()).error
    assert error["code"] == 7
    assert "This ban will last for" in error["sub_msg"]
    simulator.clear_faults()
    assert call(simulator.url, parameters()).result["success"] in (True, "true")


@pytest.mark.parametrize(("when", "taken"), [("after_read", True), ("after_read", False)])
def test_a_broken_connection_on_demand(simulator: Simulator, when: str, taken: bool) -> None:
    simulator.fault("close", when=when, count=1, delivered=taken)
    with pytest.raises(OSError):  # noqa: PT011 - whichever way the connection breaks
        call(simulator.url, parameters())
    (line,) = simulator.wait_for_requests(1)
    assert line["complete"] is True
    assert line["answer"] is None
    assert line["taken"] is taken


def test_html_on_demand(simulator: Simulator) -> None:
    simulator.fault("html", count=1)
    assert "<html" in call(simulator.url, parameters()).body.lower()


def test_it_comes_back_on_its_port(simulator: Simulator) -> None:
    url = simulator.url
    call(url, parameters())
    assert simulator.stop() == 0
    simulator.start()
    assert simulator.url == url
    call(url, parameters())
    assert len(simulator.wait_for_requests(2)) == 2


def test_statistics_and_log_by_request(simulator: Simulator) -> None:
    call(simulator.url, parameters())
    stats = simulator.stats()
    assert isinstance(stats, dict)
    assert 1 in [value for value in stats.values() if isinstance(value, int)], json.dumps(stats)
