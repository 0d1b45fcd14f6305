"""`config example | explain | schema`: one table behind all of them, the reader and the reference page."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
import yaml

from lippi_e2e.process import outside_environment
from lippi_e2e.worker import write_configuration

_ROOT = Path(__file__).parents[2]
_USAGE, _CONFIGURATION = 64, 78
_VALIDATORS = [jsonschema.Draft7Validator, jsonschema.Draft202012Validator]

Command = Callable[..., subprocess.CompletedProcess[str]]


class _CoreLoader(yaml.SafeLoader):
    """YAML 1.2: `yes` and times are texts, as the bridge reads them."""

    yaml_implicit_resolvers: dict = {}


for _tag, _form, _first in (
    ("bool", r"true|false", "tf"),
    ("int", r"-?[0-9]+", "-0123456789"),
    ("float", r"-?[0-9]+\.[0-9]+", "-0123456789"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
):
    _CoreLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_form})$"), list(_first))


@pytest.fixture
def command(binary: Path, tmp_path: Path) -> Command:
    def run(*arguments: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [binary, *arguments],
            capture_output=True,
            text=True,
            timeout=30,
            cwd=tmp_path,
            env={**outside_environment(), **(environment or {})},
            check=False,
        )

    return run


@pytest.fixture
def schema(command: Command) -> dict:
    done = command("config", "schema")
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def _explained(done: subprocess.CompletedProcess[str]) -> dict[str, dict]:
    return {line["key"]: line for line in map(json.loads, done.stdout.splitlines())}


def test_the_committed_files_are_what_the_commands_print(command: Command) -> None:
    page = command("config", "explain", "--markdown")
    assert page.stdout == (_ROOT / "docs" / "configuration.md").read_text()
    example = command("config", "example")
    assert example.stdout == (_ROOT / "config" / "lippi-bridge.yaml").read_text()


def test_the_page_names_every_key_once(command: Command) -> None:
    page = (_ROOT / "docs" / "configuration.md").read_text()
    keys = _explained(command("config", "explain", "--json"))
    assert len(keys) > 40
    assert re.findall(r"^\| `([a-z_.]+)`", page, re.MULTILINE) == list(keys)


# --- schema


@pytest.mark.parametrize("validator", _VALIDATORS)
def test_the_schema_is_one(schema: dict, validator: type) -> None:
    validator.check_schema(schema)


def test_the_schema_knows_every_key(schema: dict, command: Command) -> None:
    def leaves(part: dict, name: str) -> list[str]:
        if "properties" not in part:
            return [name]
        return [
            leaf
            for member, inner in part["properties"].items()
            for leaf in leaves(inner, f"{name}.{member}" if name else member)
        ]

    assert leaves(schema, "") == list(_explained(command("config", "explain", "--json")))


def _samples() -> list[Path]:
    return sorted([*(_ROOT / "config").rglob("*.yaml"), *(_ROOT / "deploy").rglob("lippi-bridge*.yaml")])


@pytest.mark.parametrize("sample", _samples(), ids=lambda path: str(path.relative_to(_ROOT)))
@pytest.mark.parametrize("validator", _VALIDATORS)
def test_sample_configurations_are_valid(schema: dict, sample: Path, validator: type) -> None:
    text = sample.read_text()
    validator(schema).validate(yaml.load(text, _CoreLoader))
    # And with all the keys that stand there as comments.
    uncommented = re.sub(r"^( *)#(?=[a-z_]+: )", r"\1", text, flags=re.MULTILINE)
    validator(schema).validate(yaml.load(uncommented, _CoreLoader))


_RIGHT = {
    "nothing": "",
    "an empty section": "gateway:\n",
    "an empty key": "gateway: {url: }\n",
    "a plain number as text": "gateway: {app_key: 0012}\n",
    "a grant type as number": "gateway: {caller: {token_grant_type: 1, isv_org_id: 5}}\n",
    "an address in brackets": "gateway: {url: 'https://[::1]:8443/router/rest'}\n",
    "a time": "input: {start: 2025-01-31T08:00:00.25+08:00}\n",
    "properties": "kafka: {properties: {security.protocol: SASL_SSL, socket.keepalive.enable: true, x: 5}}\n",
    "headers": "outcomes: {copy_headers: [tenant, 7]}\n",
    "a topic of digits": "input: {topic: 2025}\n",
}

_WRONG = {
    "an unknown key": "gateway: {concurency: 3}\n",
    "an unknown section": "gatway: {concurrency: 3}\n",
    "a secret": "gateway: {app_secret: helloworld}\n",
    "a list as file": "- gateway\n",
    "a section that is a value": "gateway: fast\n",
    "an integer in quotes": "gateway: {concurrency: '64'}\n",
    "an integer below": "gateway: {concurrency: 0}\n",
    "an integer above": "gateway: {concurrency: 4097}\n",
    "a fraction": "gateway: {concurrency: 1.5}\n",
    "a duration without unit": "retry: {base: 5}\n",
    "a duration with another unit": "retry: {base: 5sec}\n",
    "a negative duration": "retry: {base: -5s}\n",
    "a size with a unit of 1000": "limits: {buffered_bytes: 64MB}\n",
    "another word for true": "kafka: {static_membership: yes}\n",
    "true in quotes": "kafka: {static_membership: 'true'}\n",
    "an unknown choice": "outcomes: {delivery: once}\n",
    "a blank text": "kafka: {group_id: ' '}\n",
    "a control character": 'kafka: {group_id: "a\\u0007"}\n',
    "a long text": f"kafka: {{group_id: {'x' * 4097}}}\n",
    "an object as text": "kafka: {group_id: {a: b}}\n",
    "a topic with a blank": "input: {topic: chat events}\n",
    "a topic of two dots": "input: {topic: ..}\n",
    "a URL without scheme": "gateway: {url: gw.example/router/rest}\n",
    "a URL without host": "gateway: {url: 'http:///router/rest'}\n",
    "a URL with a user": "gateway: {url: 'http://u@h/router/rest'}\n",
    "a URL with a query": "gateway: {url: 'http://h/router/rest?a=b'}\n",
    "a start that is none": "input: {start: yesterday}\n",
    "a date alone": "input: {start: 2025-01-31}\n",
    "a property of the bridge": "kafka: {properties: {enable.auto.commit: true}}\n",
    "a callback": "kafka: {properties: {stats_cb: x}}\n",
    "a password among the properties": "kafka: {properties: {ssl.keystore.password: x}}\n",
    "a property that is a list": "kafka: {properties: {client.rack: [a]}}\n",
    "a header twice": "outcomes: {copy_headers: [a, a]}\n",
    "headers as a text": "outcomes: {copy_headers: tenant}\n",
    "too many headers": f"outcomes: {{copy_headers: {json.dumps([f'h{n}' for n in range(33)])}}}\n",
}


@pytest.mark.parametrize("text", _RIGHT.values(), ids=_RIGHT.keys())
def test_schema_and_reader_accept(schema: dict, command: Command, tmp_path: Path, text: str) -> None:
    for validator in _VALIDATORS:
        validator(schema).validate(yaml.load(text, _CoreLoader))
    (tmp_path / "c.yaml").write_text(text)
    done = command(
        "config", "explain", "--config", "c.yaml", "--set", "gateway.caller.token_grant_type=isv", "log"
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("text", _WRONG.values(), ids=_WRONG.keys())
def test_schema_and_reader_refuse(schema: dict, command: Command, tmp_path: Path, text: str) -> None:
    for validator in _VALIDATORS:
        assert not validator(schema).is_valid(yaml.load(text, _CoreLoader))
    (tmp_path / "c.yaml").write_text(text)
    done = command("config", "explain", "--config", "c.yaml", "log")
    assert done.returncode == _CONFIGURATION, done.stdout
    assert done.stderr.startswith("c.yaml:1:"), done.stderr


# --- explain


def test_each_value_with_its_source(command: Command, tmp_path: Path) -> None:
    write_configuration(tmp_path / "c.yaml", {"gateway.concurrency": 8, "retry.attempts": 2})
    done = command(
        *("config", "explain", "--config", "c.yaml", "--set", "retry.cap=2s", "--json"),
        environment={"LIPPI_BRIDGE_RETRY_ATTEMPTS": "3", "LIPPI_BRIDGE_GATEWAY_SESSION": "canary"},
    )
    assert (done.returncode, done.stderr) == (0, "")
    found = {key: (line["value"], line["source"], line["place"]) for key, line in _explained(done).items()}
    assert found["gateway.concurrency"] == ("8", "file", "c.yaml:2:16")
    assert found["retry.attempts"] == ("3", "environment", "LIPPI_BRIDGE_RETRY_ATTEMPTS")
    assert found["retry.cap"] == ("2s", "option", "--set retry.cap")
    assert found["retry.base"] == ("200ms", "default", None)
    assert found["gateway.session_file"] == ("<redacted>", "environment", "LIPPI_BRIDGE_GATEWAY_SESSION")
    assert found["gateway.url"] == (None, "missing", None)
    assert "canary" not in done.stdout


def test_the_file_is_found_as_for_run(command: Command, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    write_configuration(tmp_path / "config" / "lippi-bridge.yaml", {"retry.attempts": 2})
    write_configuration(tmp_path / "named.yaml", {"retry.attempts": 3})
    arguments = ("config", "explain", "retry.attempts", "--json")
    named = {"LIPPI_BRIDGE_CONFIG": "named.yaml"}
    assert _explained(command(*arguments))["retry.attempts"]["place"] == "config/lippi-bridge.yaml:2:13"
    found = _explained(command(*arguments, environment=named))["retry.attempts"]
    assert (found["value"], found["place"]) == ("3", "named.yaml:2:13")


def test_sections_beginnings_and_variables_choose_keys(command: Command) -> None:
    every = _explained(command("config", "explain", "--json"))
    for name in ("retry", "gateway.c", "log.f"):
        done = command("config", "explain", "--json", name)
        assert done.returncode == 0, done.stderr
        assert list(_explained(done)) == [key for key in every if key.startswith(name)]
    done = command("config", "explain", "--json", "log.format", "LIPPI_BRIDGE_LOG_LEVEL")
    assert list(_explained(done)) == ["log.level", "log.format"]


def test_a_slip_in_a_name(command: Command) -> None:
    done = command("config", "explain", "gateway.concurency")
    assert (done.returncode, done.stdout) == (_USAGE, "")
    assert "did you mean gateway.concurrency?" in done.stderr


def test_faults_are_told_beside_the_explanation(command: Command) -> None:
    done = command("config", "explain", "retry.base", "--set", "retry.base=3", "--set", "log.levle=info")
    assert done.returncode == _CONFIGURATION
    assert done.stdout.startswith("retry.base: (set to something that cannot be used)\n")
    assert "--set retry.base: retry.base is" in done.stderr
    assert "--set log.levle: unknown key log.levle; did you mean log.level?" in done.stderr
    assert "2 faults" in done.stderr


def test_the_page_stands_alone(command: Command) -> None:
    for others in (["--json"], ["retry"], ["--set", "a=b"]):
        done = command("config", "explain", "--markdown", *others)
        assert (done.returncode, done.stdout) == (_USAGE, "")
