"""chantier machine list, show: what is known of machines."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chantier.cli import options
from chantier.cli.show import answer, clean, say, table

if TYPE_CHECKING:
    from chantier.machines.states import Certificate, State
    from chantier.machines.yard import Yard
    from chantier.site import Site

SHOWN_ID = 12
DAY_S, HOUR_S, MINUTE_S = 86_400, 3_600, 60


@click.command("list")
@click.option(
    "--status", "asked", is_flag=True, help="Ask AWS too: certificates, and who is connected."
)
@options.site_option
@options.local_option
@options.json_option
def list_machines(site_path: Path, *, asked: bool, local: bool, as_json: bool) -> None:
    """Show the machines of the site file, and which have a certificate here."""
    from chantier.fleet import listed

    if asked:
        _list_states(site_path, local=local, as_json=as_json)
        return
    rows = listed(
        options.load(site_path),
        home=options.home(site_path),
        cloud_name="local" if local else "aws",
    )
    if as_json:
        answer(rows)
        return
    table(
        ("id", "class", "label", "zone", "V", "certificate"),
        [
            (
                row["id"],
                row["class"],
                row["label"] or "",
                row["zone"] or "",
                str(row["voltage"]),
                "yes" if row["certificate"] else "-",
            )
            for row in rows
        ],
    )


@click.command()
@click.argument("machine_id", metavar="ID")
@options.site_option
@options.local_option
@options.json_option
def show(machine_id: str, site_path: Path, *, local: bool, as_json: bool) -> None:
    """Show what is known of a machine: papers here, certificates, connection."""
    from chantier.fleet import chosen
    from chantier.machines.states import state

    yard = yard_of(site_path, local=local)
    (machine,) = chosen(yard.site, machine_id)
    found = state(yard, machine)
    if as_json:
        answer(as_data(found))
        return
    for name, value in _lines(found):
        click.echo(f"{name:<14}{clean(value)}")


def yard_of(site_path: Path, *, local: bool) -> Yard:
    """The machines of a deployed site."""
    from chantier.machines.yard import Yard
    from chantier.stack import outputs

    site: Site = options.load(site_path)
    cloud = options.cloud_for(site_path, site, local=local)
    return Yard(cloud, site, options.home(site_path), outputs(cloud, site.name))


def _list_states(site_path: Path, *, local: bool, as_json: bool) -> None:
    from chantier.cli.progress import count_progress
    from chantier.machines.states import states

    yard = yard_of(site_path, local=local)
    with count_progress("certificates") as tell:
        found = states(
            yard, yard.site.machines, tick=lambda done, there: tell("Looked at", done, there)
        )
    if as_json:
        answer([as_data(one) for one in found])
        return
    table(
        ("id", "certificate", "status", "age", "expires", "key here", "connected"),
        [row for one in found for row in _rows(one)],
    )
    for why in sorted({one.line.why for one in found if one.line.why}):
        say(why)


def _rows(state: State) -> list[tuple[str, ...]]:
    papers = state.papers
    here = ("yes" if papers.private else "yes, but others may read it") if papers.key else "-"
    first = state.machine.id
    rows: list[tuple[str, ...]] = []
    for one in state.certificates or (None,):
        rows.append(
            (
                first,
                one.id[:SHOWN_ID] if one else "-",
                one.status if one else ("thing only" if state.thing else "-"),
                _age(one.created_at) if one else "",
                f"{one.expires_at:%Y-%m-%d}" if one and one.expires_at else "",
                here if first else "",
                _line(state) if first else "",
            )
        )
        first = ""
    return rows


def _lines(state: State) -> list[tuple[str, str]]:
    machine, papers = state.machine, state.papers
    lines = [
        ("machine", f"{machine.id}, {machine.machine_class}, {machine.label or 'no label'}"),
        ("thing", "yes" if state.thing else "no thing of this site in AWS IoT"),
        ("connected", _line(state) or state.line.why),
    ]
    for one in state.certificates:
        lines += [("certificate", one.id), ("", _of_certificate(one))]
    if not state.certificates:
        lines.append(("certificate", "none"))
    key = "no private key"
    if papers.key:
        key = "private key, mode 0600" if papers.private else "private key, OTHERS MAY READ IT"
    return [*lines, ("here", f"{key}: {papers.at}" if papers.key else key)]


def _of_certificate(one: Certificate) -> str:
    end = f"until {one.expires_at:%Y-%m-%d}" if one.expires_at else "end of validity not told"
    policies = ", ".join(one.policies or ()) or "no policy"
    where = "its files are here" if one.here else "its files are elsewhere"
    return f"{one.status}, {_age(one.created_at)} old, {end}, {policies}; {where}"


def _line(state: State) -> str:
    line = state.line
    if line.connected is None:
        return "?"
    since = f" since {_age(line.since)}" if line.since else ""
    return f"{'yes' if line.connected else 'no'}{since}"


def _age(at: datetime | None) -> str:
    if at is None:
        return ""
    seconds = max(0.0, (datetime.now(UTC) - at).total_seconds())
    for unit, length in (("d", DAY_S), ("h", HOUR_S), ("min", MINUTE_S)):
        if seconds >= length:
            return f"{seconds // length:.0f} {unit}"
    return f"{seconds:.0f} s"


def as_data(state: State) -> dict[str, Any]:
    """A machine's state as JSON shows it."""
    line, papers = state.line, state.papers
    return {
        "id": state.machine.id,
        "class": state.machine.machine_class,
        "thing": state.thing,
        "certificates": [
            {
                "id": one.id,
                "arn": one.arn,
                "status": one.status,
                "created_at": _iso(one.created_at),
                "expires_at": _iso(one.expires_at),
                "policies": list(one.policies or ()),
                "here": one.here,
            }
            for one in state.certificates
        ],
        "key_here": papers.key,
        "key_private": papers.private,
        "connected": line.connected,
        "since": _iso(line.since),
        "why": line.why,
    }


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat(timespec="seconds")
