"""The published JSON Schemas: proper under both drafts, and of one mind with the rules they describe."""

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from lippi_e2e import event_generator, schemas, strict_json
from lippi_e2e.event_cases import EventCase, event_cases
from lippi_e2e.member_forms import CONTENT_TYPES
from lippi_e2e.outcome_form import ERRORS, KINDS, PROBLEM_CODES
from lippi_e2e.sample_outcomes import DELIVERED, sample_outcomes

_DRAFTS = (jsonschema.Draft7Validator, jsonschema.Draft202012Validator)
_DEPTH = 32
# What a schema cannot see, because a reader of JSON has settled it, or cannot say.
_BEYOND_A_SCHEMA = set("duplicate_member too_deep not_utf8 too_large unsupported_encoding not_json".split())
_BEYOND_IN_NAMES = tuple(
    "fraction exponent 65_digits no_such_day second_60 digits_beyond repeated_beside".split()
)
_SEED, _GENERATED = 9, 1_500


@pytest.fixture(scope="module", params=_DRAFTS, ids=["draft-07", "2020-12"])
def valid(request: pytest.FixtureRequest) -> Callable[[str, object], bool]:
    validators = {name: request.param(schemas.schema(name)) for name in schemas.NAMES}
    return lambda name, document: validators[name].is_valid(document)


def _document(record: dict) -> object:
    """The value as an ordinary reader sees it. Raises ValueError if that is nothing."""
    value = event_generator.value_of(record) or b""
    value = value[5:] if value.startswith(b"\0") else value
    try:
        strict_json.parse(value, _DEPTH)
    except strict_json.NotReadable as fault:
        raise ValueError(fault.code) from None
    return json.loads(value)


@pytest.mark.parametrize("draft", _DRAFTS)
@pytest.mark.parametrize("name", schemas.NAMES)
def test_a_proper_schema(name: str, draft: type) -> None:
    draft.check_schema(schemas.schema(name))


@pytest.mark.parametrize("name", schemas.NAMES)
def test_nothing_that_the_drafts_read_differently(name: str) -> None:
    def keywords(part: object) -> set[str]:
        if isinstance(part, list):
            return set().union(*map(keywords, part))
        if not isinstance(part, dict):
            return set()
        found = set(part)
        if "$ref" in part:
            # Draft-07 ignores what stands beside it.
            assert found == {"$ref"}
        for name, inner in part.items():
            if name in ("properties", "definitions"):
                found |= set().union(*map(keywords, inner.values()))
            elif name not in ("enum", "const", "required"):
                found |= keywords(inner)
        return found

    common = (
        "title description type properties required items enum const anyOf oneOf allOf not if then else $ref "
        "definitions pattern minLength minimum maximum minItems maxItems"
    ).split()
    assert keywords(schemas.schema(name)) <= set(common)
    assert all(not isinstance(part.get("items"), list) for part in _parts(schemas.schema(name)))


def _parts(part: object) -> list[dict]:
    inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    return [part] * isinstance(part, dict) + [found for value in inner for found in _parts(value)]


_VALID_CASES = [case for case in event_cases() if case.valid]


def test_valid_cases(valid: Callable[[str, object], bool]) -> None:
    refused = [case.name for case in _VALID_CASES if not valid("event", _document(case.record))]
    assert refused == []


def _expected_refusals() -> list[EventCase]:
    """Invalid cases that a schema can see: the problems are in the JSON text and of no kind beyond it."""
    return [case for case in event_cases() if not case.valid and _is_seen(case)]


def _is_seen(case: EventCase) -> bool:
    problems = case.expected["problems"]
    if {problem["code"] for problem in problems} & _BEYOND_A_SCHEMA:
        return False
    encoded = any(problem["pointer"].startswith("/data_base64/") for problem in problems)
    if encoded or case.name.startswith(("binary_expirytime", "header_expirytime", "base64_of")):
        return False
    if any(part in case.name for part in _BEYOND_IN_NAMES):
        return False
    try:
        _document(case.record)
    except ValueError:
        return False
    return True


def test_invalid_cases(valid: Callable[[str, object], bool]) -> None:
    cases = _expected_refusals()
    assert len(cases) > 80
    assert [case.name for case in cases if valid("event", _document(case.record))] == []


def test_whatever_the_rules_accept_the_schema_accepts() -> None:
    validators = [draft(schemas.schema("event")) for draft in _DRAFTS]
    accepted = 0
    for number, record in enumerate(event_generator.records(_SEED, _GENERATED)):
        try:
            document = _document(record)
        except ValueError:
            continue
        compiled = schemas.fault("event", document) is None
        if "request" in event_generator.judged(record):
            accepted += 1
            assert compiled, (_SEED, number, record)
        if number % 10 == 0:
            # Three validators, one opinion.
            assert [validator.is_valid(document) for validator in validators] == [compiled] * 2, record
    assert accepted > _GENERATED / 5


@pytest.mark.parametrize(
    "outcome", sample_outcomes(), ids=lambda outcome: (outcome["error"] or outcome).get("code")
)
def test_sample_outcomes(outcome: dict, valid: Callable[[str, object], bool]) -> None:
    assert valid("outcome", outcome)
    assert schemas.fault("outcome", outcome) is None


@pytest.mark.parametrize(("name", "first"), [("event", '{"event_id"'), ("outcome", '{"schema"')])
def test_what_the_readme_shows(name: str, first: str, valid: Callable[[str, object], bool]) -> None:
    text = (Path(__file__).parents[2] / "README.md").read_text()
    blocks = re.findall(r"^```json\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    (shown,) = [json.loads(block) for block in blocks if block.startswith(first)]
    assert valid(name, shown)
    assert schemas.fault(name, shown) is None


def test_unknown_members_pass(valid: Callable[[str, object], bool]) -> None:
    outcome = DELIVERED | {"later": 1, "source": DELIVERED["source"] | {"leader_epoch": 5}}
    assert valid("outcome", outcome)


def _members(document: dict, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for name, value in document.items():
        found.append((*path, name))
        if isinstance(value, dict):
            found += _members(value, (*path, name))
    return found


@pytest.mark.parametrize("outcome", [DELIVERED, sample_outcomes()[1]], ids=["delivered", "invalid"])
def test_every_member_is_required_and_typed(outcome: dict, valid: Callable[[str, object], bool]) -> None:
    for path in _members(outcome):
        damaged = copy.deepcopy(outcome)
        parent = damaged
        for name in path[:-1]:
            parent = parent[name]
        parent[path[-1]] = 1.5
        assert not valid("outcome", damaged), f"{path} may be 1.5"
        del parent[path[-1]]
        assert not valid("outcome", damaged), f"{path} may be absent"


def _with(outcome: dict, /, **changes: object) -> dict:
    """Names with `__` reach one level down."""
    changed = copy.deepcopy(outcome)
    for name, value in changes.items():
        *parents, last = name.split("__")
        target = changed
        for parent in parents:
            target = target[parent]
        target[last] = value
    return changed


def _sample(code: str) -> dict:
    return next(found for found in sample_outcomes() if found["error"] and found["error"]["code"] == code)


_PROBLEM = {"pointer": "/content", "code": "empty"}


@pytest.mark.parametrize(
    "outcome",
    [
        _with(DELIVERED, schema="lippi-outcome/v2"),
        _with(DELIVERED, outcome="lost"),
        _with(DELIVERED, success=False),
        _with(DELIVERED, gateway=None),
        _with(DELIVERED, attempts=0),
        _with(DELIVERED, error=_sample("too_old")["error"]),
        _with(DELIVERED, content_type=11),
        _with(DELIVERED, first_sent_at=None),
        _with(DELIVERED, queue_ms=-1),
        _with(DELIVERED, attempts=2),
        _with(DELIVERED, warnings=[1]),
        _with(_sample("too_old"), error=None),
        _with(_sample("too_old"), success=True),
        _with(_sample("too_old"), error__code="no_answer"),
        _with(_sample("too_old"), error__class="refused"),
        _with(_sample("too_old"), error__next="redrive"),
        _with(_sample("too_old"), error__retryable=True),
        _with(_sample("too_old"), error__problems=[_PROBLEM]),
        _with(_sample("invalid_event"), error__problems=[]),
        _with(_sample("invalid_event"), error__problems=[_PROBLEM] * 33),
        _with(_sample("invalid_event"), error__problems=[{"pointer": "content", "code": "empty"}]),
        _with(_sample("invalid_event"), error__problems=[{"pointer": "/content", "code": "odd"}]),
        _with(_sample("invalid_event"), possible_duplicate=True),
        _with(_sample("retries_exhausted"), attempt_log=_sample("retries_exhausted")["attempt_log"] * 2),
        _with(_sample("retries_exhausted"), attempt_log=[]),
        _with(_sample("retries_exhausted"), attempt_log=[{"effect": "unknown"}] * 2),
        [],
    ],
)
def test_damaged_outcomes(outcome: object, valid: Callable[[str, object], bool]) -> None:
    assert not valid("outcome", outcome)
    assert schemas.fault("outcome", outcome) is not None


def test_closed_lists_are_those_of_the_checker() -> None:
    properties = schemas.schema("outcome")["properties"]
    error = properties["error"]["properties"]
    assert set(properties["outcome"]["enum"]) == set(KINDS)
    numbers = range(properties["content_type"]["minimum"], properties["content_type"]["maximum"] + 1)
    assert set(numbers) == set(CONTENT_TYPES.values())
    assert set(error["class"]["enum"]) == {error_class for error_class, _ in ERRORS}
    assert set(error["code"]["enum"]) == {code for _, code in ERRORS}
    assert set(error["next"]["enum"]) == {next_step for _, _, next_step in ERRORS.values()}
    assert set(error["problems"]["items"]["properties"]["code"]["enum"]) == PROBLEM_CODES
