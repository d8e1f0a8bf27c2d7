"""chantier export and chantier import: fleet snapshots, as other makers' portals speak them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chantier.cli.options import cloud_for, home, json_option, load, local_option, site_option
from chantier.cli.show import answer, say, table

if TYPE_CHECKING:
    from chantier.aemp.elements import Snapshot
    from chantier.exchange import Source
    from chantier.site import Site

_NOTES = 3


@click.command("export")
@click.option("--aemp", is_flag=True, required=True, help="As ISO 15143-3 (AEMP 2.0), in XML.")
@click.option("--machine", "only", multiple=True, help="This machine alone; may be repeated.")
@click.option(
    "--back",
    "back_days",
    default=3,
    show_default=True,
    type=click.IntRange(1, 400),
    help="How many days of raw data are looked through.",
)
@click.option(
    "--from",
    "folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A folder with raw/, as simulate --backfill --out writes it, instead of the stack.",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write it there.")
@site_option
@local_option
@json_option
def export(  # noqa: PLR0913 - one argument an option
    site_path: Path,
    *,
    aemp: bool,
    only: tuple[str, ...],
    back_days: int,
    folder: Path | None,
    out: Path | None,
    local: bool,
    as_json: bool,
) -> None:
    """What is known last of each machine, as a fleet snapshot.

    Each value carries its own time. A machine that was not heard is a header alone.
    """
    del aemp  # the only format so far
    from chantier.aemp.writing import as_json as in_json
    from chantier.aemp.writing import as_xml
    from chantier.files import write_whole

    site = load(site_path)
    source = _source(site_path, site, folder, local=local)
    told = _snapshot(site, source, only, back_days, newest=folder)
    document = (in_json if as_json else as_xml)(told)
    if out:
        write_whole(out, document, option="--out")
        click.echo(out)
    else:
        click.echo(document, nl=False)
    silent = [one.header["EquipmentID"] for one in told.machines if not one.elements]
    if silent:
        say(f"Not heard in {back_days} days, a header alone: {', '.join(silent)}.")
        say(f"To look further back: --back {min(back_days * 10, 400)}")


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--dry-run", is_flag=True, help="Read and tell; send nothing.")
@site_option
@local_option
@json_option
def import_(
    files: tuple[Path, ...], site_path: Path, *, dry_run: bool, local: bool, as_json: bool
) -> None:
    """Feed fleet snapshots (ISO 15143-3, XML or JSON) as readings of the site's machines.

    Equipment is known by PIN, serial number or id; what the site file does not name is told
    and left out. Exits with 1 if nothing of it is the site's, or not all could be sent.
    """
    from chantier.cli.progress import count_progress
    from chantier.exchange import feed, read_pages

    site = load(site_path)
    pages, told = read_pages(site, files)
    sent: dict[str, Any] = {}
    if not dry_run:
        with count_progress("machines") as tick:
            sent = feed(
                cloud_for(site_path, site, local=local),
                site,
                pages,
                home=home(site_path),
                tick=partial(tick, "fed"),
            )
    if as_json:
        answer({"equipment": told, **sent})
    else:
        _show(told, sent)
    for page in pages:
        if page.next:
            say(f"{page.name} is not the last page; the next one: {page.next}")
    _judge(told, sent)


def _source(site_path: Path, site: Site, folder: Path | None, *, local: bool) -> Source:
    from chantier.raw import raw_days, raw_files
    from chantier.stack import outputs

    if folder:
        if local:
            raise click.UsageError("--from reads a folder, --local the embedded AWS: name one.")
        return partial(raw_files, folder)
    cloud = cloud_for(site_path, site, local=local)
    return partial(raw_days, cloud, outputs(cloud, site.name)["DataBucketName"])


def _snapshot(
    site: Site, source: Source, only: Sequence[str], back_days: int, *, newest: Path | None
) -> Snapshot:
    import time

    from chantier.cli.progress import count_progress
    from chantier.exchange import snapshot
    from chantier.fleet import chosen

    for name in only:
        chosen(site, name)
    at = _end_of(newest) if newest else int(time.time())
    with count_progress("objects") as tick:
        return snapshot(
            site,
            source,
            at=at,
            back_days=back_days,
            only=only,
            tick=partial(tick, "raw data"),
        )


def _end_of(folder: Path) -> int:
    """History may end long ago: its own last day counts, not today."""
    from chantier.raw import last_day

    return last_day(folder)


def _show(told: Sequence[dict[str, Any]], sent: dict[str, Any]) -> None:
    table(("equipment", "machine", "values", "left out, and why"), [_row(one) for one in told])
    if sent:
        click.echo(
            f"{sent['readings']} readings of {sent['machines']} machines fed, "
            f"in {sent['acknowledged']} messages."
        )
    for machine, why in sent.get("trouble", {}).items():
        say(f"{machine}: {why}")


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    notes = [one["not_fed"], *one["notes"]] if one["not_fed"] else one["notes"]
    shown = "\n".join(notes[:_NOTES])
    if len(notes) > _NOTES:
        shown += f"\nand {len(notes) - _NOTES} more: --json"
    return (one["title"], one["machine"] or "-", str(len(one["values"])), shown)


def _judge(told: Sequence[dict[str, Any]], sent: dict[str, Any]) -> None:
    if not any(one["machine"] for one in told):
        say("Nothing of it is a machine of this site: give its pin or serial in the site file.")
        raise click.exceptions.Exit(1)
    if sent and (sent["trouble"] or sent["sent"] != sent["acknowledged"]):
        say("Some of it was not acknowledged: run it again, what was fed changes nothing.")
        raise click.exceptions.Exit(1)
