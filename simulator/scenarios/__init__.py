"""The incidents that can be played, as data: what happens step by step, and what must be found.

A script follows the limits of the machine it is played on, so that it still
leads to its alert on a site that has set its own. To add one: a function in
the module of its family, a line here.
"""

from __future__ import annotations

from simulator.scenarios.engine import (
    dead_sensor,
    fault_code,
    flat_battery,
    hydraulic_leak,
    hydraulic_overheating,
    oil_pressure_loss,
    overcharging,
    overheating,
)
from simulator.scenarios.script import Scenario, Script, Setting
from simulator.scenarios.supplies import low_def, low_fuel, refuelling, service_due
from simulator.scenarios.theft import siphoning, towing
from simulator.scenarios.use import (
    leaving_the_zone,
    long_idling,
    off_hours,
    rolling_over,
    silence,
    speeding,
)

__all__ = ["SCENARIOS", "Script", "Setting"]

SCENARIOS: dict[str, Scenario] = {
    "surchauffe": overheating,
    "huile-hydraulique-chaude": hydraulic_overheating,
    "fuite-hydraulique": hydraulic_leak,
    "perte-pression-huile": oil_pressure_loss,
    "carburant-bas": low_fuel,
    "siphonnage": siphoning,
    "plein": refuelling,
    "adblue-bas": low_def,
    "ralenti-excessif": long_idling,
    "hors-horaires": off_hours,
    "sortie-de-zone": leaving_the_zone,
    "vol-de-nuit": towing,
    "batterie-faible": flat_battery,
    "surtension": overcharging,
    "renversement": rolling_over,
    "exces-de-vitesse": speeding,
    "code-defaut": fault_code,
    "capteur-mort": dead_sensor,
    "silence": silence,
    "entretien-du": service_due,
}
