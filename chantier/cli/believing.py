"""chantier simulate --validate: the ten figures of the trade as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from chantier.cli.show import answer, say, table

if TYPE_CHECKING:
    from chantier.validate import Validation


def show_validation(machines: int, seed: int, *, as_json: bool) -> None:
    """Measure and show."""
    from chantier.cli.progress import count_progress
    from chantier.validate import validate

    with count_progress("machines") as tick:
        found = validate(machines=machines, seed=seed, tick=tick)
    show(found, as_json=as_json)


def show(found: Validation, *, as_json: bool) -> None:
    """What was measured; exits with 1 if a figure is out of range or an invariant broken."""
    if as_json:
        answer(found.as_dict())
    else:
        _show(found)
    if not found.ok:
        raise click.exceptions.Exit(1)


def _show(found: Validation) -> None:
    from chantier.validate import MOST_PER_SHIFT

    rows = [
        (str(one.number), one.quantity, one.target, one.value, _verdict(ok=one.ok))
        for one in found.figures
    ]
    table(("#", "Figure", "Target", "Value", ""), rows)
    for fault in found.broken[:20]:
        say(f"  {fault}")
    lines = (
        ("invariants", f"{found.steps:,} steps checked, {len(found.broken)} broken"),
        ("alerts", f"{found.notified:.2f} notified a machine and shift, at most {MOST_PER_SHIFT}"),
        ("verdict", f"{_verdict(ok=found.ok)} ({found.machines} shifts, seed {found.seed})"),
    )
    for name, text in lines:
        click.echo(f"  {name:11} {text}")


def _verdict(*, ok: bool) -> str:
    return "ok" if ok else "OUT OF RANGE"
