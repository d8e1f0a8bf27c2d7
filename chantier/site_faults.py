"""A validation error of pydantic as a line that a person can act on.

Each line says where, what was found, and what is allowed; an unknown key comes
with the nearest known one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel

SHOWN = 60
KINDS = {
    "string_type": "a text in quotes",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "int_parsing": "a whole number",
    "bool_type": "true or false",
    "date_type": "a date such as 2026-09-14, without quotes",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "missing": "it must be there",
}
PATTERNS = {
    "name": "a-z, 0-9 and hyphens, 1 to 48",
    "zone": "the name of a zone: a-z, 0-9 and hyphens, 1 to 48",
    "id": "letters, digits, hyphen, underscore, 1 to 64",
    "label": "a text of 1 to 80 characters on one line",
    "make": "a text of 1 to 80 characters on one line",
    "model": "a text of 1 to 80 characters on one line",
    "serial": "a text of 1 to 80 characters on one line",
    "pin": "a text of 1 to 80 characters on one line",
    "region": "an AWS region such as eu-west-3; not of China, GovCloud or an isolated one",
    "currency": "three capital letters such as EUR",
    "public_holidays": 'two capital letters such as FR, or "" for none',
}
HOURS = 'hours such as "07:30-12:00"'


def explain(errors: Iterable[Any], said: Mapping[str, Any], model: type[BaseModel]) -> list[str]:
    """One line a fault.

    Args:
        errors: pydantic's `ValidationError.errors()`.
        said: the parsed file.
        model: the model of the whole file.
    """
    return [_line(error, said, model) for error in errors]


def _line(error: Any, said: Mapping[str, Any], model: type[BaseModel]) -> str:
    path = tuple(error["loc"])
    place = _place(path, said)
    if error["type"] == "extra_forbidden":
        known = _known_keys(model, path[:-1])
        return f"{place}: unknown key{nearest(str(path[-1]), known)}"
    if error["type"] == "missing":
        return f"{place}: missing; it must be there"
    return f"{place}: found {found(error['input'])}; allowed: {_allowed(error, path)}"


def _place(path: tuple[Any, ...], said: Any) -> str:
    """`machines, no. 4 (EX-004), zone`: as a person would point at it."""
    words: list[str] = []
    at = said
    for step in path:
        at = at[step] if _has(at, step) else None
        if isinstance(step, int):
            name = (at.get("id") or at.get("name")) if isinstance(at, dict) else None
            words.append(f"no. {step + 1}" + (f" ({name})" if name else ""))
        else:
            words.append(str(step))
    return ", ".join(words) or "the file"


def _has(at: Any, step: Any) -> bool:
    if isinstance(at, dict):
        return step in at
    return isinstance(at, list) and isinstance(step, int) and step < len(at)


def found(value: object) -> str:
    """What was found, short enough for a line."""
    if isinstance(value, Mapping):
        return "a table"
    text = repr(value)
    return text if len(text) <= SHOWN else text[:SHOWN] + "..."


def _allowed(error: Any, path: tuple[Any, ...]) -> str:
    kind, context = error["type"], error.get("ctx", {})
    names = [step for step in path if isinstance(step, str)]
    if kind == "string_pattern_mismatch":
        return PATTERNS.get(names[-1], HOURS)
    if kind == "literal_error":
        return str(context["expected"])
    return KINDS.get(kind, str(error["msg"]).removeprefix("Input should be "))


def nearest(key: str, known: Iterable[str]) -> str:
    """The end of a line about an unknown key: the nearest known one, or all of them."""
    known = list(known)
    close = get_close_matches(key, known, n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else f"; allowed: {', '.join(known)}"


def _known_keys(model: type[BaseModel], path: tuple[Any, ...]) -> list[str]:
    """The keys that the table at `path` may have."""
    for step in path:
        if isinstance(step, str):
            by_name = {f.alias or name: f for name, f in model.model_fields.items()}
            model = _model_in(by_name[step].annotation) or model
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in get_args(annotation):
        if found := _model_in(part):
            return found
    return None
