"""The subject of an e-mail that tells one alert, or several of one cause.

SNS takes ASCII alone, without a line break: accents are folded here, so that the
words need not be written twice.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Protocol

from chantier.detection.faults import DTC
from chantier.detection.sentence import Words, phrase

# SNS's Publish wants "less than 100 characters".
MAX_SUBJECT = 99
# Lowest first.
SEVERITIES = ("info", "warning", "critical")


class Headline(Protocol):
    """What a subject needs of an alert; both a stored alert and less will do."""

    @property
    def machine(self) -> str:
        """Machine id."""

    @property
    def code(self) -> str:
        """The catalogue's code."""

    @property
    def fault(self) -> str:
        """What tells two alerts of a code apart; may be empty."""

    @property
    def severity(self) -> str:
        """One of info, warning, critical."""

    @property
    def level(self) -> int:
        """1 for the code's first level."""


def subject(alerts: Sequence[Headline], words: Words) -> str:
    """The subject of a message that tells these alerts, at most 99 ASCII characters.

    Args:
        alerts: at least one; the gravest gives the severity.
        words: of the site's language.

    Raises:
        ValueError: no alert.
    """
    frame = words["frame"]
    worst = max(alerts, key=lambda alert: SEVERITIES.index(alert.severity))
    machines = {alert.machine for alert in alerts}
    several = frame["alerts"][0].format(count=len(alerts))
    fleet = frame["machines"][0].format(count=len(machines))
    if len(alerts) == 1:
        about, what = worst.machine, _title(worst, words)
    elif len(machines) == 1:
        about, what = worst.machine, several
    elif len({alert.code for alert in alerts}) == 1:
        about, what = phrase(words["title"], worst.code, "", worst.level), fleet
    else:
        about, what = several, fleet
    severity = words["severity"][worst.severity][0].upper()
    return _ascii(frame["subject"][0].format(severity=severity, about=about, what=what))


def _title(alert: Headline, words: Words) -> str:
    """The short title, and of a fault code what it concerns."""
    title = phrase(words["title"], alert.code, alert.fault, alert.level)
    if alert.code != DTC:
        return title
    spn = alert.fault.partition("-")[0]
    about = words["spn"].get(int(spn)) if spn.isdecimal() else None
    return f"{title} {alert.fault}, {about}" if about else f"{title} {alert.fault}"


def _ascii(text: str) -> str:
    """Without accents, line breaks and control characters, cut to what SNS takes."""
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    line = " ".join("".join(c if c.isprintable() else " " for c in folded).split())
    return line if len(line) <= MAX_SUBJECT else line[: MAX_SUBJECT - 3].rstrip() + "..."
