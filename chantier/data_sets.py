"""What the dashboard reads: two data sets, the columns of each and the SQL that makes them.

The SQL keeps to what Athena (Trino) and the embedded AWS (DuckDB) both understand. Column
names in it are technical; people read the titles, which QuickSight is told by renaming.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from chantier.detection.catalogue import DEFAULTS
from chantier.detection.words_en import WORDS as EN
from chantier.detection.words_fr import WORDS as FR
from chantier.words import TABLE

Kind = Literal["text", "number", "count", "time"]


class Text(NamedTuple):
    """A word or a sentence in both languages."""

    fr: str
    en: str

    def to(self, language: str) -> str:
        """The one of a language; English where it is not French."""
        return self.fr if language == "fr" else self.en


class Column(NamedTuple):
    """A column of a data set.

    Attributes:
        name: in SQL.
        kind: what it holds; `count` is a whole number, `time` is local to the site.
        title: what people read. Unit: hours, litres, kilograms, the site's currency, minutes.
        sql: the expression over the table's columns; empty where it is the column itself.
    """

    name: str
    kind: Kind
    title: Text
    sql: str = ""


class DataSet(NamedTuple):
    """A table of `chantier.aggregates` as the dashboard sees it.

    Attributes:
        name: its identifier.
        table: in Glue.
        local: the column of the table that says when, on the site's clock.
        title: what people read.
        columns: in order.
    """

    name: str
    table: str
    local: str
    title: Text
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column:
        """The column of that name.

        Raises:
            KeyError: there is none.
        """
        return {column.name: column for column in self.columns}[name]


# Both data sets have these under the same title, so that one filter reaches both.
_SHARED = (
    Column("day", "time", Text("Jour", "Day"), "date_trunc('day', {local})"),
    Column(
        "name",
        "text",
        Text("Engin", "Machine"),
        "machine || coalesce(' · ' || nullif(label, ''), '')",
    ),
    Column(
        "zone_name",
        "text",
        Text("Zone", "Zone"),
        "coalesce(nullif(zone, ''), '{no_zone}')",
    ),
)


def _number(name: str, fr: str, en: str, sql: str = "") -> Column:
    return Column(name, "number", Text(fr, en), sql)


HOURS = DataSet(
    "hours",
    "hours",
    "hour_local",
    Text("Heures d'engins", "Machine hours"),
    (
        *_SHARED,
        Column("hour_local", "time", Text("Heure", "Hour")),
        _number("engine_h", "Heures moteur", "Engine hours"),
        _number("idle_h", "Heures au ralenti", "Idle hours"),
        _number("work_h", "Heures de travail", "Working hours"),
        _number("planned_h", "Heures planifiées", "Planned hours"),
        _number("fuel_l", "Carburant (L)", "Fuel (L)"),
        _number("idle_fuel_l", "Carburant gaspillé (L)", "Wasted fuel (L)"),
        _number("fuel_cost", "Coût du carburant", "Fuel cost"),
        _number("adblue_cost", "Coût de l'AdBlue", "AdBlue cost"),
        _number("upkeep_cost", "Coût d'entretien", "Upkeep cost"),
        _number("depreciation_cost", "Amortissement", "Depreciation"),
        _number("cost", "Coût", "Cost"),
        _number("co2e_kg", "CO2e du puits à la roue (kg)", "CO2e, well to wheel (kg)"),
        Column(
            "alerts_opened",
            "count",
            Text("Alertes ouvertes", "Alerts opened"),
            "alerts_info + alerts_warning + alerts_critical",
        ),
    ),
)
ALERTS = DataSet(
    "alerts",
    "alerts",
    "opened_local",
    Text("Alertes d'engins", "Machine alerts"),
    (
        *_SHARED,
        Column("opened_local", "time", Text("Ouverte", "Opened")),
        Column("title", "text", Text("Alerte", "Alert"), "{title}"),
        Column("fault", "text", Text("Défaut", "Fault")),
        Column("severity_name", "text", Text("Gravité", "Severity"), "{severity}"),
        Column("alerts", "count", Text("Alertes", "Alerts"), "1"),
        Column(
            "still_open",
            "count",
            Text("Alertes en cours", "Open alerts"),
            "CASE WHEN closed_at IS NULL THEN 1 ELSE 0 END",
        ),
        Column(
            "critical",
            "count",
            Text("Alertes critiques", "Critical alerts"),
            "CASE WHEN severity = 'critical' THEN 1 ELSE 0 END",
        ),
        _number("lasted_min", "Durée (min)", "Duration (min)"),
    ),
)
DATA_SETS: dict[str, DataSet] = {one.name: one for one in (HOURS, ALERTS)}

_NO_ZONE = Text("sans zone", "no zone")


def sql(data_set: DataSet, *, database: str, language: str, days: int) -> str:
    """The query of a data set, for Athena.

    Args:
        data_set: HOURS or ALERTS.
        database: the Glue database.
        language: of severities and of the names of alerts.
        days: how far back it reads; each refresh scans all of it.
    """
    words = {
        "local": data_set.local,
        "no_zone": _quoted(_NO_ZONE.to(language)),
        "title": _case("code", titles(language)),
        "severity": _case("severity", severities(language)),
    }
    chosen = ",\n  ".join(
        f"{one.sql.format(**words)} AS {one.name}" if one.sql else one.name
        for one in data_set.columns
    )
    # Athena compares the partition with a constant of the same type, and skips older days.
    first = f"CAST(CAST(current_date - INTERVAL '{days}' DAY AS date) AS varchar)"
    return f"SELECT\n  {chosen}\nFROM {database}.{data_set.table}\nWHERE dt >= {first}\n"


def titles(language: str) -> dict[str, str]:
    """What each code of the catalogue is called."""
    words = (FR if language == "fr" else EN)["title"]
    return {code: words[code][0] for code in DEFAULTS}


def severities(language: str) -> dict[str, str]:
    """What each severity is called, the gravest last."""
    return {one: TABLE[language][one] for one in ("info", "warning", "critical")}


def _case(column: str, words: dict[str, str]) -> str:
    whens = "".join(f"\n    WHEN '{key}' THEN '{_quoted(word)}'" for key, word in words.items())
    return f"CASE {column}{whens}\n    ELSE {column} END"


def _quoted(text: str) -> str:
    return text.replace("'", "''")
