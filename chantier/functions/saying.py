"""An alert as a site says it: its sentence, its zone, the site's own clock.

Pure: no table, no environment. Whoever makes an alert of an event goes through here.
"""

from __future__ import annotations

import time
from typing import Any

from chantier.detection.memory import Event
from chantier.detection.off_hours import ahead_of_utc
from chantier.detection.sentence import Words, sentence
from chantier.detection.settings import opening_of, watched_machines
from chantier.functions.alerts import alert_of
from chantier.records import Alert
from chantier.telemetry import probe_name


class Speaker:
    """Makes alerts of events.

    Args:
        settings: what `chantier.site_settings` says of the site.
        words: the catalogue's sentences in the site's language.
    """

    def __init__(self, settings: dict[str, Any], words: Words) -> None:
        self.site = str(settings["site"])
        self.machines = watched_machines(settings)
        self._words = words
        self._opening = opening_of(settings)

    def alert(self, machine: str, event: Event) -> Alert:
        """The alert as it stands after an event."""
        zone = self.machines[machine].zone
        said = sentence(event, self._words, machine=machine, zone=zone, clock=self.clock)
        # The probe is a site of its own: whoever asks for the alerts of this one finds none of it.
        site = machine if machine == probe_name(self.site) else self.site
        return alert_of(event, machine=machine, site=site, said=said)

    def clock(self, t: int, pattern: str) -> str:
        """Epoch seconds by the site's own clock, as a strftime pattern says."""
        return time.strftime(pattern, time.gmtime(t + ahead_of_utc(self._opening, t)))
