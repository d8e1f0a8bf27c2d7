"""What the embedded AWS lacks, kept out of a stack by the template's own parameters.

The product knows nothing of it: the same template is deployed, with values that anybody
could give. An entry is deleted the day ministack has that resource type.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from chantier.errors import ChantierError

# Parameter -> the value that keeps it out of the stack, and what it is.
LACKING = {"BudgetAmount": ("0", "a budget (AWS::Budgets::Budget)")}
# Of what is out of the stack until a parameter asks for it: the value that does not, and what
# it is.
UNASKED = {
    "QuickSightPrincipalArn": ("", "QuickSight (AWS::QuickSight::Dashboard and its data sets)"),
    "IotLogLevel": ("DISABLED", "the log of AWS IoT (AWS::IoT::Logging)"),
}

# What `chantier prove` cannot see here: the embedded AWS takes these settings and drops them.
NOT_KEPT = frozenset({"object encrypted", "raw tiering", "table encrypted", "table recovery"})


def without_lacking(
    body: str, say: Callable[[str], None], given: Mapping[str, str] = MappingProxyType({})
) -> dict[str, str]:
    """Parameters for the embedded AWS, of those that a template has; says each.

    Args:
        body: the template's text, as `chantier.rendering` writes it.
        say: receives a line a parameter.
        given: parameters that were asked for.

    Raises:
        ChantierError: one of them asks for what the embedded AWS does not have.
    """
    for name, (value, what) in UNASKED.items():
        if given.get(name, value) != value:
            raise ChantierError(
                f"The embedded AWS does not have {what}, which {name} asks for.",
                f"Deploy without it here: chantier deploy --local, without -p {name}. "
                f"On an AWS account: chantier deploy -p {name}={given[name]}",
            )
    values = {}
    for name, (value, what) in LACKING.items():
        if re.search(rf"^  {name}:$", body, re.MULTILINE):
            say(f"The embedded AWS does not have {what}: {name} is {value} here.")
            values[name] = value
    return values
