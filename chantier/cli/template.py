"""The template that a command prints or deploys, held against AWS's quotas before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chantier.cli.show import say
from chantier.errors import ChantierError

if TYPE_CHECKING:
    from chantier.site import Site


def template_of(site: Site, *, minimal: bool = False) -> str:
    """The template of a site as YAML; advice on quotas goes to stderr.

    Raises:
        ChantierError: AWS would refuse it.
    """
    from chantier.quotas import check
    from chantier.template import build, render

    template = build(site, minimal=minimal)
    body = render(template)
    resources = {name: one.resource_type for name, one in template.resources.items()}
    code = {
        name: len(one.Code.ZipFile.encode())
        for name, one in template.resources.items()
        if one.resource_type == "AWS::Lambda::Function"
    }
    passed = check(site, body, resources=resources, code=code, minimal=minimal)
    if refused := [one for one in passed if one.refused]:
        sentences = " ".join(one.sentence for one in refused)
        raise ChantierError(sentences, hint=f"{refused[0].to_do}.")
    for one in passed:
        say(f"Note: {one.sentence} {one.to_do}.")
    if not minimal and site.site.size == "starter" and "AWS::IoT::Thing" not in resources.values():
        say(
            f"Note: {len(site.machines)} machines are too many for a thing each in the stack; "
            "machine add and enrolment by claim make them."
        )
    _say_holidays(site)
    return body


def _say_holidays(site: Site) -> None:
    """Say so where this year's or the next one's public holidays are not known."""
    from datetime import UTC, datetime

    from chantier.site_settings import holidays_unknown

    year = datetime.now(UTC).year
    if unknown := holidays_unknown(site, (year, year + 1)):
        say(
            f"Note: the public holidays of {site.calendar.public_holidays} are not all known for "
            f"{' and '.join(map(str, unknown))}: those days count as the week's others."
        )
