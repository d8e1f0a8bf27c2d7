"""One machine's day simulated for a picture: which day, and what the machine says on it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from chantier.day_drawing import Sheet, draw
from chantier.errors import ChantierError
from chantier.files import write_whole
from chantier.site import Site
from simulator.hours import hours_of
from simulator.muster import Run, muster
from simulator.trace import Trace

# An autumn Wednesday; the first open day from then on is drawn.
FIRST_DAY, DAYS_AHEAD = date(2026, 10, 14), 14
# A box that is off says little: it is looked at this long before the opening and after, s.
_AROUND_S = 3600


def plot_day(site: Site, machine: str | None, *, seed: int, out: Path) -> dict[str, Any]:
    """Draw a day of a machine of the site, in the site's language.

    Args:
        site: the site file.
        machine: its id; None for the first.
        seed: the same seed gives the same picture.
        out: the SVG file to write.

    Raises:
        ChantierError: the machine is unknown, the site never opens, or the file cannot be
            written.
    """
    hours = hours_of(site)
    ahead = (FIRST_DAY + timedelta(days=n) for n in range(DAYS_AHEAD))
    day = next((one for one in ahead if hours.sessions(one)), None)
    if day is None:
        raise ChantierError(f"{site.name} is never open.", "Lengthen a day of [calendar].")
    name = machine or next((one.id for one in site.machines), "")
    trace = _lived(site, name, seed, hours.sessions(day))
    label = next(one.label for one in site.machines if one.id == name)
    sheet = Sheet(
        machine=f"{name} · {label}" if label else name,
        day=day,
        zone=ZoneInfo(site.site.timezone),
        sessions=trace.sessions,
        language=site.site.language,
    )
    readings = [step.reading for step in trace.steps]
    picture = draw(sheet, readings, [(step.reading.t, step.air_c) for step in trace.steps])
    write_whole(out, picture.encode(), option="--plot")
    return {"file": str(out), "machine": name, "day": day.isoformat(), "readings": len(readings)}


def _lived(site: Site, machine: str, seed: int, sessions: tuple[tuple[int, int], ...]) -> Trace:
    """A machine's day, step by step."""
    start, end = sessions[0][0] - _AROUND_S, sessions[-1][1] + _AROUND_S
    run = Run(site=site, start=start, duration_s=end - start, seed=seed)
    (hand,) = muster(run, only=[machine])
    trace = Trace(machine, hand.profile.kind, hand.profile.tank_l, sessions)
    for _ in hand.messages(on_step=trace.note):
        pass
    return trace
