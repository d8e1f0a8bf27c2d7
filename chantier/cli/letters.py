"""chantier dead-letters: what could not be handled, and how it goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from chantier.cli.options import cloud_for, json_option, load, local_option, site_option
from chantier.cli.show import answer, say

if TYPE_CHECKING:
    from chantier.cloud import Cloud
    from chantier.letters.reading import Letters
    from chantier.letters.wanted import Wanted
    from chantier.site import Site

Command = TypeVar("Command", bound=Callable[..., Any])

PLACE_NAMES = ("rule", "call", "queue", "quarantine", "raw")
LISTED, REPLAYED = 100, 10_000


PLACES = """
\b
place        what ends there
rule         the IoT rule could not read it, or not hand it on
call         a function failed, or a schedule could not call it
queue        detection failed on it every time (a site of size fleet)
quarantine   detection could not read it, or not all of it
raw          Firehose put it aside
"""
# Written where an operator reads it before the first AccessDenied.
NEEDS = """
Credentials need: cloudformation:DescribeStacks; s3:ListBucket and s3:GetObject on the data
bucket; sqs:GetQueueAttributes on DeadLetters and IngestQueue; sqs:ReceiveMessage and
sqs:ChangeMessageVisibility on DeadLetters. To replay also: lambda:InvokeFunction on detect,
watch and aggregate; s3:PutObject on raw/ and replays/. To replay or drop also:
sqs:DeleteMessage; s3:DeleteObject on quarantine/, raw-errors/ and replays/.
"""


@click.group(
    "dead-letters", help=f"What could not be handled: why, and what now.\n{PLACES}", epilog=NEEDS
)
def dead_letters() -> None:
    """What could not be handled: why, and what now."""


def filters(command: Command) -> Command:
    """Which letters."""
    for option in (
        click.option("--reason", default="", help="Whose reason has this text in it."),
        click.option(
            "--since",
            type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]),
            metavar="TIME",
            help="From then on, by the site's clock: 2026-11-22 or 2026-11-22T09:14.",
        ),
        click.option("--machine", default="", metavar="ID", help="Of one machine."),
        click.option(
            "--place", "places", multiple=True, type=click.Choice(PLACE_NAMES), help="Of a place."
        ),
    ):
        command = option(command)
    return command


@dead_letters.command("list")
@filters
@click.option(
    "--limit", type=click.IntRange(min=1), default=LISTED, show_default=True, help="So many."
)
@site_option
@local_option
@json_option
def list_(site_path: Path, *, limit: int, local: bool, as_json: bool, **filtered: Any) -> None:
    """List dead letters of every place, oldest first, with their reasons.

    Those of the queue are hidden from others while they are looked at, for a minute at most.
    """
    from chantier.cli.letters_shown import as_json_of, show_list

    site, _, letters = _open(site_path, local=local)
    with _looking() as tick:
        found = letters.read(_wanted(site, **filtered), limit, tick)
    if as_json:
        answer(as_json_of(found))
    else:
        show_list(found, site, limit=limit)


@dead_letters.command()
@click.argument("letter_id", metavar="ID")
@site_option
@local_option
@json_option
def show(letter_id: str, site_path: Path, *, local: bool, as_json: bool) -> None:
    """Show a dead letter whole: the message, why it lies there, what replaying does."""
    from chantier.cli.letters_shown import show_whole

    site, _, letters = _open(site_path, local=local)
    (letter,) = letters.named([letter_id])
    if as_json:
        answer(letter.whole())
    else:
        show_whole(letter, site)


@dead_letters.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--all", "every", is_flag=True, help="All that the filters leave.")
@filters
@click.option(
    "--limit", type=click.IntRange(min=1), default=REPLAYED, show_default=True, help="So many."
)
@site_option
@local_option
@json_option
def replay(  # noqa: PLR0913 - one a choice of the caller's
    ids: tuple[str, ...],
    site_path: Path,
    *,
    every: bool,
    limit: int,
    local: bool,
    as_json: bool,
    **filtered: Any,
) -> None:
    """Let dead letters go on from where they failed, oldest reading first.

    Detection is called with the message as it arrived; raw data that was not stored is
    stored. A letter is removed when that is done, and stays, with its new reason, when it
    fails again. Repeating changes nothing: an interrupted run can be started again. Letters of
    the queue are hidden meanwhile, for five minutes if this is killed.
    """
    from chantier.cli.letters_shown import show_outcomes
    from chantier.cli.progress import count_progress
    from chantier.letters.replaying import Replay

    site, cloud, letters = _open(site_path, local=local)
    wanted = _chosen(letters, site, ids, every=every, **filtered)
    with count_progress("letters") as tick:
        outcomes, more = Replay(cloud, letters).run(
            wanted, limit, lambda done, there: tick("replayed", done, there)
        )
    show_outcomes(outcomes, more, as_json=as_json)
    if not all(one.ok for one in outcomes):
        click.get_current_context().exit(1)


@dead_letters.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--all", "every", is_flag=True, help="All that the filters leave.")
@filters
@click.option(
    "--limit", type=click.IntRange(min=1), default=REPLAYED, show_default=True, help="So many."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@site_option
@local_option
@json_option
def drop(  # noqa: PLR0913 - one a choice of the caller's
    ids: tuple[str, ...],
    site_path: Path,
    *,
    every: bool,
    limit: int,
    yes: bool,
    local: bool,
    as_json: bool,
    **filtered: Any,
) -> None:
    """Remove dead letters without replaying them, once you typed yes.

    Of the queue they are gone for good; of the bucket old versions stay for 30 days.
    """
    from chantier.cli.letters_shown import confirmed
    from chantier.cli.progress import count_progress
    from chantier.letters.dropping import drop_letters

    site, _, letters = _open(site_path, local=local)
    wanted = _chosen(letters, site, ids, every=every, **filtered)
    found = letters.read(wanted, limit)
    if found.letters and not confirmed(found, yes=yes):
        say("Nothing was dropped.")
        click.get_current_context().exit(1)
    with count_progress("letters") as tick:
        done = drop_letters(
            letters, found.letters, lambda count, there: tick("dropped", count, there)
        )
    if as_json:
        answer({"dropped": done, "more": found.more})
    else:
        say(f"{done} dropped{f', {found.more} more there' if found.more else ''}.")


def _open(site_path: Path, *, local: bool) -> tuple[Site, Cloud, Letters]:
    """The site, where it is, and its letters."""
    from chantier.letters.reading import Letters
    from chantier.stack import outputs

    site = load(site_path)
    cloud = cloud_for(site_path, site, local=local)
    return site, cloud, Letters(cloud, outputs(cloud, site.name))


def _wanted(site: Site, *, places: tuple[str, ...], **filtered: Any) -> Wanted:
    from datetime import UTC
    from zoneinfo import ZoneInfo

    from chantier.letters.wanted import Wanted

    since = filtered["since"]
    if since is not None:
        local = since.replace(tzinfo=ZoneInfo(site.site.timezone))
        since = local.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Wanted(frozenset(places), filtered["machine"], since or "", filtered["reason"])


def _chosen(
    letters: Letters, site: Site, ids: tuple[str, ...], *, every: bool, **filtered: Any
) -> Wanted:
    """The letters of some ids, each of which there must be, or all that the filters leave."""
    from chantier.letters.wanted import Wanted

    if every == bool(ids):
        raise click.UsageError("Name dead letters by their ids, or --all with or without filters.")
    if every:
        return _wanted(site, **filtered)
    if any(filtered.values()):
        raise click.UsageError("--place, --machine, --since and --reason go with --all.")
    letters.named(ids)
    return Wanted(ids=frozenset(ids))


def _looking() -> Any:
    """Progress of a look through every place."""
    from contextlib import contextmanager

    from chantier.cli.progress import count_progress

    @contextmanager
    def looking() -> Any:
        with count_progress("letters") as tick:
            yield lambda found: tick("found", found, found)

    return looking()
