"""chantier init, synth, source: the site file, its template, and the code in that."""

from __future__ import annotations

import gc
from pathlib import Path

import click

from chantier.cli.options import load, own_site_option, site_option, size_option, sized
from chantier.cli.show import say


@click.command()
@own_site_option
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


output_option = click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write it there instead of printing it.",
)


@click.command()
@site_option
@output_option
@click.option(
    "--minimal",
    is_flag=True,
    help="Ingest, detection, alerts and raw data alone; fits in one request (51,200 bytes).",
)
@size_option
def synth(site_path: Path, output: Path | None, size: str | None, *, minimal: bool) -> None:
    """Print the CloudFormation template of the site."""
    # A tenth of this short process would go into looking for garbage that it does not make.
    gc.disable()
    from chantier.cli.template import template_of

    if minimal and size == "fleet":
        raise click.UsageError("--minimal is a starter's: it has no queue. Leave out one of them.")
    site = sized(load(site_path), size)
    _hand_over(template_of(site, minimal=minimal), output)


@click.command()
@click.argument("function", required=False)
@site_option
@output_option
@size_option
def source(function: str | None, site_path: Path, output: Path | None, size: str | None) -> None:
    """Print the code of a function of the template.

    The template carries it packed, with the SHA-256 of what is printed here.
    Without FUNCTION: of the only one, or the list of them.
    """
    from chantier.errors import ChantierError
    from chantier.template import sources

    found = sources(sized(load(site_path), size))
    names = "\n".join(found)
    if function is None and len(found) > 1:
        _hand_over(f"{names}\n", output)
        return
    name = function or names
    if name not in found:
        raise ChantierError(
            f"The template has no function {name!r}.", hint=f"It has: {', '.join(found)}."
        )
    _hand_over(found[name], output)


def _hand_over(text: str, output: Path | None) -> None:
    """Print the text, or write it to a file and say so."""
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, "utf-8")
    except OSError as error:
        raise click.FileError(str(output), error.strerror) from error
    say(f"Wrote {output} ({len(text.encode()):,} bytes).")
