"""chantier deploy: the template to a running site."""

from __future__ import annotations

from pathlib import Path

import click

from chantier.cli.options import claim, cloud_for, json_option, load, local_option, site_option
from chantier.cli.show import answer, say


@click.command()
@site_option
@local_option
@json_option
@click.option(
    "--parameter",
    "-p",
    "given",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set a parameter of the template; may be repeated.",
)
def deploy(site_path: Path, given: tuple[str, ...], *, local: bool, as_json: bool) -> None:
    """Create or update the site's stack, through a change set."""
    from chantier.cli.template import template_of
    from chantier.declared import check, declared
    from chantier.stack import deploy as deploy_stack

    site = load(site_path)
    cloud = cloud_for(site_path, site, local=local)
    body, parameters = template_of(site), _pairs(given)
    check(parameters, declared(body))
    if local:
        from chantier.local import without_lacking

        parameters |= without_lacking(body, say, given=parameters)
    done = deploy_stack(cloud, body, site=site.name, parameters=parameters, say=say)
    if local:
        from chantier.local import WORKERS, warm

        claim(site_path)
        warm(cloud, done.outputs["DetectFunctionName"], workers=WORKERS)
    if as_json:
        answer(done._asdict())
        return
    say(f"{done.stack}: {done.status}.")
    for name, value in done.outputs.items():
        click.echo(f"{name} = {value}")


def _pairs(given: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not (name and equals):
            raise click.BadParameter(f"{one!r}: write NAME=VALUE.", param_hint="--parameter")
        pairs[name] = value
    return pairs
