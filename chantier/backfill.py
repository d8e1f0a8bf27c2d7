"""History at once: days of a whole site, written as the raw data that the stack would have kept.

One file a day of arrival, `raw/dt=YYYY-MM-DD/<site>-seed<seed>.jsonl`, one message a
line as the rule and Firehose write it. The machines are the same as everywhere; only
nobody waits. A file appears when its day is whole, so a stopped run leaves no half one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from heapq import merge
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from chantier.cloud import Cloud
from chantier.errors import ChantierError
from chantier.records import RAW
from chantier.site import Site
from chantier.stack import outputs
from chantier.telemetry import encode, format_time
from simulator.hand import Hand
from simulator.hours import hours_of
from simulator.incident import Expected, parse
from simulator.muster import Run, muster
from simulator.truth import told

Tick = Callable[[str, int, int], None]
Keep = Callable[[str, Path], None]

DAY_S = 86_400
_Line = tuple[int, bytes, int]


@dataclass
class History:
    """What was written.

    Attributes:
        site: its name.
        start: epoch seconds.
        end: epoch seconds, not included.
        machines: how many.
        messages: how many.
        readings: in them.
        size: of all lines, bytes.
        keys: of the files or objects, oldest first.
        expected: the alerts that must be found in it.
    """

    site: str
    start: int
    end: int
    machines: int
    messages: int = 0
    readings: int = 0
    size: int = 0
    keys: list[str] = field(default_factory=list)
    expected: tuple[Expected, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """As JSON shows it."""
        return {
            "site": self.site,
            "from": format_time(self.start),
            "to": format_time(self.end),
            "machines": self.machines,
            "messages": self.messages,
            "readings": self.readings,
            "bytes": self.size,
            "keys": self.keys,
            "expected_alerts": [told(one) for one in self.expected],
        }


def last_days(site: Site, days: int, *, now: int | None = None) -> tuple[int, int]:
    """Whole local days until the last midnight of a site: start and end, epoch seconds."""
    hours = hours_of(site)
    today = hours.day_of(int(time.time()) if now is None else now)
    return hours.midnight(today - timedelta(days)), hours.midnight(today)


def backfill(  # noqa: PLR0913 - keyword-only: what is played, and where it goes
    site: Site,
    *,
    stretch: tuple[int, int],
    seed: int,
    scenarios: Sequence[str],
    folder: Path,
    tick: Tick,
    keep: Keep = lambda _key, _path: None,
) -> History:
    """Write the history of a site, day by day.

    Args:
        site: the site file.
        stretch: start and end, epoch seconds.
        seed: the same seed gives the same bytes.
        scenarios: incidents, their times counted from the start.
        folder: in which `raw/` is made.
        tick: receives the day, days done, and days there are.
        keep: takes over each file when it is whole.

    Raises:
        ChantierError: an incident cannot be played, or the folder cannot be written.
    """
    start, end = stretch
    incidents = [parse(text, [machine.id for machine in site.machines]) for text in scenarios]
    run = Run(site=site, start=start, duration_s=end - start, seed=seed)
    hands = muster(run, incidents)
    history = History(site.name, start, end, len(hands))
    history.expected = tuple(one for hand in hands for one in hand.expected())
    lines = merge(*(_lines(site.name, hand) for hand in hands), key=itemgetter(0))
    days = -(-end // DAY_S) - start // DAY_S
    for day, found in groupby(lines, key=lambda line: line[0] // DAY_S):
        name = format_time(day * DAY_S)[:10]
        key = f"{RAW}dt={name}/{site.name}-seed{seed}.jsonl"
        try:
            _write(folder / key, found, history)
        except OSError as error:
            raise ChantierError(
                f"{folder / key} cannot be written: {error.strerror}.", "Name another --out."
            ) from error
        history.keys.append(key)
        keep(key, folder / key)
        tick(name, day - start // DAY_S + 1, days)
    return history


def bucket_of(cloud: Cloud, site: Site) -> Keep:
    """Puts each file into the data bucket of a deployed site, and forgets it here.

    Raises:
        ChantierError: the site is not deployed.
    """
    bucket, client = outputs(cloud, site.name)["DataBucketName"], cloud.client("s3")

    def keep(key: str, path: Path) -> None:
        client.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())
        path.unlink()

    return keep


def _lines(site: str, hand: Hand) -> Iterator[_Line]:
    """When each message arrives, its line, and how many readings are in it."""
    name, machine = json.dumps(site), json.dumps(hand.profile.id)
    who = f',"site":{name},"machine":{machine},"arrived_at":'.encode()
    for t, outgoing in hand.messages():
        arrived = b"%d}\n" % (t * 1000)
        yield t, encode(outgoing.readings)[:-1] + who + arrived, len(outgoing.readings)


def _write(path: Path, lines: Iterator[_Line], history: History) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    try:
        with part.open("wb") as file:
            for _, line, readings in lines:
                file.write(line)
                history.messages += 1
                history.readings += readings
                history.size += len(line)
        part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
