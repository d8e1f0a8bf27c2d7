"""How a machine stands and moves: tilt and ground speed."""

from __future__ import annotations

from chantier.detection.condition import Condition, Level, Numbers

TILT = {
    "roll_warning": 10.0,
    "roll_critical": 15.0,
    "pitch_warning": 25.0,
    "pitch_critical": 30.0,
    "for_s": 5,
    "critical_for_s": 2,
    "margin": 2.0,
    "clear_for_s": 10,
}
OVERSPEED = {"limit": 25.0, "for_s": 10, "clear": 20.0}


def tilt(numbers: Numbers) -> tuple[Condition, ...]:
    """TILT: roll and pitch, each an alert of its own; also of a machine that is switched off."""
    return (_lean("roll", numbers), _lean("pitch", numbers))


def _lean(field: str, numbers: Numbers) -> Condition:
    warning, critical = numbers[f"{field}_warning"], numbers[f"{field}_critical"]
    return Condition(
        code="TILT",
        fault=field,
        field=field,
        absolute=True,
        unit="°",
        opens=">=",
        levels=(
            Level("warning", warning, int(numbers["for_s"])),
            Level("critical", critical, int(numbers["critical_for_s"])),
        ),
        clears="<=",
        clear=warning - numbers["margin"],
        clear_for_s=int(numbers["clear_for_s"]),
        inhibit_s=-1,
        engine=False,
        # A machine that is switched off says once an hour how it stands.
        gap_s=0,
    )


def overspeed(numbers: Numbers) -> tuple[Condition, ...]:
    """OVERSPEED: above the site's limit, with the engine on: on a trailer it is off."""
    return (
        Condition(
            code="OVERSPEED",
            field="spd_kmh",
            unit="km/h",
            opens=">",
            levels=(Level("info", numbers["limit"], int(numbers["for_s"])),),
            clears="<",
            clear=numbers["clear"],
            clear_for_s=0,
            inhibit_s=-1,
            stops=True,
        ),
    )
