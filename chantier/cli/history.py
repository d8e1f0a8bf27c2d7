"""chantier simulate --backfill and --plot: what machines would have sent, as files."""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import click

from chantier.cli.options import cloud_for, load
from chantier.cli.show import answer, say


def write_history(  # noqa: PLR0913 - what the command was told
    site_path: Path,
    days: int,
    seed: int,
    scenarios: tuple[str, ...],
    *,
    out: Path | None,
    truth: Path | None,
    as_json: bool,
) -> None:
    """Write the last days into a folder, or without one into the local AWS's data bucket."""
    from chantier.backfill import backfill, bucket_of, last_days
    from chantier.cli.progress import count_progress
    from simulator.truth import write_truth

    site, began = load(site_path), time.monotonic()
    with ExitStack() as stack:
        into = {} if out else {"keep": bucket_of(cloud_for(site_path, site, local=True), site)}
        history = backfill(
            site,
            stretch=last_days(site, days),
            seed=seed,
            scenarios=scenarios,
            folder=out or Path(stack.enter_context(tempfile.TemporaryDirectory())),
            tick=stack.enter_context(count_progress("days")),
            **into,
        )
    if truth:
        write_truth(truth, history.expected)
    if as_json:
        answer(history.as_dict())
        return
    for key in history.keys:
        click.echo(key)
    say(
        f"{days} days of {history.machines} machines: {history.messages:,} messages, "
        f"{history.readings:,} readings, {history.size / 1e6:.1f} MB "
        f"in {time.monotonic() - began:.0f} s."
    )


def draw_day(
    site_path: Path, machine: str | None, seed: int, plot: Path, *, as_json: bool
) -> None:
    """Draw one machine's day."""
    from chantier.day_plot import plot_day

    drawn = plot_day(load(site_path), machine, seed=seed, out=plot)
    if as_json:
        answer(drawn)
    else:
        click.echo(drawn["file"])
