"""What people are told of alerts: the subject and the text of a message. Nothing is sent here."""

from __future__ import annotations

from collections.abc import Sequence

from chantier.detection.sentence import Words
from chantier.detection.subject import subject
from chantier.records import Alert

# SNS takes 256 KB, attributes included.
MOST_BYTES = 255_000
# The line that says how many are left out.
LAST_LINE_BYTES = 200
LISTING = "chantier alerts --open"


def notice(alerts: Sequence[Alert], words: Words) -> tuple[str, str]:
    """The subject and the text of one message.

    Args:
        alerts: at least one, the gravest first.
        words: of the site's language.
    """
    room = MOST_BYTES - LAST_LINE_BYTES
    paragraphs: list[str] = []
    for told, alert in enumerate(alerts):
        text = paragraph(alert, words)
        room -= len(text.encode()) + 2
        if room < 0:
            left = words["notice"]["left"][0]
            paragraphs.append(left.format(count=len(alerts) - told, command=LISTING))
            break
        paragraphs.append(text)
    return subject(alerts, words), "\n\n".join(paragraphs) + "\n"


def paragraph(alert: Alert, words: Words) -> str:
    """One alert: its priority and sentence, where it is, and how to say that it was seen."""
    phrases = words["notice"]
    priority = phrases[alert.priority][0]
    lines = [phrases["alert"][0].format(priority=priority, sentence=alert.sentence)]
    if alert.lat is not None and alert.lon is not None:
        lines.append(phrases["where"][0].format(link=map_link(alert.lat, alert.lon)))
    lines.append(phrases["ack"][0].format(command=f"chantier alerts ack {alert.id}"))
    return "\n".join(lines)


def map_link(lat: float, lon: float) -> str:
    """A page that shows a place, in degrees, and needs no account."""
    at = f"{lat:.5f}", f"{lon:.5f}"
    return f"https://www.openstreetmap.org/?mlat={at[0]}&mlon={at[1]}#map=17/{at[0]}/{at[1]}"
