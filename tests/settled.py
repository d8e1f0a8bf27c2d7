"""A template with values put in for its parameters, as CloudFormation would resolve it."""

from __future__ import annotations

from typing import Any

NOTHING = object()


def settled(body: dict[str, Any], **given: Any) -> dict[str, Any]:
    """The resources that a stack would have, references to parameters and choices resolved."""
    values = {name: one.get("Default") for name, one in body["Parameters"].items()} | given
    conditions = {name: _holds(said, values) for name, said in body.get("Conditions", {}).items()}
    return {
        name: _settle(resource, values, conditions)
        for name, resource in body["Resources"].items()
        if conditions.get(resource.get("Condition"), True)
    }


def _holds(said: Any, values: dict[str, Any]) -> bool:
    ((function, inside),) = said.items()
    if function == "Fn::Not":
        return not _holds(inside[0], values)
    assert function == "Fn::Equals"
    left, right = (str(values[one["Ref"]] if isinstance(one, dict) else one) for one in inside)
    return left == right


def _settle(value: Any, values: dict[str, Any], conditions: dict[str, bool]) -> Any:
    if isinstance(value, list):
        return [_settle(one, values, conditions) for one in value]
    if not isinstance(value, dict):
        return value
    if value == {"Ref": "AWS::NoValue"}:
        return NOTHING
    if value.keys() == {"Ref"} and value["Ref"] in values:
        return values[value["Ref"]]
    if value.keys() == {"Fn::If"}:
        name, yes, no = value["Fn::If"]
        return _settle(yes if conditions[name] else no, values, conditions)
    inner = {key: _settle(one, values, conditions) for key, one in value.items()}
    return {key: one for key, one in inner.items() if one is not NOTHING}


def holds_all(part: Any, whole: Any) -> bool:
    """Whether a whole says everything that a part says, lists beginning alike."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(key in whole and holds_all(one, whole[key]) for key, one in part.items())
    if isinstance(part, list) and isinstance(whole, list):
        return len(part) <= len(whole) and all(map(holds_all, part, whole))
    return bool(part == whole)
