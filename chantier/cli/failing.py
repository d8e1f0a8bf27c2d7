"""A deployment that ended badly: the first cause, where it comes from, what to do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chantier.cli.naming import Names
from chantier.cli.show import clean, fold, red, say

if TYPE_CHECKING:
    from chantier.deploying.failures import Failure
    from chantier.errors import StackError
    from chantier.site import Site

# What failed after the first cause is mostly noise; a few lines are not.
ALSO = 3


def explained(failure: Failure, names: Names, *, site: Site, site_path: Path) -> dict[str, str]:
    """A failure with where it comes from and what to do, as texts by their heading."""
    from chantier.deploying.origins import modules, site_line
    from chantier.deploying.remedies import remedy
    from chantier.template import build

    properties = names.resources.get(failure.logical_id, {}).get("Properties", {})
    module = modules(lambda: build(site)).get(failure.logical_id)
    line = site_line(
        site_path.read_text("utf-8"),
        file=str(site_path),
        about=(str(properties.get("ThingName", "")), failure.reason),
    )
    return {
        "said": failure.reason,
        "property": failure.path,
        "comes from": str(module) if module else "",
        "site file": f"{line} ({line.what})" if line else "",
        "what to do": remedy(failure),
    }


def show(error: StackError, names: Names, *, site: Site, site_path: Path) -> None:
    """Print the first cause at length, and the others in a line each."""
    from chantier.deploying.failures import Failure

    say(red(error.message.split("\n", 1)[0]))
    causes = [one for one in error.causes if isinstance(one, Failure)]
    if not causes:
        for reason in error.reasons:
            say(fold(f"  {clean(reason)}"))
    for first in causes[:1]:
        name = names.full(first.logical_id, first.kind) if first.logical_id else "The template"
        say(red(f"  {name}"))
        told = explained(first, names, site=site, site_path=site_path)
        for heading, text in told.items():
            if text:
                say(fold(f"    {heading:11} {clean(text)}", indent=16))
    for other in causes[1 : ALSO + 1]:
        say(fold(f"  also {clean(other.sentence)}", indent=7))
    if len(causes) > ALSO + 1:
        say(f"  and {len(causes) - ALSO - 1} more")
    if error.hint:
        say(error.hint)


def as_data(error: StackError, names: Names, *, site: Site, site_path: Path) -> dict[str, Any]:
    """The failure for --json."""
    from chantier.deploying.failures import Failure

    return {
        "status": error.status,
        "changed": bool(error.status),
        "failures": [
            {
                **one._asdict(),
                **{
                    heading.replace(" ", "_"): text
                    for heading, text in explained(
                        one, names, site=site, site_path=site_path
                    ).items()
                    if heading not in ("said", "property")
                },
            }
            for one in error.causes
            if isinstance(one, Failure)
        ],
        "reasons": list(error.reasons),
    }


def interrupted(stack: str, status: str, *, local: bool, again: str) -> None:
    """Say what goes on without this terminal, how to watch it and how to stop it."""
    from chantier.deploying.recovery import stopping

    click.echo(err=True)
    say(f"{stack} is {status} and goes on without this terminal.")
    stop = "chantier local down" if local else stopping(stack, status)
    say(f"Watch it: {again}\nStop it:  {stop}")
