"""chantier simulate: machines that send, write their history, are measured, or are drawn."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chantier.cli.believing import show_validation
from chantier.cli.history import draw_day, write_history
from chantier.cli.options import cloud_for, home, json_option, load, local_option, site_option
from chantier.cli.run_report import show_report, tell_report
from chantier.cli.telemetry import positive

if TYPE_CHECKING:
    from simulator.network import Network


def days(_context: click.Context, _option: click.Parameter, value: str | None) -> int | None:
    """A number of days, written `30d`."""
    if value is None:
        return None
    number = value.removesuffix("d")
    if not (number.isascii() and number.isdigit() and 1 <= int(number) <= 3660):  # noqa: PLR2004 - ten years
        raise click.BadParameter("write a number of days, for example 30d")
    return int(number)


def faults(_context: click.Context, _option: click.Parameter, value: str | None) -> Network | None:
    """How the network fails, written `loss=2%,latency=300ms`."""
    from simulator.network import parse_network

    return None if value is None else parse_network(value)


@click.command()
@site_option
@local_option
@json_option
@click.option(
    "--minutes",
    default=60,
    show_default=True,
    type=click.IntRange(1, 1440),
    help="Minutes of site time.",
)
@click.option(
    "--speed",
    default=60.0,
    show_default=True,
    callback=positive,
    help="Times faster than the clock.",
)
@click.option("--seed", default=1, show_default=True, help="The same seed, the same day.")
@click.option(
    "--scenario",
    "scenarios",
    multiple=True,
    metavar="NAME@MACHINE+TIME",
    help="Play an incident, for example surchauffe@EX-001+5m; may be repeated.",
)
@click.option(
    "--connects",
    default=100.0,
    show_default=True,
    callback=positive,
    help="Connections a second; AWS IoT takes 500 from an account, 100 in small regions.",
)
@click.option(
    "--network",
    callback=faults,
    metavar="FAULTS",
    help="Let the network fail, for example loss=2%,latency=300ms,disconnect=5m/30s,"
    "duplicate=1%,reorder=1%,skew=90s.",
)
@click.option(
    "--catch-up",
    default=100.0,
    show_default=True,
    callback=positive,
    help="Messages a second, of those that wait for a line that was down.",
)
@click.option(
    "--backfill",
    "back_days",
    callback=days,
    metavar="30d",
    help="Write the last days at once as raw data; needs --out, --local or --through-link.",
)
@click.option(
    "--through-link",
    is_flag=True,
    help="With --backfill: let the machines send it, over MQTT, at the pace of --catch-up.",
)
@click.option(
    "--truth",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.jsonl",
    help="Write there which alerts the scenarios must lead to.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="With --backfill: the folder to write raw/ in.",
)
@click.option(
    "--validate",
    "validating",
    is_flag=True,
    help="Hold the machines against the trade's figures.",
)
@click.option(
    "--machines",
    default=100,
    show_default=True,
    type=click.IntRange(20, 10_000),
    help="With --validate: how many machine-shifts.",
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.svg",
    help="Draw one machine's day.",
)
@click.option("--machine", help="With --plot: which; the first of the site file otherwise.")
def simulate(  # noqa: PLR0913 - one argument an option
    site_path: Path,
    *,
    minutes: int,
    speed: float,
    seed: int,
    scenarios: tuple[str, ...],
    connects: float,
    network: Network | None,
    catch_up: float,
    back_days: int | None,
    through_link: bool,
    truth: Path | None,
    out: Path | None,
    machines: int,
    plot: Path | None,
    machine: str | None,
    validating: bool,
    local: bool,
    as_json: bool,
) -> None:
    """Run the site's machines: each its own certificate, one message a minute.

    With --backfill, --validate or --plot nothing is sent: they write history, measure how
    believable the machines are (exits with 1 if they are not), or draw a day.
    """
    _refuse_mixed(click.get_current_context().params)
    if validating:
        show_validation(machines, seed, as_json=as_json)
    elif plot:
        draw_day(site_path, machine, seed, plot, as_json=as_json)
    elif back_days and not through_link:
        write_history(site_path, back_days, seed, scenarios, out=out, truth=truth, as_json=as_json)
    else:
        _send(
            site_path,
            local=local,
            as_json=as_json,
            minutes=minutes,
            speed=speed,
            seed=seed,
            scenarios=scenarios,
            back_days=back_days,
            truth=truth,
            connects_per_s=connects,
            catch_up_per_s=catch_up,
            network=network,
        )


def _refuse_mixed(asked: dict[str, Any]) -> None:
    """Options that do not go together, and what would."""
    history, shown = asked["back_days"], asked["validating"] or asked["plot"]
    to_file, by_link = asked["out"], asked["through_link"]
    refused = (
        (
            sum(map(bool, (history, asked["validating"], asked["plot"]))) > 1,
            "--backfill, --validate and --plot each stand alone.",
        ),
        (
            to_file and not history,
            "--out goes with --backfill, for example --backfill 30d --out DIR",
        ),
        (
            by_link and not history,
            "--through-link goes with --backfill, for example --backfill 1d --through-link",
        ),
        (by_link and to_file, "--through-link sends and writes no file: leave --out out."),
        (
            history and not by_link and bool(to_file) == asked["local"],
            "--backfill writes to one place: name --out DIR, --local or --through-link.",
        ),
        (
            asked["machine"] and not asked["plot"],
            "--machine goes with --plot, for example --plot day.svg",
        ),
        (
            asked["network"] and (shown or history),
            "--network lets live messages fail: leave --backfill, --validate and --plot out.",
        ),
        (
            asked["truth"] and shown,
            "--truth goes with scenarios: leave --plot and --validate out.",
        ),
        (
            asked["scenarios"] and shown,
            "--validate and --plot show healthy machines: leave --scenario out.",
        ),
    )
    for wrong, why in refused:
        if wrong:
            raise click.UsageError(why)


def _send(site_path: Path, *, local: bool, as_json: bool, **how: Any) -> None:
    from chantier.alerts import read_alerts
    from chantier.cli.live import fleet_view
    from chantier.sending import queue_of, simulate_site
    from chantier.stack import outputs
    from simulator.pulse import Pulse

    site, pulse = load(site_path), Pulse()
    cloud = cloud_for(site_path, site, local=local)
    table = outputs(cloud, site.name)["AlertsTableName"]
    queue = queue_of(home(site_path), cloud, site)
    with stoppable() as stopped:
        try:
            with fleet_view(
                site, pulse, lambda: read_alerts(cloud, table, site=site.name, only_open=True)
            ):
                report = simulate_site(cloud, site, home=home(site_path), pulse=pulse, **how)
        except KeyboardInterrupt:
            # Who stops a long run wants to know what it did until then.
            tell_report(pulse.as_dict(), as_json=as_json, queue=queue)
            if stopped:
                raise click.exceptions.Exit(128 + signal.SIGTERM) from None
            raise
    show_report(report, as_json=as_json, queue=queue)


@contextmanager
def stoppable() -> Iterator[list[int]]:
    """SIGTERM ends a run as Ctrl-C does, with its queue written; the list tells of it."""
    stopped: list[int] = []

    def stop(number: int, _frame: object) -> None:
        stopped.append(number)
        signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield stopped
    finally:
        signal.signal(signal.SIGTERM, before)
