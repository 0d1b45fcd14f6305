"""The project's JSON Schemas, as files and compiled."""

import functools
import json
from collections.abc import Callable
from pathlib import Path

import fastjsonschema

_FOLDER = Path(__file__).resolve().parents[3] / "config" / "schemas"
NAMES = ("event", "outcome")


@functools.cache
def schema(name: str) -> dict:
    return json.loads((_FOLDER / f"{name}.schema.json").read_text(encoding="utf-8"))


@functools.cache
def _compiled(name: str) -> Callable[[object], object]:
    return fastjsonschema.compile(schema(name), use_default=False)


def fault(name: str, document: object) -> str | None:
    """What the schema has against the document; None: it is valid."""
    try:
        _compiled(name)(document)
    except fastjsonschema.JsonSchemaValueException as refused:
        return f"{refused.message}, by the schema"
    return None
