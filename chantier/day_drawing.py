"""A picture of one machine's day: what it did, and what its sensors said of it, as SVG.

Written by hand, so that it needs no library and stays small and sharp. What is drawn
is what the machine would have sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import groupby, pairwise
from typing import NamedTuple
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from chantier.day_words import WORDS
from chantier.telemetry import Reading

_WIDTH, _LEFT, _EDGE, _TOP = 960, 76, 936, 92
_BAND_PX, _PANEL_PX, _GAP_PX, _BOTTOM_PX = 26, 132, 34, 46
# Okabe and Ito's colours, which people who confuse red and green can tell apart.
_STATES = {"OFF": "#dcdcdc", "IDLE": "#e69f00", "WORK": "#0072b2", "TRAVEL": "#009e73"}
_RPM, _COOLANT, _OIL, _AIR, _FUEL = "#444444", "#d55e00", "#0072b2", "#8a8a8a", "#7a4fa3"
_INK, _PALE, _GRID, _LUNCH = "#222222", "#666666", "#e4e4e4", "#f4f1e8"
_LETTER_PX = 6.6
_HOUR_S = 3600


class Line(NamedTuple):
    """One quantity of a panel.

    Attributes:
        colour: of its line.
        label: in the legend; may be empty.
        points: (epoch seconds, value), in order of time.
        stepped: whether a value holds until the next.
        dashed: whether it is only for comparison.
        width: of its stroke.
    """

    colour: str
    label: str
    points: Sequence[tuple[int, float]]
    stepped: bool = False
    dashed: bool = False
    width: float = 1.8


class Panel(NamedTuple):
    """One diagram of the page, above each other on one time.

    Attributes:
        title: quantity and unit.
        ticks: on its axis; the lowest and the highest are its ends.
        lines: what it shows.
    """

    title: str
    ticks: Sequence[int]
    lines: Sequence[Line]


class Sheet(NamedTuple):
    """What a page is about.

    Attributes:
        machine: how its title names the machine.
        day: local day.
        zone: in which its hours are told.
        sessions: opening hours, (start, end) in epoch seconds.
        language: fr or en.
    """

    machine: str
    day: date
    zone: ZoneInfo
    sessions: Sequence[tuple[int, int]]
    language: str

    @property
    def span(self) -> tuple[int, int]:
        """From the full hour before the opening to the one after the closing, epoch seconds."""
        start = self.sessions[0][0] // _HOUR_S * _HOUR_S
        return start, -(-(self.sessions[-1][1] + 1) // _HOUR_S) * _HOUR_S


def draw(sheet: Sheet, readings: Sequence[Reading], air: Sequence[tuple[int, float]]) -> str:
    """The page.

    Args:
        sheet: what it is about.
        readings: of the machine, in order of time.
        air: air temperature, (epoch seconds, degC).

    Returns:
        An SVG document.
    """
    first, last = sheet.span
    seen = [one for one in readings if first <= one.t <= last]
    panels = _panels(WORDS[sheet.language], seen, [one for one in air if first <= one[0] <= last])
    height = _TOP + _BAND_PX + len(panels) * (_PANEL_PX + _GAP_PX) + _BOTTOM_PX
    parts = [
        *_head(sheet, seen, height),
        *_lunch(sheet, height),
        *_band(sheet, _held(sheet, readings)),
    ]
    for index, panel in enumerate(panels):
        top = _TOP + _BAND_PX + _GAP_PX + index * (_PANEL_PX + _GAP_PX)
        parts += _panel(sheet, panel, top)
    parts += [*_hours(sheet, height - _BOTTOM_PX), "</svg>"]
    return "\n".join(parts) + "\n"


def _panels(
    words: dict[str, str], seen: Sequence[Reading], air: Sequence[tuple[int, float]]
) -> tuple[Panel, ...]:
    coolant, oil = _said(seen, "cool_c"), _said(seen, "hyd_c")
    return (
        Panel(
            words["rpm"],
            (0, 1000, 2000),
            (Line(_RPM, "", _said(seen, "rpm"), stepped=True, width=0.7),),
        ),
        Panel(
            words["temperatures"],
            (0, 50, 100),
            (
                Line(_COOLANT, words["coolant"], coolant),
                Line(_OIL, words["hydraulic"], oil),
                Line(_AIR, words["air"], air, dashed=True, width=1.2),
            ),
        ),
        Panel(
            words["fuel"], (0, 50, 100), (Line(_FUEL, "", _said(seen, "fuel_pct"), stepped=True),)
        ),
    )


def _said(seen: Sequence[Reading], name: str) -> list[tuple[int, float]]:
    return [(one.t, value) for one in seen if (value := getattr(one, name)) is not None]


def _head(sheet: Sheet, seen: Sequence[Reading], height: int) -> Iterator[str]:
    words = WORDS[sheet.language]
    title = f"{sheet.machine} · {words['day'].format(day=sheet.day)}"
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" role="img" '
        'font-family="DejaVu Sans, Verdana, Arial, sans-serif" font-size="12">'
    )
    yield f"<title>{escape(title)}</title>"
    yield f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>'
    yield _label(_LEFT, 28, title, size=16, weight="bold")
    yield _label(_LEFT, 48, _summary(words, seen), colour=_PALE)
    x = float(_LEFT)
    for state, colour in _STATES.items():
        yield f'<rect x="{x:.0f}" y="64" width="12" height="12" fill="{colour}"/>'
        yield _label(x + 18, 74, words[state])
        x += 18 + _LETTER_PX * len(words[state]) + 28


def _summary(words: dict[str, str], seen: Sequence[Reading]) -> str:
    on = [(a, b.t - a.t) for a, b in pairwise(seen) if a.eng]
    hours = sum(seconds for _, seconds in on) / _HOUR_S
    idle = sum(seconds for said, seconds in on if said.st == "IDLE") / _HOUR_S
    starts = sum(bool(not a.eng and b.eng) for a, b in pairwise(seen))
    litres = (seen[-1].fuel_used_l or 0) - (seen[0].fuel_used_l or 0)
    share = round(100 * idle / hours) if hours else 0
    text = words["summary"].format(hours=hours, share=share, starts=starts, litres=litres)
    return text.replace(".", words["point"])


def _lunch(sheet: Sheet, height: int) -> Iterator[str]:
    """Pale where the site is closed."""
    first, last = sheet.span
    edges = [first, *(edge for session in sheet.sessions for edge in session), last]
    bottom = height - _BOTTOM_PX
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        if end > start:
            yield (
                f'<rect x="{_x(sheet, start):.1f}" y="{_TOP}" '
                f'width="{_x(sheet, end) - _x(sheet, start):.1f}" '
                f'height="{bottom - _TOP}" fill="{_LUNCH}"/>'
            )
    for (_, noon), (again, _) in pairwise(sheet.sessions):
        middle = (_x(sheet, noon) + _x(sheet, again)) / 2
        yield _label(middle, bottom - 8, WORDS[sheet.language]["lunch"], colour=_PALE, at="middle")


def _held(sheet: Sheet, readings: Sequence[Reading]) -> list[Reading]:
    """The readings of the page; a state holds until the next, so it has one at each edge."""
    first, last = sheet.span
    inside = [one for one in readings if first <= one.t <= last]
    before = [one for one in readings if one.t < first][-1:]
    return [*(one._replace(t=first) for one in before), *inside, inside[-1]._replace(t=last)]


def _band(sheet: Sheet, readings: Sequence[Reading]) -> Iterator[str]:
    yield _label(_LEFT - 10, _TOP + 17, WORDS[sheet.language]["state"], at="end")
    for state, group in groupby(pairwise(readings), key=lambda pair: pair[0].st):
        pairs = list(group)
        x, end = _x(sheet, pairs[0][0].t), _x(sheet, pairs[-1][1].t)
        yield (
            f'<rect x="{x:.2f}" y="{_TOP}" width="{end - x:.2f}" height="{_BAND_PX}" '
            f'fill="{_STATES[state or "OFF"]}"/>'
        )


def _panel(sheet: Sheet, panel: Panel, top: int) -> Iterator[str]:
    yield _label(_LEFT, top - 7, panel.title, weight="bold")
    for tick in panel.ticks:
        y = _y(panel, tick, top)
        yield (f'<line x1="{_LEFT}" x2="{_EDGE}" y1="{y:.1f}" y2="{y:.1f}" stroke="{_GRID}"/>')
        yield _label(_LEFT - 10, y + 4, f"{tick:,}".replace(",", "\u202f"), at="end")
    x = _LEFT + 9.0 * len(panel.title)
    for line in panel.lines:
        if line.label:
            dash = ' stroke-dasharray="5 4"' if line.dashed else ""
            yield (
                f'<line x1="{x:.0f}" x2="{x + 22:.0f}" y1="{top - 11}" y2="{top - 11}" '
                f'stroke="{line.colour}" stroke-width="2"{dash}/>'
            )
            yield _label(x + 28, top - 7, line.label)
            x += 28 + _LETTER_PX * len(line.label) + 28
        yield from _line(sheet, panel, line, top)


def _line(sheet: Sheet, panel: Panel, line: Line, top: int) -> Iterator[str]:
    path = ""
    for t, value in _bends(line.points):
        x, y = _x(sheet, t), _y(panel, value, top)
        if not path:
            path += f"M{x:.1f} {y:.1f}"
        elif line.stepped:
            path += f"H{x:.1f}V{y:.1f}"
        else:
            path += f"L{x:.1f} {y:.1f}"
    dash = ' stroke-dasharray="5 4"' if line.dashed else ""
    yield (
        f'<path d="{path}" fill="none" stroke="{line.colour}" stroke-width="{line.width}" '
        f'stroke-linejoin="round"{dash}/>'
    )


def _bends(points: Sequence[tuple[int, float]]) -> Iterator[tuple[int, float]]:
    """The points without those that lie between two of the same value."""
    for index, point in enumerate(points):
        around = {value for _, value in points[max(index - 1, 0) : index + 2]}
        if len(around) > 1 or index in (0, len(points) - 1):
            yield point


def _hours(sheet: Sheet, bottom: int) -> Iterator[str]:
    first, last = sheet.span
    yield f'<line x1="{_LEFT}" x2="{_EDGE}" y1="{bottom}" y2="{bottom}" stroke="{_PALE}"/>'
    for t in range(first, last + 1, _HOUR_S):
        x, told = _x(sheet, t), datetime.fromtimestamp(t, sheet.zone).strftime("%H:%M")
        yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{bottom}" y2="{bottom + 5}" stroke="{_PALE}"/>'
        yield _label(x, bottom + 20, told, at="middle")
    yield _label(
        (_LEFT + _EDGE) / 2,
        bottom + 38,
        WORDS[sheet.language]["time"],
        at="middle",
        colour=_PALE,
    )


def _x(sheet: Sheet, t: float) -> float:
    first, last = sheet.span
    return _LEFT + (t - first) / (last - first) * (_EDGE - _LEFT)


def _y(panel: Panel, value: float, top: int) -> float:
    low, high = panel.ticks[0], panel.ticks[-1]
    return top + _PANEL_PX - (value - low) / (high - low) * _PANEL_PX


def _label(  # noqa: PLR0913 - keyword-only past the text
    x: float,
    y: float,
    text: str,
    *,
    size: int = 12,
    at: str = "start",
    colour: str = _INK,
    weight: str = "normal",
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{at}" fill="{colour}" '
        f'font-weight="{weight}">{escape(text)}</text>'
    )
