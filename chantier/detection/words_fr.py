"""The catalogue's words in French: what happened, and what to do, by level.

What the words are put together with is in `sentence.py`. No figure of the catalogue
stands here: a site may change every one.
"""

from __future__ import annotations

from typing import Final

from chantier.detection.j1939_fr import FMI, SPN
from chantier.detection.sentence import Words

WORDS: Final[Words] = {
    "frame": {
        "sentence": ("{machine} : {what}, {when}{zone}. {todo}",),
        "zone": (", zone {zone}",),
        "time": ("%d/%m à %H:%M",),
        "decimal": (",",),
        "named": ("{spn} : {fmi}",),
        "source": (", calculateur {source}",),
        "count": (", vu {count} fois", ", vu {count} fois ou plus"),
        "subject": ("[{severity}] {about} : {what}",),
        "alerts": ("{count} alertes",),
        "machines": ("{count} engins",),
    },
    "when": {
        "": ("depuis le {since}",),
        "FUEL_DROP": ("le {since}",),
        "REFUEL": ("le {since}",),
        "NO_SIGNAL": ("dernier message le {since}",),
        "SERVICE_DUE": ("signalé depuis le {since}",),
        "VGP_DUE": ("signalée depuis le {since}",),
    },
    "title": {
        "COOLANT_HIGH": ("surchauffe moteur",),
        "HYD_TEMP_HIGH": ("huile hydraulique trop chaude",),
        "OIL_PRESS_LOW": ("pression d'huile basse",),
        "FUEL_LOW": ("carburant bas",),
        "FUEL_DROP": ("baisse anormale de carburant",),
        "REFUEL": ("plein de carburant",),
        "DEF_LOW": ("AdBlue bas",),
        "IDLE_LONG": ("ralenti prolongé",),
        "OFF_HOURS": ("moteur en marche hors horaires",),
        "GEOFENCE_EXIT": ("sortie de zone",),
        "TOW": ("déplacement moteur coupé",),
        "BATT_LOW": ("batterie faible",),
        "BATT_HIGH": ("tension de charge trop haute",),
        "TILT": ("inclinaison excessive",),
        "TILT/roll": ("dévers excessif",),
        "TILT/pitch": ("pente excessive",),
        "OVERSPEED": ("excès de vitesse",),
        "DTC": ("code défaut",),
        "NO_SIGNAL": ("plus de signal",),
        "SERVICE_DUE": ("entretien à prévoir", "entretien à faire"),
        "VGP_DUE": ("VGP à prévoir", "VGP échue"),
    },
    "what": {
        "COOLANT_HIGH": ("liquide de refroidissement à {value} °C (limite {limit} °C)",),
        "HYD_TEMP_HIGH": ("huile hydraulique à {value} °C (limite {limit} °C)",),
        "OIL_PRESS_LOW": ("pression d'huile moteur à {value} kPa (minimum {limit} kPa)",),
        "FUEL_LOW": ("carburant à {value} % (seuil {limit} %)",),
        "FUEL_DROP": ("baisse de carburant de {amount} moteur coupé",),
        "REFUEL": ("plein de carburant de {amount}",),
        "DEF_LOW": ("AdBlue à {value} % (seuil {limit} %)",),
        "IDLE_LONG": ("moteur au ralenti sans travail ({amount})",),
        "OFF_HOURS": ("moteur en marche hors horaires du chantier",),
        "GEOFENCE_EXIT": ("engin à {value} m hors de sa zone",),
        "TOW": ("engin déplacé de {value} m moteur coupé",),
        "BATT_LOW": ("batterie à {value} V (seuil {limit} V)",),
        "BATT_HIGH": ("tension de batterie à {value} V (maximum {limit} V)",),
        "TILT": ("inclinaison de {value}° (limite {limit}°)",),
        "TILT/roll": ("dévers de {value}° (limite {limit}°)",),
        "TILT/pitch": ("pente de {value}° (limite {limit}°)",),
        "OVERSPEED": ("vitesse de {value} km/h (limite {limit} km/h)",),
        "DTC": ("code défaut {fault}",),
        "NO_SIGNAL": (
            "engin à l'arrêt, muet depuis plus de {amount}",
            "engin en marche, muet depuis plus de {amount}",
        ),
        "SERVICE_DUE": (
            "entretien des {fault} h prévu à {limit} h, horamètre à {value} h",
            "entretien des {fault} h dû à {limit} h, horamètre à {value} h",
        ),
        "VGP_DUE": (
            "vérification générale périodique (VGP) bientôt à échéance",
            "vérification générale périodique (VGP) échue",
        ),
    },
    "todo": {
        "COOLANT_HIGH": (
            "Mettre au ralenti et laisser refroidir ; niveau et radiateur à contrôler à froid.",
            "Cesser le travail, laisser refroidir au ralenti, prévenir l'atelier.",
            "Arrêter le moteur tout de suite, ne pas ouvrir le bouchon, prévenir l'atelier.",
        ),
        "HYD_TEMP_HIGH": (
            "Réduire la cadence, contrôler le niveau d'huile et le refroidisseur.",
            "Cesser le travail, laisser refroidir au ralenti, prévenir l'atelier.",
        ),
        "OIL_PRESS_LOW": (
            (
                "Arrêter le moteur tout de suite, contrôler le niveau d'huile ; "
                "ne pas redémarrer sans l'accord de l'atelier."
            ),
        ),
        "FUEL_LOW": (
            "Prévoir le plein de GNR.",
            "Faire le plein de GNR avant de reprendre : risque de panne sèche.",
        ),
        "FUEL_DROP": (
            (
                "Vol par siphonnage ou fuite : ne pas intervenir seul, appeler le chef de "
                "chantier puis la police ou la gendarmerie, acquitter après contrôle."
            ),
        ),
        "REFUEL": ("À rapprocher du bon de livraison de GNR.",),
        "DEF_LOW": (
            "Prévoir l'appoint d'AdBlue.",
            "Faire l'appoint d'AdBlue avant de reprendre : le moteur risque d'être bridé.",
        ),
        "IDLE_LONG": (
            "Couper le moteur si l'attente se prolonge.",
            "Couper le moteur et rappeler la consigne de ralenti.",
        ),
        "OFF_HOURS": (
            (
                "Vérifier que le travail est prévu ; sinon ne pas intervenir seul, "
                "appeler le chef de chantier."
            ),
        ),
        "GEOFENCE_EXIT": (
            (
                "Vérifier que la sortie est prévue ; sinon ne pas intervenir seul, "
                "appeler le chef de chantier et le responsable matériel."
            ),
        ),
        "TOW": (
            (
                "Vol possible : ne pas intervenir seul, appeler le chef de chantier puis la "
                "police ou la gendarmerie, acquitter après contrôle."
            ),
        ),
        "BATT_LOW": (
            "À contrôler au prochain entretien.",
            "Contrôler la charge et les bornes de la batterie.",
            "Charger ou remplacer la batterie avant le prochain démarrage.",
        ),
        "BATT_HIGH": (
            (
                "Ni flamme ni étincelle près de la batterie ; "
                "faire contrôler l'alternateur et son régulateur."
            ),
        ),
        "TILT": (
            "Éloigner les personnes, baisser l'équipement, remettre l'engin à plat.",
            (
                "Risque de renversement : éloigner tout le monde, rester attaché en cabine, "
                "remettre l'engin à plat sans à-coup."
            ),
        ),
        "OVERSPEED": ("Ralentir et rappeler la limite du chantier.",),
        "DTC": (
            "Relever le code et prévenir l'atelier.",
            "Voyant rouge : arrêter l'engin en sécurité et prévenir l'atelier.",
        ),
        "NO_SIGNAL": (
            "Au prochain passage, contrôler l'alimentation et l'antenne du boîtier.",
            "Vérifier où est l'engin, puis le réseau, l'alimentation et l'antenne du boîtier.",
        ),
        "SERVICE_DUE": (
            "Prendre date avec l'atelier, commander filtres et huiles.",
            "Faire l'entretien puis l'enregistrer.",
        ),
        "VGP_DUE": (
            "Prendre date avec l'organisme de contrôle.",
            "Ne plus utiliser l'engin avant la vérification, prévenir le responsable matériel.",
        ),
    },
    "severity": {
        "info": ("information",),
        "warning": ("avertissement",),
        "critical": ("critique",),
    },
    "notice": {
        "high": ("priorité haute",),
        "medium": ("priorité moyenne",),
        "low": ("priorité basse",),
        "alert": ("[{priority}] {sentence}",),
        "where": ("Où : {link}",),
        "ack": ("Dès que quelqu'un s'en occupe, acquitter : {command}",),
        "left": ("Et {count} de plus : {command}",),
    },
    "spn": SPN,
    "fmi": FMI,
}
