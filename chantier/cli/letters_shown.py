"""How dead letters look: the list, one of them whole, what became of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from chantier.cli.show import answer, clean, program, say, table
from chantier.letters.dropping import warning
from chantier.letters.letter import Letter, json_or_text
from chantier.letters.replaying import AGAIN, MOVED, STUCK, Outcome
from chantier.letters.wanted import Found, counts
from chantier.site import Site
from chantier.words import TABLE

KB, MB = 1_000, 1_000_000
LONG, COUNTED, WHOLE_TEXT, LONGEST_NAME = 190, 90, 4_000, 24
HEADINGS = ("id", "when", "machine", "tries", "size", "place, and reason")
STYLES = {AGAIN: "bold red", STUCK: "red", MOVED: "yellow"}


def as_json_of(found: Found) -> dict[str, Any]:
    """A list as JSON."""
    return {
        "letters": [letter.as_dict() for letter in found.letters],
        "counts": [one._asdict() for one in counts(found.letters)],
        "more": found.more,
        "hidden": found.hidden,
    }


def show_list(found: Found, site: Site, *, limit: int) -> None:
    """The letters, then how many by place and reason."""
    letters = found.letters
    if letters:
        _draw(letters, site)
        table(
            ("letters", "place", "reason"),
            [
                (str(one.letters), one.words, _short(one.reason, COUNTED))
                for one in counts(letters)
            ],
        )
        say(f"One of them whole: {program()} dead-letters show {letters[0].id}")
    elif not found.more:
        say("There are no dead letters." if not found.hidden else "No dead letter can be read.")
    if found.more:
        say(f"About {found.more} more: --limit {limit + found.more}, or --since, --place, ...")
    if found.hidden:
        say(f"{found.hidden} more are held by somebody else, or by a run that was killed.")


def _draw(letters: Sequence[Letter], site: Site) -> None:
    """Two lines or more a letter: what it is, and under it the reason, which is long."""
    console = Console()
    rows = [HEADINGS, *(_row(letter, site) for letter in letters)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    console.print(Text(lines[0], style="bold"), soft_wrap=True)
    for letter, line in zip(letters, lines[1:], strict=True):
        console.print(Text(line), soft_wrap=True)
        reason = Text(clean(_short(letter.reason)), style="red")
        console.print(Padding(reason, (0, 0, 0, widths[0] + 2)))
    console.print()


def _row(letter: Letter, site: Site) -> tuple[str, ...]:
    tries = str(letter.tries) if letter.tries else "?"
    of = clean(letter.machine)[:LONGEST_NAME]
    return letter.id, _local(letter.at, site), of, tries, _size(letter.size), clean(letter.words)


def show_whole(letter: Letter, site: Site) -> None:
    """A letter whole: facts, then what replaying does, then the message."""
    facts = {
        "id": letter.id,
        "place": letter.words,
        "when": f"{_local(letter.at, site)} ({letter.at})",
        "machine": letter.machine,
        "reason": letter.reason,
        "AWS said": letter.error if letter.error not in letter.reason else "",
        "tries": str(letter.tries or ""),
        "size": _size(letter.size),
        **letter.facts,
        "lies in": letter.source,
        "replay": letter.way.sentence,
    }
    drawn = Table.grid(padding=(0, 2, 0, 0))
    drawn.add_column(style="bold", no_wrap=True)
    drawn.add_column(overflow="fold")
    for name, value in facts.items():
        if value:
            drawn.add_row(name, Text(clean_lines(value)))
    Console().print(drawn)
    click.echo(f"\n{_message(letter.text)}")


def _message(text: str) -> str:
    """The message as people read it: JSON set out, anything else as it is, not without end."""
    said = json_or_text(text)
    if not isinstance(said, str):
        text = json.dumps(said, indent=2, ensure_ascii=False)
    shown = clean_lines(text[:WHOLE_TEXT])
    left = len(text) - len(shown)
    return f"{shown}\n... {left} characters more: --json" if left > 0 else shown


def clean_lines(text: str) -> str:
    """As `clean`, line by line."""
    return "\n".join(map(clean, text.splitlines()))


def show_outcomes(outcomes: Sequence[Outcome], more: int, *, as_json: bool) -> None:
    """What became of each letter that was replayed: those that still need somebody, by name."""
    told = Counter(one.what for one in outcomes)
    late = sum(one.late for one in outcomes)
    if as_json:
        letters = [one.as_dict() for one in outcomes]
        answer({"letters": letters, "counts": dict(told), "late": late, "more": more})
        return
    left = [one for one in outcomes if not one.ok]
    if left:
        table(
            ("id", "machine", "what", "reason"),
            [
                (
                    one.letter.id,
                    one.letter.machine,
                    Text(one.what, style=STYLES[one.what]),
                    _short(one.reason),
                )
                for one in left
            ],
        )
    if not outcomes:
        say("There are no dead letters to replay.")
        return
    say(", ".join(f"{count} {what}" for what, count in told.most_common()) + ".")
    if told[MOVED]:
        say(f"What was refused lies in quarantine: {program()} dead-letters list")
    if late:
        say(
            f"{late} readings came after newer ones were judged; settling their day judges "
            f"them: {program()} alerts settle --day YYYY-MM-DD"
        )
    if more:
        say(f"About {more} more are there: run it again.")


def confirmed(found: Found, *, yes: bool) -> bool:
    """Say what dropping means, and ask."""
    for one in counts(found.letters):
        say(f"  {one.letters} x {one.words}: {clean(_short(one.reason))}")
    say(warning(found.letters))
    return yes or _asked() == "yes"


def _asked() -> str:
    return str(click.prompt("Type yes to drop them", default="", show_default=False, err=True))


def _short(reason: str, most: int = LONG) -> str:
    return reason if len(reason) <= most else f"{reason[: most - 1]}\N{HORIZONTAL ELLIPSIS}"


def _size(count: int) -> str:
    if count < KB:
        return f"{count} B"
    return f"{count / KB:.1f} kB" if count < MB else f"{count / MB:.1f} MB"


def _local(at: str, site: Site) -> str:
    if not at:
        return ""
    when = datetime.fromisoformat(at).astimezone(ZoneInfo(site.site.timezone))
    return when.strftime(TABLE[site.site.language]["time"])
