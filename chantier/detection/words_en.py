"""The catalogue's sentences in English: what happened, and what to do, by level."""

from __future__ import annotations

WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "frame": {
        "sentence": ("{machine}: {what}, since {since}{zone}. {todo}",),
        "zone": (", zone {zone}",),
        "time": ("%d/%m at %H:%M",),
        "decimal": (".",),
    },
    "what": {
        "COOLANT_HIGH": ("coolant at {value} °C (limit {limit} °C)",),
        "OIL_PRESS_LOW": ("engine oil pressure at {value} kPa (minimum {limit} kPa)",),
        "FUEL_LOW": ("fuel at {value} % (threshold {limit} %)",),
        "BATT_LOW": ("battery at {value} V (threshold {limit} V)",),
        "DTC": ("fault code {fault} (SPN-FMI)",),
    },
    "todo": {
        "COOLANT_HIGH": (
            "Let it idle and cool down; check the level and the radiator.",
            "Stop working, let it cool at idle, and call the workshop.",
            "Shut the engine down now and call the workshop.",
        ),
        "OIL_PRESS_LOW": ("Shut the engine down now and check the oil level.",),
        "FUEL_LOW": (
            "Plan a refuel.",
            "Refuel before going on: it is about to run dry.",
        ),
        "BATT_LOW": (
            "Check it at the next service.",
            "Check the charging and the battery terminals.",
            "Charge or replace the battery before the next start.",
        ),
        "DTC": (
            "Note the code and call the workshop.",
            "Red lamp: bring the machine to a safe stop and call the workshop.",
        ),
    },
}
