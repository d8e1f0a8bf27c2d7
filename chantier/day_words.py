"""The words on the picture of a machine's day, in French and in English."""

from __future__ import annotations

WORDS: dict[str, dict[str, str]] = {
    "fr": {
        "day": "{day:%d/%m/%Y}",
        "summary": "simulé : {hours:.1f} h moteur, ralenti {share} %, {starts} démarrages, "
        "{litres:.0f} L de GNR",
        "point": ",",
        "state": "état",
        "OFF": "arrêt",
        "IDLE": "ralenti",
        "WORK": "travail",
        "TRAVEL": "déplacement",
        "lunch": "pause",
        "rpm": "Régime moteur (tr/min)",
        "temperatures": "Températures (°C)",
        "coolant": "liquide de refroidissement",
        "hydraulic": "huile hydraulique",
        "air": "air",
        "fuel": "Niveau de carburant (% du réservoir)",
        "time": "heure locale",
    },
    "en": {
        "day": "{day:%Y-%m-%d}",
        "summary": "simulated: {hours:.1f} engine hours, {share} % idling, {starts} starts, "
        "{litres:.0f} L of fuel",
        "point": ".",
        "state": "state",
        "OFF": "off",
        "IDLE": "idle",
        "WORK": "work",
        "TRAVEL": "travel",
        "lunch": "lunch",
        "rpm": "Engine speed (rpm)",
        "temperatures": "Temperatures (°C)",
        "coolant": "coolant",
        "hydraulic": "hydraulic oil",
        "air": "air",
        "fuel": "Fuel level (% of tank)",
        "time": "local time",
    },
}
