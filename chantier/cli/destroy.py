"""chantier destroy: an inventory, a word typed, and nothing left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chantier.cli import options
from chantier.cli.show import answer, say

if TYPE_CHECKING:
    from chantier.destroying.course import Ended, Order
    from chantier.destroying.inventory import Inventory

KB, MB, GB = 1_000, 1_000_000, 1_000_000_000
CENT = 0.01
# What becomes of something; ASKED where nobody has said it yet.
GOES, STAYS, ASKED = "goes", "stays", "asked"


@click.command()
@click.option("--plan", is_flag=True, help="Show what there is, what goes and what stays; stop.")
@click.option("--yes", is_flag=True, help="Do not ask. What becomes of the data must be said.")
@click.option("--keep-data", is_flag=True, help="The bucket and the table stay.")
@click.option(
    "--delete-data", metavar="SITE", help="The data goes too; the site's name says you mean it."
)
@click.option(
    "--export",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="First copy the data to a folder, and check the copy.",
)
@click.option("--no-wait", is_flag=True, help="Do not wait for what Firehose still holds.")
@options.site_option
@options.local_option
@options.json_option
def destroy(site_path: Path, *, local: bool, as_json: bool, **given: Any) -> None:
    """Take the site down: machines, stack and, once its name is typed, its data."""
    from chantier.cli.progress import count_progress, steps_progress
    from chantier.destroying.course import destroy as take_down
    from chantier.destroying.inventory import look

    site, home = options.load(site_path), options.home(site_path)
    cloud = options.cloud_for(site_path, site, local=local)
    with count_progress("") as tell:
        found = look(cloud, site.name, home=home, tick=tell)
    if found.is_nothing and not found.traces.unfinished:
        _nothing(found, as_json=as_json)
        return
    said = GOES if given["delete_data"] == site.name else ASKED
    _show(found, data=STAYS if given["keep_data"] else said)
    if given["plan"]:
        if as_json:
            answer(_inventory(found))
        return
    order = _order(found, local=local, **given)
    try:
        with steps_progress() as (stays, goes):
            ended = take_down(cloud, found, order, home=home, say=stays, tick=goes)
    except KeyboardInterrupt:
        say("Stopped half-way. A stack that is being deleted goes on without us.")
        say("Run it again: it finds what is left, and goes on from there.")
        raise
    _end(found, ended, as_json=as_json)


def _nothing(found: Inventory, *, as_json: bool) -> None:
    say(f"Nothing of site {found.site} is in {found.region}.")
    if as_json:
        answer(_inventory(found))


def _order(  # noqa: PLR0913 - the options of the command
    found: Inventory,
    *,
    yes: bool,
    keep_data: bool,
    delete_data: str | None,
    folder: Path | None,
    no_wait: bool,
    local: bool,
    plan: bool,  # noqa: ARG001 - answered before
) -> Order:
    """What is to be done, as it was typed; asked for where somebody can answer."""
    import sys

    from chantier.destroying.course import Order
    from chantier.errors import ChantierError

    if keep_data and delete_data is not None:
        raise click.UsageError("--keep-data or --delete-data, not both.")
    if delete_data not in (None, found.site):
        raise ChantierError(
            f"--delete-data {delete_data}: the site is {found.site}. Nothing was done.",
            f"If you mean it: --delete-data {found.site}",
        )
    said = keep_data or delete_data is not None or not found.has_data
    if not (yes and said):
        if not sys.stdin.isatty():
            raise _unsaid(found, local=local)
        if not said:
            keep_data = _asked_for_data(found)
        if not yes:
            _asked(found)
    return Order(keep_data, folder, wait=not no_wait)


def _unsaid(found: Inventory, *, local: bool) -> Exception:
    from chantier.errors import ChantierError

    base = f"chantier destroy --yes{' --local' if local else ''}"
    return ChantierError(
        f"Nobody can be asked here, and nothing was done to site {found.site}.",
        f"Its data stays:  {base} --keep-data\n"
        f"Its data goes:   {base} --delete-data {found.site}\n"
        f"With a copy:     {base} --delete-data {found.site} --export DIR",
    )


def _asked_for_data(found: Inventory) -> bool:
    """Whether the data stays: it does, unless the site's name is typed."""
    typed = click.prompt(
        f"Delete the data too? Nothing brings it back. Type {found.site} to delete it,\n"
        "or press Enter to keep it",
        default="",
        show_default=False,
        err=True,
    )
    if typed not in ("", found.site):
        from chantier.errors import ChantierError

        raise ChantierError(f"{typed!r} is not {found.site}: nothing was done.")
    return not typed


def _asked(found: Inventory) -> None:
    machines = len(found.fleet.things)
    click.confirm(f"Take {found.site} down, with {machines} machines?", abort=True, err=True)


def _show(found: Inventory, *, data: str) -> None:
    """The inventory, for people: on stderr, as it is talk before the deed."""
    say(f"Site {found.site} in {found.region} has:\n")
    for then, what, much, whys in _rows(found, data):
        say(f"  {then:<7}{what:<11}{much}")
        for why in filter(None, whys):
            say(f"{'':20}{why}")
    say("")
    if found.traces.unfinished:
        say("An earlier run was interrupted; this one goes on from there.")
    if found.has_data:
        say(f"Kept, the data costs {_usd(found.monthly_usd)} a month.")


Row = tuple[str, str, str, Sequence[str]]


def _rows(found: Inventory, data: str) -> Iterator[Row]:
    """What becomes of it, what it is, how much, and its name and why, a line each."""
    fleet, stack = found.fleet, found.traces.stack
    if fleet.things or fleet.certificates:
        claims = f", {_n(fleet.claims, 'claim')}" if fleet.claims else ""
        held = range(len(fleet.certificates) - len(fleet.claims))
        what = f"{_n(fleet.things, 'thing')}, {_n(held, 'certificate')}{claims}"
        yield (GOES, "machines", what, [f"{fleet.open_doors} open the door; that ends first"])
    for policy in fleet.policies:
        yield GOES, "policy", policy, []
    if stack:
        gone = [one for one in stack.resources if not one.stays]
        locked = "termination protection is on: it is lifted" if stack.protected else ""
        yield GOES, "stack", f"{_n(gone, 'resource')}, {stack.status}", [stack.name, locked]
    if found.logs:
        size = _size(sum(found.logs.values()))
        yield GOES, "logs", f"{_n(found.logs, 'group')}, {size}", ["they go with the stack"]
    if found.papers:
        yield GOES, "keys here", _n(found.papers, "folder"), [str(one) for one in found.papers]
    for path in found.unsent:
        told = [str(path), "to send them first: chantier simulate --speed 1"]
        yield GOES, "queue", "messages that machines could not send yet", told
    if found.staged:
        what = f"{_n(found.staged.keys, 'template')}, {_size(found.staged.size)}"
        yield GOES, "staged", what, [found.staged.bucket]
        yield STAYS, "bucket", f"of every site in {found.region}", [found.staged.bucket]
    yield from _data_rows(found, data)


def _data_rows(found: Inventory, data: str) -> Iterator[Row]:
    """Data outlives its stack, by the template's word: what becomes of it must be said."""
    why = {GOES: "as you said", STAYS: "as you said"}.get(
        data, "it outlives its stack: only the site's name deletes it"
    )
    for bucket in found.buckets:
        yield data, "bucket", _content(bucket), [bucket.name, why]
    for one in found.tables:
        lock = "deletion protection is on: it is lifted" if one.protected else ""
        yield data, "table", f"{one.items:,} items", [one.name, lock if data != STAYS else "", why]


def _usd(amount: float) -> str:
    return "less than 0.01 USD" if amount < CENT else f"about {amount:.2f} USD"


def _content(bucket: Any) -> str:
    said = f"{bucket.objects:,} objects in {bucket.versions:,} versions, {_size(bucket.size)}"
    if bucket.markers:
        said += f"; {bucket.markers:,} delete markers"
    if bucket.uploads:
        said += f"; {bucket.uploads:,} unfinished uploads"
    return said


def _n(things: Any, one: str) -> str:
    return f"{len(things):,} {one}{'' if len(things) == 1 else 's'}"


def _size(count: int) -> str:
    for unit, size in (("GB", GB), ("MB", MB), ("KB", KB)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"


def _end(found: Inventory, ended: Ended, *, as_json: bool) -> None:
    """What was done, and whether anything is left: that is a failure."""
    from chantier.errors import ChantierError

    if as_json:
        answer(_report(ended))
    for name in ended.kept:
        say(f"Stays: {name}")
    if ended.kept:
        say(
            f"That costs {_usd(found.monthly_usd)} a month. The bucket still deletes raw data as "
            "its lifecycle says; the rule against plain text went with the stack."
        )
        say("To delete it later: chantier destroy")
    left = ended.left
    if left.there or left.unknown:
        lines = [*left.there, *(f"could not be asked: {one}" for one in left.unknown)]
        raise ChantierError(
            "\n".join((f"Of site {found.site} this is left:", *(f"  {one}" for one in lines))),
            "Run it again in some minutes; AWS forgets slowly.",
        )
    for arn in left.tagged:
        say(f"The index of tags names {arn}: it lags, or that was not made by chantier.")
    what = " but what was kept" if ended.kept else ""
    say(f"Nothing of {found.site} is left{what}: AWS was asked about {left.asked} resources.")


def _inventory(found: Inventory) -> dict[str, Any]:
    stack, fleet = found.traces.stack, found.fleet
    return {
        "site": found.site,
        "region": found.region,
        "stack": stack and {"name": stack.name, "status": stack.status, "of": stack.id},
        "protected": bool(stack and stack.protected),
        "unfinished": found.traces.unfinished,
        "resources": [one._asdict() for one in found.traces.resources],
        "things": list(fleet.things),
        "certificates": fleet.certificates,
        "claims": list(fleet.claims),
        "buckets": [one._asdict() for one in found.buckets],
        "tables": [one._asdict() for one in found.tables],
        "logs": found.logs,
        "staged": found.staged and found.staged._asdict(),
        "keys_here": [str(path) for path in found.papers],
        "unsent": [str(path) for path in found.unsent],
        "monthly_usd": round(found.monthly_usd, 2),
    }


def _report(ended: Ended) -> dict[str, Any]:
    exported = ended.exported
    return {
        "site": ended.site,
        "certificates": ended.machines.certificates,
        "things": ended.machines.things,
        "versions": ended.versions,
        "kept": [*ended.kept, *(one.certificate_id for one in ended.machines.kept)],
        "export": exported and {**exported._asdict(), "at": str(exported.at)},
        "left": list(ended.left.there),
        "unknown": list(ended.left.unknown),
        "tagged": list(ended.left.tagged),
    }
