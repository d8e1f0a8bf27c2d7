"""chantier init, synth, lint: the site file and its template."""

from __future__ import annotations

from pathlib import Path

import click

from chantier.cli.options import json_option, load, site_option
from chantier.cli.show import answer, say


@click.command()
@site_option
@click.option("--stdout", is_flag=True, help="Print it instead of writing the file.")
def init(site_path: Path, *, stdout: bool) -> None:
    """Write a commented site file to start from.

    It describes a French earthworks site with 12 machines; make it yours.
    """
    from chantier.site import write_example

    if stdout:
        click.echo(write_example(None), nl=False)
        return
    write_example(site_path)
    say(f"Wrote {site_path}. Make it yours, then: chantier synth")


@click.command()
@site_option
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write it there instead of printing it.",
)
def synth(site_path: Path, output: Path | None) -> None:
    """Print the CloudFormation template of the site."""
    from chantier.template import synthesize

    text = synthesize(load(site_path))
    if output:
        try:
            output.write_text(text, "utf-8")
        except OSError as error:
            raise click.FileError(str(output), error.strerror) from error
        say(f"Wrote {output} ({len(text.encode()):,} bytes).")
    else:
        click.echo(text, nl=False)


@click.command()
@site_option
@json_option
def lint(site_path: Path, *, as_json: bool) -> None:
    """Check the template with cfn-lint, every rule on."""
    from chantier.lint import lint as check
    from chantier.template import synthesize

    site = load(site_path)
    findings = check(synthesize(site), region=site.site.region)
    if as_json:
        answer([finding._asdict() for finding in findings])
    else:
        for finding in findings:
            click.echo(f"{finding.rule} line {finding.line}: {finding.message}")
        say(f"{len(findings)} findings.")
    if findings:
        raise click.exceptions.Exit(1)
