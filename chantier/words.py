"""What the command line says to people of the site, in their language.

Column headings and the words for severity and state; the sentences of alerts
are the catalogue's own (`detection/words_*.py`).
"""

from __future__ import annotations

TABLE: dict[str, dict[str, str]] = {
    "fr": {
        "severity": "Gravité",
        "machine": "Engin",
        "code": "Code",
        "opened": "Ouverte",
        "closed": "Close",
        "sentence": "Ce qui se passe, et que faire",
        "open": "en cours",
        "done": "close",
        "info": "information",
        "warning": "avertissement",
        "critical": "critique",
        "late": "retrouvée après coup",
        "none": "Aucune alerte.",
        "time": "%d/%m %H:%M",
    },
    "en": {
        "severity": "Severity",
        "machine": "Machine",
        "code": "Code",
        "opened": "Opened",
        "closed": "Closed",
        "sentence": "What happens, and what to do",
        "open": "open",
        "done": "closed",
        "info": "information",
        "warning": "warning",
        "critical": "critical",
        "late": "found late",
        "none": "No alert.",
        "time": "%d/%m %H:%M",
    },
}

# The hourly report: headings, and the words of its last line.
REPORT: dict[str, dict[str, str]] = {
    "fr": {
        "machine": "Engin",
        "hour": "Heure",
        "engine_h": "Moteur h",
        "idle_h": "Ral. h",
        "idle": "Ral. %",
        "planned_h": "Ouvert h",
        "utilisation": "Usage %",
        "fuel_l": "Litres",
        "lph": "L/h",
        "cost": "Coût {currency}",
        "cost_per_h": "{currency}/h",
        "co2e_kg": "CO2e kg",
        "alerts": "Alertes",
        "fleet": "Parc",
        "total": "Total",
        "changed": "compteur changé",
        "time": "%d/%m %H:%M",
        "clock": "%H:%M",
        "decimal": ",",
    },
    "en": {
        "machine": "Machine",
        "hour": "Hour",
        "engine_h": "Engine h",
        "idle_h": "Idle h",
        "idle": "Idle %",
        "planned_h": "Open h",
        "utilisation": "Use %",
        "fuel_l": "Litres",
        "lph": "L/h",
        "cost": "Cost {currency}",
        "cost_per_h": "{currency}/h",
        "co2e_kg": "CO2e kg",
        "alerts": "Alerts",
        "fleet": "Fleet",
        "total": "Total",
        "changed": "meter changed",
        "time": "%d/%m %H:%M",
        "clock": "%H:%M",
        "decimal": ".",
    },
}
