"""The catalogue's words in English: what happened, and what to do, by level.

What the words are put together with is in `sentence.py`. No figure of the catalogue
stands here: a site may change every one.
"""

from __future__ import annotations

from typing import Final

from chantier.detection.j1939_en import FMI, SPN
from chantier.detection.sentence import Words

WORDS: Final[Words] = {
    "frame": {
        "sentence": ("{machine}: {what}, {when}{zone}. {todo}",),
        "zone": (", zone {zone}",),
        "time": ("%d/%m at %H:%M",),
        "decimal": (".",),
        "named": ("{spn}: {fmi}",),
        "source": (", controller {source}",),
        "count": (", occurrence count {count}", ", occurrence count {count} or more"),
        "subject": ("[{severity}] {about}: {what}",),
        "alerts": ("{count} alerts",),
        "machines": ("{count} machines",),
    },
    "when": {
        "": ("since {since}",),
        "FUEL_DROP": ("on {since}",),
        "REFUEL": ("on {since}",),
        "NO_SIGNAL": ("last message on {since}",),
        "SERVICE_DUE": ("flagged since {since}",),
        "VGP_DUE": ("flagged since {since}",),
    },
    "title": {
        "COOLANT_HIGH": ("engine overheating",),
        "HYD_TEMP_HIGH": ("hydraulic oil too hot",),
        "OIL_PRESS_LOW": ("low oil pressure",),
        "FUEL_LOW": ("low fuel",),
        "FUEL_DROP": ("unexplained fuel drop",),
        "REFUEL": ("refuelled",),
        "DEF_LOW": ("low AdBlue",),
        "IDLE_LONG": ("long idling",),
        "OFF_HOURS": ("engine running out of hours",),
        "GEOFENCE_EXIT": ("out of its zone",),
        "TOW": ("moved with the engine off",),
        "BATT_LOW": ("low battery",),
        "BATT_HIGH": ("charging voltage too high",),
        "TILT": ("excessive tilt",),
        "TILT/roll": ("excessive sideways tilt",),
        "TILT/pitch": ("excessive fore-and-aft tilt",),
        "OVERSPEED": ("speeding",),
        "DTC": ("fault code",),
        "NO_SIGNAL": ("no signal",),
        "SERVICE_DUE": ("service coming up", "service due"),
        "VGP_DUE": ("periodic inspection coming up", "periodic inspection due"),
    },
    "what": {
        "COOLANT_HIGH": ("coolant at {value} °C (limit {limit} °C)",),
        "HYD_TEMP_HIGH": ("hydraulic oil at {value} °C (limit {limit} °C)",),
        "OIL_PRESS_LOW": ("engine oil pressure at {value} kPa (minimum {limit} kPa)",),
        "FUEL_LOW": ("fuel at {value} % (threshold {limit} %)",),
        "FUEL_DROP": ("fuel down by {amount} with the engine off",),
        "REFUEL": ("refuelled by {amount}",),
        "DEF_LOW": ("AdBlue at {value} % (threshold {limit} %)",),
        "IDLE_LONG": ("engine idling without work ({amount})",),
        "OFF_HOURS": ("engine running outside site hours",),
        "GEOFENCE_EXIT": ("{value} m outside its zone",),
        "TOW": ("moved {value} m with the engine off",),
        "BATT_LOW": ("battery at {value} V (threshold {limit} V)",),
        "BATT_HIGH": ("battery voltage at {value} V (maximum {limit} V)",),
        "TILT": ("tilt of {value}° (limit {limit}°)",),
        "TILT/roll": ("sideways tilt of {value}° (limit {limit}°)",),
        "TILT/pitch": ("fore-and-aft tilt of {value}° (limit {limit}°)",),
        "OVERSPEED": ("speed of {value} km/h (limit {limit} km/h)",),
        "DTC": ("fault code {fault}",),
        "NO_SIGNAL": (
            "parked, silent for over {amount}",
            "engine running, silent for over {amount}",
        ),
        "SERVICE_DUE": (
            "{fault} h service coming up at {limit} h, hour meter at {value} h",
            "{fault} h service due at {limit} h, hour meter at {value} h",
        ),
        "VGP_DUE": (
            "periodic inspection (VGP) falls due soon",
            "periodic inspection (VGP) has fallen due",
        ),
    },
    "todo": {
        "COOLANT_HIGH": (
            "Let it idle and cool down; check the level and the radiator once cold.",
            "Stop working, let it cool at idle, and call the workshop.",
            "Shut the engine down now, leave the cap on, and call the workshop.",
        ),
        "HYD_TEMP_HIGH": (
            "Ease off; check the oil level and the cooler.",
            "Stop working, let it cool at idle, and call the workshop.",
        ),
        "OIL_PRESS_LOW": (
            (
                "Shut the engine down now and check the oil level; "
                "do not restart until the workshop agrees."
            ),
        ),
        "FUEL_LOW": (
            "Plan a refuel.",
            "Refuel before going on: it is about to run dry.",
        ),
        "FUEL_DROP": (
            (
                "Siphoning or a leak: do not go alone, call the site manager then the police, "
                "and acknowledge once checked."
            ),
        ),
        "REFUEL": ("Check it against the delivery note.",),
        "DEF_LOW": (
            "Plan an AdBlue top-up.",
            "Top up AdBlue before going on: the engine may lose power.",
        ),
        "IDLE_LONG": (
            "Switch off if the wait goes on.",
            "Switch off, and remind the crew of the idling rule.",
        ),
        "OFF_HOURS": (
            "Check that the work is planned; if not, do not go alone, call the site manager.",
        ),
        "GEOFENCE_EXIT": (
            (
                "Check that the move is planned; if not, do not go alone, "
                "call the site manager and the plant manager."
            ),
        ),
        "TOW": (
            (
                "Possible theft: do not go alone, call the site manager then the police, "
                "and acknowledge once checked."
            ),
        ),
        "BATT_LOW": (
            "Check it at the next service.",
            "Check the charging and the battery terminals.",
            "Charge or replace the battery before the next start.",
        ),
        "BATT_HIGH": (
            (
                "Keep flames and sparks away from the battery; "
                "have the alternator and its regulator checked."
            ),
        ),
        "TILT": (
            "Keep people clear, lower the attachment, get the machine level.",
            (
                "Risk of rollover: keep everyone clear, stay belted in the cab, "
                "get the machine level gently."
            ),
        ),
        "OVERSPEED": ("Slow down, and remind the crew of the site limit.",),
        "DTC": (
            "Note the code and call the workshop.",
            "Red lamp: bring the machine to a safe stop and call the workshop.",
        ),
        "NO_SIGNAL": (
            "On the next visit, check the tracker's power and aerial.",
            "Check where the machine is, then the network, the tracker's power and aerial.",
        ),
        "SERVICE_DUE": (
            "Book the workshop; order filters and oils.",
            "Do the service, then log it.",
        ),
        "VGP_DUE": (
            "Book the inspection body.",
            "Take the machine out of use until it is inspected; tell the plant manager.",
        ),
    },
    "severity": {
        "info": ("information",),
        "warning": ("warning",),
        "critical": ("critical",),
    },
    "notice": {
        "high": ("high priority",),
        "medium": ("medium priority",),
        "low": ("low priority",),
        "alert": ("[{priority}] {sentence}",),
        "where": ("Where: {link}",),
        "ack": ("When somebody takes care of it: {command}",),
        "left": ("And {count} more: {command}",),
    },
    "spn": SPN,
    "fmi": FMI,
}
