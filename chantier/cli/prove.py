"""chantier prove: on the live stack, what the README promises."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chantier.cli.options import Number, cloud_for, json_option, load, local_option, site_option
from chantier.cli.show import answer, clean, say, table

if TYPE_CHECKING:
    from chantier.proving.promises import Check
    from chantier.proving.proof import Proof
    from chantier.proving.timing import Timing
    from chantier.site import Site

TITLES = {"path": "A message", "speed": "In time", "door": "The door", "keeping": "Keeping"}
MARKS = {True: ("✓", "green"), False: ("✗", "red"), None: ("-", "yellow")}
EVERY_S = 10.0


@click.command()
@site_option
@local_option
@json_option
@click.option("--count", type=click.IntRange(2, 500), help="Messages to time.  [default: 20]")
@click.option(
    "--within",
    "within_ms",
    default=100.0,
    type=Number(min=0, min_open=True),
    show_default=True,
    metavar="MS",
    help="95 of 100 alerts must be stored within this time.",
)
@click.option(
    "--timeout",
    "patience_s",
    default=30.0,
    type=Number(min=0, min_open=True),
    show_default=True,
    metavar="SECONDS",
    help="How long a hop may take.",
)
@click.option(
    "--wait-raw",
    "raw_s",
    default=90.0,
    type=Number(min=0, min_open=True),
    show_default=True,
    metavar="SECONDS",
    help="How long raw data may take beyond what Firehose collects (RawBufferSeconds).",
)
@click.option("--quick", is_flag=True, help="5 messages, and no waiting for raw data.")
def prove(  # noqa: PLR0913 - one a option
    site_path: Path,
    count: int | None,
    within_ms: float,
    patience_s: float,
    raw_s: float,
    *,
    local: bool,
    as_json: bool,
    quick: bool,
) -> None:
    """Try on the deployed site what the README promises; exit 1 if a promise is broken.

    A machine of its own sends signed messages, and every place is checked where they must
    arrive; others are refused at the door. Nobody is told of its alerts, no report counts
    them, and all is taken away at the end: only its lines in raw data stay.
    """
    from chantier.proving.proof import COUNT, QUICK_COUNT, Wish
    from chantier.proving.proof import prove as prove_site

    # Whoever ends the run ends it in order: the probe is taken away.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    site = load(site_path)
    wish = Wish(
        count=count or (QUICK_COUNT if quick else COUNT),
        within_ms=within_ms,
        patience_s=patience_s,
        raw_s=None if quick else raw_s,
        not_kept=_not_kept(local=local),
    )
    with _waiting() as tick:
        proof = prove_site(
            cloud_for(site_path, site, local=local), site, wish=wish, say=say, tick=tick
        )
    answer(proof.as_dict()) if as_json else _show(proof, site)
    if not proof.ok:
        raise click.exceptions.Exit(1)


def _not_kept(*, local: bool) -> frozenset[str]:
    if not local:
        return frozenset()
    from chantier.local import NOT_KEPT

    return NOT_KEPT


@contextmanager
def _waiting() -> Iterator[Callable[[str], None]]:
    """Gives a function to call with what is going on: one line that is rewritten on a terminal."""
    import time

    from rich.console import Console

    console, told = Console(stderr=True), time.monotonic()
    if console.is_terminal:
        with console.status("") as status:
            yield status.update
        return

    def now_and_then(text: str) -> None:
        nonlocal told
        if time.monotonic() - told >= EVERY_S:
            told = time.monotonic()
            say(f"  {text}")

    yield now_and_then


def _show(proof: Proof, site: Site) -> None:
    from rich.text import Text

    rows, before = [], ""
    for check in proof.checks:
        mark, colour = MARKS[check.holds]
        part = check.promise.part
        rows.append(
            (
                TITLES[part] if part != before else "",
                Text(mark, style=colour),
                check.name,
                "" if check.ms is None else f"{check.ms:.1f}",
                check.said,
            )
        )
        before = part
    table(("", "", "", "ms", "what was seen"), rows)
    if proof.timing:
        _show_timing(proof.timing)
    for check in proof.checks:
        if check.holds is False:
            _show_fault(check)
    counts = {one: sum(check.holds is one for check in proof.checks) for one in MARKS}
    click.echo(
        f"{site.name}: {counts[True]} promises hold, {counts[False]} broken, "
        f"{counts[None]} not seen; {proof.seconds:.0f} s."
    )
    click.echo(
        "The probe is taken away again"
        + (": not all of it, see above." if proof.left else "; its lines in raw data stay.")
    )


def _show_timing(timing: Timing) -> None:
    whose = {
        "acknowledged": "publish to acknowledged, by this computer's clock",
        "in_cloud": "rule to stored alert, by the cloud's clocks",
        "in_function": "of this in the function",
        "whole": "publish to stored alert, by both clocks",
    }
    rows = [
        (text, *(f"{getattr(getattr(timing, name), one):.1f}" for one in _FIGURES))
        for name, text in whose.items()
    ]
    table((f"n = {timing.in_cloud.n}, in ms", "p50", "p95", "p99", "least", "most"), rows)
    if timing.ahead_ms:
        click.echo(
            f"The cloud's clock is {timing.ahead_ms:+.0f} ms from this computer's, by the "
            "acknowledgements; the last line is corrected by that."
        )


_FIGURES = ("p50", "p95", "p99", "least", "most")


def _show_fault(check: Check) -> None:
    click.secho(f"{check.name} does not hold: {clean(check.said)}", fg="red")
    click.echo(f"  promised: {check.promise.words}")
    for one in check.look:
        click.echo(f"  {clean(one)}")
