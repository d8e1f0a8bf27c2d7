"""chantier demo: the whole path once, on the embedded AWS, in about a minute."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chantier.cli.options import home, json_option, load, own_site_option
from chantier.cli.show import answer, program, say

if TYPE_CHECKING:
    from chantier.site import Site
    from chantier.tally import DemoReport


@click.command()
@own_site_option
@json_option
@click.option(
    "--replay",
    "recording",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Replay this recording too (JSON Lines or CSV).",
)
@click.option("--seed", default=1, show_default=True, help="Of the simulated machines.")
def demo(site_path: Path, recording: Path | None, seed: int, *, as_json: bool) -> None:
    """Run a whole site on this computer: deploy, enrol, simulate, find alerts.

    Writes the example site file first where there is none. The local AWS stays
    up afterwards, so that you can look around. Exits with 1 if a message or a
    scripted alert is missing.
    """
    from chantier.cli.progress import run_progress
    from chantier.demo import run_demo
    from chantier.site import write_example
    from simulator.replay import read_recording

    # A demo that is told to end takes what it started with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    readings = read_recording(recording) if recording else ()
    if not site_path.exists():
        write_example(site_path)
        say(f"Wrote {site_path}, an example site of 12 machines.")
    site = load(site_path)
    with run_progress(site) as tick:
        report = run_demo(
            site, home=home(site_path), recording=readings, seed=seed, say=say, tick=tick
        )
    if as_json:
        answer(report.as_dict())
    else:
        _show(report, site)
    if not report.ok:
        raise click.exceptions.Exit(1)


def _show(report: DemoReport, site: Site) -> None:
    from chantier.cli.alerts import show_alerts

    show_alerts(report.alerts, site)
    for name, text in _lines(report):
        click.echo(f"  {name:16} {text}")
    click.echo()
    click.echo("The local AWS is still up, on loopback only. Look further:")
    for command in (
        "alerts --local --follow",
        "report --refresh --local",
        "quarantine --local",
        "local down",
    ):
        click.echo(f"  {program()} {command}")


def _lines(report: DemoReport) -> list[tuple[str, str]]:
    verdict, took = report.verdict, report.took
    sent, scripted = len(report.sent), len(verdict.found) + len(verdict.missing)
    lines = [
        ("messages", f"{sent} sent, {sent - len(report.lost)} stored, {len(report.lost)} lost"),
        ("judged", f"{sent - len(report.unjudged)} by detection, {report.dead} dead letters"),
        ("broken messages", f"{report.broken} sent, {len(report.quarantined)} in quarantine"),
        ("alerts", f"{scripted} scripted, {len(verdict.found)} found"),
    ]
    lines += [("  missing", f"{one.machine} {one.code} {one.severity}") for one in verdict.missing]
    lines += [("  unscripted", f"{one.machine} {one.code}") for one in verdict.unexpected]
    lines += [("  not quarantined", repr(payload)) for payload in report.missed]
    times = "not measured: no alert was stored"
    if took:
        times = f"p50 {took.p50} ms, p95 {took.p95} ms, p99 {took.p99} ms (n = {took.n})"
    lines.append(("publish to alert", times))
    lines.append(("raw objects", f"{len(report.raw_keys)} in S3"))
    if report.replayed:
        lines.append(("replayed", f"{report.replayed} recorded readings"))
    lines.append(("took", f"{report.seconds:.0f} s"))
    return lines
