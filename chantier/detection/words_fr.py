"""The catalogue's sentences in French: what happened, and what to do, by level."""

from __future__ import annotations

WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "frame": {
        "sentence": ("{machine} : {what}, depuis le {since}{zone}. {todo}",),
        "zone": (", zone {zone}",),
        "time": ("%d/%m à %H:%M",),
        "decimal": (",",),
    },
    "what": {
        "COOLANT_HIGH": ("liquide de refroidissement à {value} °C (limite {limit} °C)",),
        "OIL_PRESS_LOW": ("pression d'huile moteur à {value} kPa (minimum {limit} kPa)",),
        "FUEL_LOW": ("carburant à {value} % (seuil {limit} %)",),
        "BATT_LOW": ("batterie à {value} V (seuil {limit} V)",),
        "DTC": ("code défaut {fault} (SPN-FMI)",),
    },
    "todo": {
        "COOLANT_HIGH": (
            "Mettre au ralenti, laisser refroidir, contrôler niveau et radiateur.",
            "Cesser le travail, laisser refroidir au ralenti, prévenir l'atelier.",
            "Arrêter le moteur tout de suite et prévenir l'atelier.",
        ),
        "OIL_PRESS_LOW": ("Arrêter le moteur tout de suite, contrôler le niveau d'huile.",),
        "FUEL_LOW": (
            "Prévoir le plein de GNR.",
            "Faire le plein de GNR avant de reprendre : risque de panne sèche.",
        ),
        "BATT_LOW": (
            "À contrôler au prochain entretien.",
            "Contrôler la charge et les bornes de la batterie.",
            "Charger ou remplacer la batterie avant le prochain démarrage.",
        ),
        "DTC": (
            "Relever le code et prévenir l'atelier.",
            "Voyant rouge : arrêter l'engin en sécurité et prévenir l'atelier.",
        ),
    },
}
