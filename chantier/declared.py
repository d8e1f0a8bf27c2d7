"""The parameters that a template declares, and whether a value fits one.

CloudFormation checks the same, in its own words and after the upload; here a person is told
what to type. The embedded AWS checks less.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

import yaml

from chantier.errors import ChantierError

# The parameters hold no short form of a function, so that any reader of YAML reads them.
SECTION = re.compile(r"^Parameters:\n(?:[ \n].*\n?)*", re.MULTILINE)


def declared(body: str) -> dict[str, dict[str, Any]]:
    """Each parameter of a template by its name, as the template's text says."""
    found = SECTION.search(body)
    return dict(yaml.safe_load(found[0])["Parameters"]) if found else {}


def check(given: Mapping[str, str], parameters: Mapping[str, Mapping[str, Any]]) -> None:
    """Whether each value fits its parameter.

    Raises:
        ChantierError: a name that the template does not have, or a value that does not fit.
    """
    for name, value in given.items():
        if name not in parameters:
            close = get_close_matches(name, parameters, n=3) or sorted(parameters)
            raise ChantierError(
                f"The template has no parameter {name!r}.", f"Did you mean {', '.join(close)}?"
            )
        if not fits(value, parameters[name]):
            said = parameters[name].get("ConstraintDescription", "another value")
            raise ChantierError(f"{name} cannot be {value!r}.", f"Give {said}: -p {name}=...")


def fits(value: str, parameter: Mapping[str, Any]) -> bool:
    """Whether CloudFormation would take a value."""
    if "AllowedValues" in parameter:
        return value in map(str, parameter["AllowedValues"])
    if parameter["Type"] == "Number":
        # Every number of ours is a whole one.
        if not re.fullmatch(r"-?\d+", value):
            return False
        number = int(value)
        low, high = parameter.get("MinValue", number), parameter.get("MaxValue", number)
        return bool(low <= number <= high)
    if len(value) > int(parameter.get("MaxLength", len(value))):
        return False
    return bool(re.fullmatch(parameter.get("AllowedPattern", ".*"), value))


def kept(
    before: Mapping[str, str], given: Mapping[str, str], parameters: Mapping[str, Any]
) -> dict[str, str]:
    """What a deployed stack keeps although the template's own value is another.

    Args:
        before: the stack's values.
        given: what is set now.
        parameters: `declared`.

    Returns:
        The template's value of each such parameter, by name.
    """
    return {
        name: str(parameters[name]["Default"])
        for name, value in before.items()
        if name in parameters
        and name not in given
        and str(parameters[name].get("Default", value)) != value
    }
