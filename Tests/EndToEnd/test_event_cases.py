"""The hand-written cases: `convert` and the rules written a second time both say what stands in the file."""

from collections import Counter
from pathlib import Path

import pytest

from lippi_e2e.convert import canonical, convert
from lippi_e2e.event_cases import EventCase, event_cases
from lippi_e2e.event_generator import headers_of, judged
from lippi_e2e.member_forms import (
    API_CONTENT_TYPES,
    CONTENT_TYPES,
    PRODUCTION_TYPES,
    SENDER_TYPES,
    TOKEN_GRANT_TYPES,
)
from lippi_e2e.outcome_form import PROBLEM_CODES

_CASES = event_cases()
_WITHOUT_MAPPING = PROBLEM_CODES - {"mapping"}


@pytest.fixture(scope="module")
def converted(binary: Path) -> dict[str, dict]:
    lines = convert(binary, [case.record for case in _CASES])
    return {case.name: line for case, line in zip(_CASES, lines, strict=True)}


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case.name)
def test_convert(case: EventCase, converted: dict[str, dict]) -> None:
    assert canonical(converted[case.name]) == canonical(case.expected)


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case.name)
def test_rules_written_again(case: EventCase) -> None:
    assert canonical(judged(case.record)) == canonical(case.expected)


def test_names_are_unique() -> None:
    assert [name for name, count in Counter(case.name for case in _CASES).items() if count > 1] == []


def test_every_problem_code_occurs() -> None:
    found = {problem["code"] for case in _CASES for problem in case.expected.get("problems", ())}
    assert found == _WITHOUT_MAPPING


def test_every_name_of_an_enumeration_occurs() -> None:
    values = [str(case.record.get("value")) for case in _CASES if case.valid]
    names = {
        "content_type": {*CONTENT_TYPES, *API_CONTENT_TYPES},
        "sender_type": {*SENDER_TYPES, *SENDER_TYPES.values()},
        "production_type": set(PRODUCTION_TYPES),
        "token_grant_type": set(TOKEN_GRANT_TYPES),
    }
    absent = [
        (member, name)
        for member, wanted in names.items()
        for name in wanted
        if not any(f'"{member}":"{name}"' in value for value in values)
    ]
    assert absent == []


def test_every_number_of_an_enumeration_is_an_outcome() -> None:
    requests = [case.expected["request"] for case in _CASES if case.valid]
    found = {request["ly_open_message_dto"]["content_type"] for request in requests}
    assert found == set(CONTENT_TYPES.values())


def test_every_form_occurs() -> None:
    forms = Counter()
    for case in _CASES:
        if case.valid:
            names = {name.lower() for name, _ in headers_of(case.record)}
            forms["binary"] += "ce_id" in names
            forms["structured"] += "content-type" in names
            forms["prefix"] += "value_base64" in case.record
            value = case.record.get("value") or ""
            forms["base64"] += '"data_base64"' in value
            forms["nested"] += '"ly_open_message_dto"' in value
            forms["bare"] += not names and value.startswith('{"message_id"')
    assert all(forms[form] for form in ("bare", "binary", "structured", "prefix", "base64", "nested")), forms
