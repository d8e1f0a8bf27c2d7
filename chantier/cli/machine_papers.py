"""chantier machine revoke, rotate, remove: what becomes of certificates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chantier.cli import options
from chantier.cli.machine_state import yard_of
from chantier.cli.show import answer, say

if TYPE_CHECKING:
    from chantier.machines.ending import Removed, Revoked
    from chantier.machines.rotating import Rotated
    from chantier.machines.yard import Yard

everyone_option = click.option(
    "--all", "everyone", is_flag=True, help="Every machine of the site file."
)
yes_option = click.option("--yes", is_flag=True, help="Do not ask.")


@click.command()
@click.argument("machine_id", metavar="[ID]", required=False)
@everyone_option
@yes_option
@options.site_option
@options.local_option
@options.json_option
def revoke(  # noqa: PLR0913 - click hands over every option
    machine_id: str | None,
    site_path: Path,
    *,
    everyone: bool,
    yes: bool,
    local: bool,
    as_json: bool,
) -> None:
    """Let a machine in no more: its certificate is revoked, its session ended."""
    from chantier.machines.ending import revoke as revoke_one

    yard, ids = _meant(site_path, machine_id, everyone=everyone, local=local)
    if everyone and not yes:
        _confirm("revoke", len(ids), yard.site.name, local=local)
    _many("Revoked", ids, lambda one: revoke_one(yard, one), _revoked, as_json=as_json)


@click.command()
@click.argument("machine_id", metavar="[ID]", required=False)
@everyone_option
@click.option("--keep-old", is_flag=True, help="The old certificate stays open, until --finish.")
@click.option("--finish", "ending", is_flag=True, help="Only take back what --keep-old left.")
@options.site_option
@options.local_option
@options.json_option
def rotate(  # noqa: PLR0913 - click hands over every option
    machine_id: str | None,
    site_path: Path,
    *,
    everyone: bool,
    keep_old: bool,
    ending: bool,
    local: bool,
    as_json: bool,
) -> None:
    """Give a machine a new key and certificate while it works; the old one is taken back."""
    from chantier.machines.rotating import finish
    from chantier.machines.rotating import rotate as rotate_one

    if keep_old and ending:
        raise click.UsageError("--keep-old is the first step, --finish the second.")
    yard, ids = _meant(site_path, machine_id, everyone=everyone, local=local)
    _many(
        "Rotated",
        ids,
        lambda one: finish(yard, one) if ending else rotate_one(yard, one, keep_old=keep_old),
        _rotated,
        as_json=as_json,
    )


@click.command()
@click.argument("machine_id", metavar="[ID]", required=False)
@everyone_option
@yes_option
@options.site_option
@options.local_option
@options.json_option
def remove(  # noqa: PLR0913 - click hands over every option
    machine_id: str | None,
    site_path: Path,
    *,
    everyone: bool,
    yes: bool,
    local: bool,
    as_json: bool,
) -> None:
    """Take a machine out of AWS IoT: certificates, thing, and its files here."""
    from chantier.machines.ending import remove as remove_one
    from chantier.machines.ending import things_in_stack
    from chantier.stack import stack_name

    yard, ids = _meant(site_path, machine_id, everyone=everyone, local=local)
    if everyone and not yes:
        _confirm("remove", len(ids), yard.site.name, local=local)
    in_stack = things_in_stack(yard.cloud, stack_name(yard.site.name))
    _many(
        "Removed",
        ids,
        lambda one: remove_one(yard, one, in_stack=in_stack),
        _removed,
        as_json=as_json,
    )
    say("The site file still names what it named; its raw data and alerts stay.")


def _meant(
    site_path: Path, machine_id: str | None, *, everyone: bool, local: bool
) -> tuple[Yard, list[str]]:
    """The machines that are meant; one that the site file names no more may be, too."""
    from chantier.fleet import chosen
    from chantier.machines.ending import is_of_site

    if everyone == bool(machine_id):
        raise click.UsageError("Name one machine, or --all.")
    yard = yard_of(site_path, local=local)
    if machine_id and is_of_site(yard, machine_id):
        return yard, [machine_id]
    return yard, [one.id for one in chosen(yard.site, machine_id)]


def _confirm(verb: str, count: int, site: str, *, local: bool) -> None:
    import sys

    from chantier.errors import ChantierError

    if not sys.stdin.isatty():
        raise ChantierError(
            f"To {verb} all {count} machines of {site}, somebody has to say so.",
            f"chantier machine {verb} --all --yes{' --local' if local else ''}",
        )
    typed = click.prompt(f"{verb.capitalize()} all {count} machines? Type {site}", err=True)
    if typed != site:
        raise ChantierError(f"{typed!r} is not {site}: nothing was done.")


def _many(
    what: str,
    ids: Sequence[str],
    act: Callable[[str], Any],
    words: Callable[[Any], str],
    *,
    as_json: bool,
) -> None:
    """Do it to each, with progress; then tell, and fail if any failed."""
    from chantier.cli.progress import count_progress
    from chantier.errors import ChantierError
    from chantier.pacing import each, failures

    with count_progress("machines") as tell:
        outcomes = each(act, ids, tick=lambda done, there: tell(what, done, there))
    done = [one.made for one in outcomes if one.made is not None]
    for one in done:
        say(words(one))
    if as_json:
        answer([_data(one) for one in done])
    errors = [one.error for one in outcomes if one.error]
    if len(ids) == 1 and errors:
        raise errors[0]
    if errors:
        raise ChantierError(
            "\n".join((f"{len(errors)} of {len(ids)} failed:", *failures(outcomes))),
            "The others are done. The same command again does what is left.",
        )


def _data(made: Any) -> dict[str, Any]:
    return {
        name: value._asdict() if hasattr(value, "_asdict") else value
        for name, value in made._asdict().items()
    }


def _revoked(one: Revoked) -> str:
    session = {
        True: "its session was ended",
        False: "it was not connected",
        None: f"{one.session.why}; AWS IoT ends it within minutes",
    }[one.session.was_there]
    done = "revoked" if one.now else "was revoked already"
    return f"{one.machine}: {done}; {session}."


def _rotated(one: Rotated) -> str:
    said = f"{one.machine}: certificate {one.certificate_arn.rpartition('/')[2][:12]} is in use"
    if one.resumed:
        said += ", by a rotation that was begun before"
    if one.withdrawn:
        said += f"; {len(one.withdrawn)} former deleted"
    if one.kept:
        said += f"; {len(one.kept)} former still open: chantier machine rotate {one.machine} "
        said += "--finish"
    return said + "."


def _removed(one: Removed) -> str:
    thing = "thing deleted" if one.thing else f"its thing stays: {one.why}"
    files = "; files here deleted" if one.files else ""
    return f"{one.machine}: {len(one.certificates)} certificates deleted, {thing}{files}."
