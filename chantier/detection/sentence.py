"""An alert in one sentence: what, where, since when, what to do.

The words are a language's own (`words_*.py`); how they are chosen and how figures
are written is here, and no word of any language.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

from chantier.detection.faults import DTC
from chantier.detection.memory import Event

# J1939-73: an occurrence count stops at 126; 127 says that it is not available.
SATURATED = 126
# From here on minutes are said in hours.
HOURS_FROM_MIN = 120

Phrases = dict[str, tuple[str, ...]]


class Words(TypedDict):
    """All that is said of alerts in one language.

    A phrase is looked up under `CODE/fault`, else under `CODE`, and has one text for
    every level or one a level.

    Attributes:
        frame: how a sentence and its parts are put together.
        when: how the beginning is said, of `{since}`; "" for the codes that are not there.
        title: the shortest name of an alert, for tables and e-mail subjects.
        what: of `{value}`, `{limit}`, `{unit}`, `{amount}` (value and unit), `{fault}`.
        todo: what to do about it.
        severity: by info, warning, critical.
        notice: the lines of an e-mail around its sentences; high, medium and low are priorities.
        spn: names of J1939 suspect parameters.
        fmi: names of J1939 failure modes.
    """

    frame: Phrases
    when: Phrases
    title: Phrases
    what: Phrases
    todo: Phrases
    severity: Phrases
    notice: Phrases
    spn: dict[int, str]
    fmi: dict[int, str]


def sentence(
    event: Event, words: Words, *, machine: str, zone: str, clock: Callable[[int, str], str]
) -> str:
    """Say an event in the site's language.

    Args:
        event: what happened.
        words: the catalogue's sentences, `WORDS` of words_fr or words_en.
        machine: machine id.
        zone: name of the zone where the machine works; may be empty.
        clock: formats epoch seconds by a strftime pattern in the site's time zone.
    """
    frame, code = words["frame"], event.code
    when = words["when"].get(code, words["when"][""])[0]
    return frame["sentence"][0].format(
        machine=machine,
        what=_what(event, words),
        when=when.format(since=clock(event.since, frame["time"][0])),
        zone=frame["zone"][0].format(zone=zone) if zone else "",
        todo=phrase(words["todo"], code, event.fault, event.level),
    )


def phrase(table: Phrases, code: str, fault: str, level: int) -> str:
    """The text of a table for an alert at a level, 1 being the first."""
    texts = table.get(f"{code}/{fault}") or table[code]
    return texts[min(level, len(texts)) - 1]


def named_fault(fault: str, count: float | None, words: Words) -> str:
    """A fault code with the names of what is concerned and of what is wrong with it.

    Args:
        fault: `SPN-FMI` or `SPN-FMI@SA`; anything else is given back as it is.
        count: J1939 occurrence count; None where it is not known.
        words: of the site's language.
    """
    code, _, source = fault.partition("@")
    spn, _, fmi = code.partition("-")
    if not (spn.isdecimal() and fmi.isdecimal()):
        return fault
    frame = words["frame"]
    about, wrong = words["spn"].get(int(spn)), words["fmi"].get(int(fmi), f"FMI {fmi}")
    named = frame["named"][0].format(spn=about, fmi=wrong) if about else wrong
    said = f"{code} ({named})"
    if source:
        said += frame["source"][0].format(source=source)
    if count is not None and 0 < count <= SATURATED:
        said += frame["count"][count == SATURATED].format(count=int(count))
    return said


def _what(event: Event, words: Words) -> str:
    """What happened; the title alone where the figure that it needs is not known."""
    decimal = words["frame"]["decimal"][0]
    known = {"unit": event.unit}
    if event.fault:
        dtc = event.code == DTC
        known["fault"] = named_fault(event.fault, event.value, words) if dtc else event.fault
    if event.value is not None:
        known["value"] = _figure(event.value, decimal)
        known["amount"] = _amount(event.value, event.unit, decimal)
    if event.limit is not None:
        known["limit"] = _figure(event.limit, decimal)
    try:
        return phrase(words["what"], event.code, event.fault, event.level).format_map(known)
    except KeyError:
        return phrase(words["title"], event.code, event.fault, event.level)


def _amount(value: float, unit: str, decimal: str) -> str:
    if unit == "min" and value >= HOURS_FROM_MIN:
        hours, minutes = divmod(round(value), 60)
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{_figure(value, decimal)} {unit}".strip()


def _figure(value: float, decimal: str) -> str:
    """At most four significant digits, but every hour of an hour meter."""
    size = abs(value)
    places = 0 if size >= 1000 else 1 if size >= 100 else 2  # noqa: PLR2004 - digits of a figure
    # + 0.0: what rounds to zero has no sign.
    text = f"{round(value, places) + 0.0:.{places}f}"
    return (text.rstrip("0").rstrip(".") if places else text).replace(".", decimal)
