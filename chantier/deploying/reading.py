"""A template's text as plain data, and its values once the parameters are known.

What only CloudFormation can know stays a text with its name: `${Detect.Arn}`. Two templates are
compared that way, where the service does not tell what a property was before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import yaml

# The C reader takes a twentieth of the time; PyYAML is built without it on some platforms.
_READER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
NAMED = re.compile(r"\$\{([^!${}][^${}]*)\}")
NO_VALUE = {"Ref": "AWS::NoValue"}
HIDDEN = "****"


class _Reader(_READER):  # type: ignore[misc]  # which of the two is known when it runs
    """YAML with CloudFormation's short forms."""


def _short_form(reader: Any, suffix: str, node: Any) -> Any:
    if isinstance(node, yaml.ScalarNode):
        value: Any = reader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = reader.construct_sequence(node, deep=True)
    else:
        value = reader.construct_mapping(node, deep=True)
    if suffix in ("Ref", "Condition"):
        return {suffix: value}
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {f"Fn::{suffix}": value}


_Reader.add_multi_constructor("!", _short_form)
# A date is a text to CloudFormation: `Version: 2012-10-17`.
_Reader.add_constructor("tag:yaml.org,2002:timestamp", _Reader.construct_yaml_str)


def plain(body: str | Mapping[str, Any]) -> dict[str, Any]:
    """A template as plain data, with the long forms of functions; empty for none.

    Args:
        body: YAML or JSON; GetTemplate's answer to a JSON template is data already.
    """
    said = yaml.load(body, Loader=_Reader) if isinstance(body, str) else body  # noqa: S506 - derives from a safe reader
    return dict(said) if isinstance(said, Mapping) else {}


def values(template: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    """Each parameter's value: what is given, or the template's own; secrets are hidden."""
    found = {}
    for name, one in template.get("Parameters", {}).items():
        value = str(given.get(name, one.get("Default", "")))
        found[name] = HIDDEN if str(one.get("NoEcho", "")).lower() == "true" else value
    return found


def resolved(template: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The resources that a template makes with these parameters, by logical id.

    Args:
        template: `plain`.
        given: values of parameters; the others have the template's own.
    """
    known = _Known(template, values(template, given))
    return {
        name: known.of({key: value for key, value in one.items() if key != "Condition"})
        for name, one in template.get("Resources", {}).items()
        if known.holds(one.get("Condition"))
    }


class _Known:
    """What a template's functions come to.

    Args:
        template: plain data.
        parameters: every parameter's value.
    """

    def __init__(self, template: Mapping[str, Any], parameters: Mapping[str, str]) -> None:
        self.conditions = template.get("Conditions", {})
        self.parameters = parameters

    def holds(self, condition: Any) -> bool:
        """Whether a condition is true; a name, or a function of conditions."""
        if condition is None:
            return True
        if isinstance(condition, str):
            return self.holds(self.conditions.get(condition))
        ((name, inner),) = condition.items()
        if name == "Fn::Equals":
            first, second = (str(self.of(one)) for one in inner)
            return first == second
        if name == "Condition":
            return self.holds(inner)
        held = [self.holds(one) for one in inner]
        return any(held) if name == "Fn::Or" else all(held) != (name == "Fn::Not")

    def of(self, value: Any) -> Any:
        """A value with its functions carried out, as far as anybody can."""
        if isinstance(value, list):
            return [self.of(one) for one in value if self._kept(one)]
        if not isinstance(value, Mapping):
            return value
        if len(value) == 1:
            (name,) = value
            if name == "Ref" or (isinstance(name, str) and name.startswith("Fn::")):
                return self._function(name, value[name])
        return {key: self.of(one) for key, one in value.items() if self._kept(one)}

    def _kept(self, value: Any) -> bool:
        while isinstance(value, Mapping) and len(value) == 1 and "Fn::If" in value:
            condition, yes, no = value["Fn::If"]
            value = yes if self.holds(condition) else no
        return not (isinstance(value, Mapping) and value == NO_VALUE)

    def _function(self, name: str, inner: Any) -> Any:
        if name == "Ref":
            return self.parameters.get(inner, f"${{{inner}}}")
        if name == "Fn::If":
            return self.of(inner[1] if self.holds(inner[0]) else inner[2])
        if name == "Fn::GetAtt":
            return f"${{{'.'.join(map(str, inner))}}}"
        if name == "Fn::Sub":
            return self._sub(inner)
        told = self.of(inner)
        if name == "Fn::Join" and all(isinstance(one, str) for one in told[1]):
            return told[0].join(told[1])
        return {name: told}

    def _sub(self, inner: Any) -> str:
        text, own = (inner, {}) if isinstance(inner, str) else inner
        known = {**self.parameters, **{name: _text(self.of(one)) for name, one in own.items()}}
        return NAMED.sub(lambda found: known.get(found[1], found[0]), text)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
