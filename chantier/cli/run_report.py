"""The end of a run: what was sent, what became of it, what must be found, where the rest is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from chantier.cli.show import answer, clean, say


def show_report(report: dict[str, Any], *, as_json: bool, queue: Path | None = None) -> None:
    """What a run sent; exits with 1 if not all of it was acknowledged."""
    tell_report(report, as_json=as_json, queue=queue)
    if report["sent"] != report["acknowledged"]:
        raise click.exceptions.Exit(1)


def tell_report(report: dict[str, Any], *, as_json: bool, queue: Path | None = None) -> None:
    """What a run sent, and where the rest is."""
    waiting = report.get("queue", {})
    kept, dropped = waiting.get("on_disk", 0), waiting.get("dropped", 0)
    if kept:
        waiting["file"] = str(queue)
    if as_json:
        answer(report)
    else:
        for name, text in _lines(report):
            click.echo(f"  {name:<14}{clean(text)}")
    if report["sent"] == report["acknowledged"]:
        return
    if dropped:
        say(f"The queue was full: its {dropped:,} oldest messages were dropped.")
    if kept:
        say(f"{kept:,} messages wait in {queue}: the next chantier simulate sends them first.")
    elif not dropped:
        say("Some messages were not acknowledged.")


def _lines(report: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The report as people read it: a name and a line; nothing of what did not happen."""
    yield (
        "messages",
        (
            f"{report['sent']:,} sent, {report['acknowledged']:,} acknowledged, "
            f"{report['urgent']:,} of them at once; {report['readings']:,} readings"
        ),
    )
    if "machines" in report:
        yield (
            "machines",
            (
                f"{report['machines']:,}, {report['most_connected']:,} connected at a time; "
                f"{report['reconnects']:,} times again"
            ),
        )
    delays = report.get("delay_ms", {})
    if delays.get("p50") is not None:
        yield "acknowledged", f"after {delays['p50']:g} ms, 99 % within {delays['p99']:g} ms"
    for name, title in (("queue", "queue"), ("faults", "made to fail"), ("errors", "errors")):
        counts = {what: n for what, n in report.get(name, {}).items() if n and what != "file"}
        if counts:
            yield title, ", ".join(f"{what.replace('_', ' ')} {n:,}" for what, n in counts.items())
    for machine, why in report.get("trouble", {}).items():
        yield "trouble", f"{machine}: {why}"
    for one in report.get("expected_alerts", []):
        yield (
            "must be found",
            f"{one['machine']} {one['code']}, {one['severity']}, open by {one['by']}",
        )
