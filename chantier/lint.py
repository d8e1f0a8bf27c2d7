"""What cfn-lint says of a template, every rule on."""

from __future__ import annotations

from typing import NamedTuple


class Finding(NamedTuple):
    """One remark, with its place in the template."""

    rule: str
    line: int
    message: str
    level: str


def lint(body: str, *, region: str) -> list[Finding]:
    """Check a template's text as it will be deployed.

    Args:
        body: YAML or JSON.
        region: the region whose resource types and values count.
    """
    from cfnlint.api import lint as cfn_lint  # noqa: PLC0415 - half a second to import
    from cfnlint.config import ManualArgs  # noqa: PLC0415

    arguments = ManualArgs(regions=[region], include_checks=["I"])
    return [
        Finding(
            rule=match.rule.id,
            line=match.linenumber,
            message=match.message,
            level=match.rule.severity,
        )
        for match in cfn_lint(body, config=arguments)
    ]
