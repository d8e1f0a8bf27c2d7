"""What cfn-lint says of a template, every rule on."""

from __future__ import annotations

from difflib import get_close_matches
from typing import NamedTuple

from chantier.errors import ChantierError


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

    Raises:
        ChantierError: there is no such region.
    """
    from cfnlint.api import lint as cfn_lint  # noqa: PLC0415 - half a second to import
    from cfnlint.config import ManualArgs  # noqa: PLC0415
    from cfnlint.helpers import REGIONS  # noqa: PLC0415

    if region not in REGIONS:
        close = get_close_matches(region, REGIONS, n=3) or sorted(REGIONS)[:5]
        raise ChantierError(
            f"There is no AWS region {region!r}.",
            f"Set [site] region in the site file; did you mean {', '.join(close)}?",
        )
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
