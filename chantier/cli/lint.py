"""chantier lint: what is wrong with a template, as text, JSON or SARIF."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from chantier.cli.options import json_option, load, site_option
from chantier.cli.show import answer, clean, say

if TYPE_CHECKING:
    from chantier.lint import Finding

# Where no site file tells: cfn-lint's own choice.
REGION = "us-east-1"


@click.command()
@click.argument("templates", nargs=-1, metavar="[TEMPLATE]...", type=click.Path(path_type=Path))
@site_option
@click.option("--region", help="The region whose rules count, instead of the site's.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif"]),
    default="text",
    show_default=True,
    help="How to answer; SARIF is what code hosts show beside the lines.",
)
@json_option
def lint(
    templates: tuple[Path, ...], site_path: Path, region: str | None, form: str, *, as_json: bool
) -> None:
    """Check templates with cfn-lint, every rule on, and with our own checks.

    Without TEMPLATE: the template of the site.
    """
    if templates:
        findings, whole = _of_files(templates, region or _region_of(site_path))
    else:
        findings, whole = _of_site(site_path, region), True
    _show(findings, "json" if as_json else form, site_path)
    if findings or not whole:
        raise click.exceptions.Exit(1)


def _of_files(templates: tuple[Path, ...], region: str) -> tuple[list[Finding], bool]:
    """What is found in files, and whether each of them could be read; says which could not."""
    from chantier.errors import ChantierError
    from chantier.lint import check_region, lint_file

    check_region(region)
    findings, whole = [], True
    for path in templates:
        try:
            findings += lint_file(path, region=region)
        except ChantierError as fault:
            for line in filter(None, (fault.message, fault.hint)):
                say(clean(line))
            whole = False
    return findings, whole


def _of_site(site_path: Path, region: str | None) -> list[Finding]:
    from chantier.lint import lint as check
    from chantier.template import synthesize

    site = load(site_path)
    return check(synthesize(site), region=region or site.site.region)


def _region_of(site_path: Path) -> str:
    """The site's region; cfn-lint's own where there is no site file and none was asked for."""
    source = click.get_current_context().get_parameter_source("site_path")
    if source is ParameterSource.DEFAULT and not site_path.exists():
        say(f"There is no {site_path}: the rules are those of {REGION}; --region sets another.")
        return REGION
    return load(site_path).site.region


def _show(findings: list[Finding], form: str, site_path: Path) -> None:
    from chantier.sarif import sarif

    if form == "sarif":
        answer(sarif(findings, source=site_path.as_posix()))
    elif form == "json":
        answer([finding._asdict() for finding in findings])
    else:
        for one in findings:
            where = f"{one.file or 'template'}:{one.line}"
            click.echo(clean(f"{where}: {one.rule} {one.message} {one.todo}".rstrip()))
    say(f"{len(findings)} findings.")
