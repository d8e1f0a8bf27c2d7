"""An alert in one sentence: what, where, since when, what to do."""

from __future__ import annotations

from collections.abc import Callable

from chantier.detection.memory import Event

Words = dict[str, dict[str, tuple[str, ...]]]


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
    frame = words["frame"]
    todo = words["todo"][event.code]
    what = words["what"][event.code][0].format(
        value=_figure(event.value, frame["decimal"][0]),
        limit=_figure(event.limit, frame["decimal"][0]),
        fault=event.fault,
    )
    return frame["sentence"][0].format(
        machine=machine,
        what=what,
        since=clock(event.since, frame["time"][0]),
        zone=frame["zone"][0].format(zone=zone) if zone else "",
        todo=todo[min(event.level, len(todo)) - 1],
    )


def _figure(value: float | None, decimal: str) -> str:
    return "?" if value is None else f"{value:.4g}".replace(".", decimal)
