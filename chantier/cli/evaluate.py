"""chantier evaluate: how many alerts a healthy fleet raises, and how many incidents are found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from chantier.cli.options import json_option, load, site_option
from chantier.cli.show import answer, say, table

if TYPE_CHECKING:
    from chantier.evaluate import Evaluation


@click.command()
@site_option
@json_option
@click.option(
    "--machines",
    default=100,
    show_default=True,
    type=click.IntRange(1, 10_000),
    help="How many; the site's are repeated.",
)
@click.option(
    "--hours", default=8, show_default=True, type=click.IntRange(1, 16), help="Of the shift."
)
@click.option("--seed", default=1, show_default=True, help="The same seed, the same figures.")
@click.option(
    "--scenarios",
    multiple=True,
    default=("all",),
    show_default="all",
    metavar="all|none|NAME@MACHINE+TIME",
    help="What goes wrong; the time counts from an hour before the opening; may be repeated.",
)
def evaluate(  # noqa: PLR0913 - one argument an option
    site_path: Path,
    machines: int,
    hours: int,
    seed: int,
    scenarios: tuple[str, ...],
    *,
    as_json: bool,
) -> None:
    """Measure detection against simulated machines, in memory.

    Plays one shift in health and one with every scenario on at least five
    machines where there are enough. Exits with 1 if a healthy machine raises
    more than 0.5 notified alerts a shift, or precision or recall is below 1.
    """
    from chantier.cli.progress import count_progress
    from chantier.evaluate import evaluate as measure

    site = load(site_path)
    with count_progress("machines") as tick:
        found = measure(
            site, machines=machines, hours=hours, seed=seed, scenarios=scenarios, tick=tick
        )
    if as_json:
        answer(found.as_dict())
    else:
        _show(found)
    if not found.ok:
        raise click.exceptions.Exit(1)


def _show(found: Evaluation) -> None:
    well = found.healthy
    by_code = ", ".join(f"{code} {count}" for code, count in well.notified.items()) or "none"
    split = ", ".join(f"{share:g} % {priority}" for priority, share in well.split.items())
    if found.verdict:
        table(
            ("Code", "Scripted", "Found", "Late", "Missed", "False", "Ordinary"),
            [
                (
                    code,
                    *map(
                        str,
                        (row.scripted, row.found, row.late, row.missed, row.false, row.ordinary),
                    ),
                )
                for code, row in found.verdict.rows.items()
            ],
        )
        for line in found.verdict.wrong:
            say(f"  {line}")
    lines = [
        ("healthy shift", f"{well.per_shift:.2f} notified alerts a machine ({by_code})"),
        ("priorities", split),
    ]
    if found.verdict:
        lines.append(("precision", f"{found.verdict.precision:.1%}"))
        lines.append(("recall", f"{found.verdict.recall:.1%}"))
    for name, text in lines:
        click.echo(f"  {name:14} {text}")
