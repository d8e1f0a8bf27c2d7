"""The site file: what it may say, and every fault of one that is wrong.

`Site.load` is the only way in. It knows nothing of AWS beyond the names that a
region, a topic or a resource can bear.
"""

from __future__ import annotations

import tomllib
from calendar import monthrange
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
    ValidationError,
)
from pydantic_core import PydanticCustomError

from chantier.detection.catalogue import VOLTS, rules_for
from chantier.errors import SiteError
from chantier.site_faults import explain
from chantier.site_rules import contradictions

MAX_MACHINES = 10_000
MIN_CORNERS, MAX_CORNERS = 3, 500
# French general inspections (VGP), arrete of 1 March 2004 for lifting: not verified, [M].
VGP_MONTHS, LIFTING_MONTHS = 12, 6
EXAMPLE = Path(__file__).with_name("example.toml")

SiteName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,48}$")]
ZoneName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,48}$")]
MachineId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Label = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f]{1,80}$")]
Hours = Annotated[
    str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-4]):[0-5]\d$")
]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
Point = tuple[Latitude, Longitude]
MachineClass = Literal[
    "crawler-excavator",
    "midi-excavator",
    "wheel-loader",
    "articulated-dumper",
    "roller",
    "mobile-crane",
]
Figure = Annotated[float, Field(allow_inf_nan=False)]
# China, GovCloud and the isolated regions have other names of hosts and fewer services.
REGION = r"^(af|ap|ca|eu|il|me|mx|sa|us)-[a-z]+-\d$"
Price = Annotated[float, Field(ge=0, le=10_000)]
Limits = dict[str, dict[str, Figure]]


def _known_timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        known = False
    else:
        # These zoneinfo reads too, but they are other forms of the zones, and in no list.
        known = not name.startswith(("posix", "right/"))
    if not known:
        raise PydanticCustomError("timezone", "an IANA name such as Europe/Paris")
    return name


def _follow_each_other(hours: tuple[str, ...]) -> tuple[str, ...]:
    marks = [mark for one in hours for mark in one.split("-")]
    if any(a >= b for a, b in pairwise(marks)):
        raise PydanticCustomError("hours", "hours that follow each other, none empty")
    return hours


def _some(machines: tuple[Machine, ...]) -> tuple[Machine, ...]:
    if not 1 <= len(machines) <= MAX_MACHINES:
        raise PydanticCustomError("machines", "1 to 10,000 machines")
    return machines


def _closed(ring: tuple[Point, ...]) -> tuple[Point, ...]:
    if not MIN_CORNERS <= len(set(ring)) <= MAX_CORNERS:
        raise PydanticCustomError("ring", "3 to 500 different [latitude, longitude] points")
    return ring


Ring = Annotated[tuple[Point, ...], AfterValidator(_closed)]
Day = Annotated[tuple[Hours, ...], AfterValidator(_follow_each_other)]


class Part(BaseModel):
    """A table of the site file: frozen, and an unknown key is a fault."""

    # One validator for the whole file, instead of one a table that nobody reads alone.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Identity(Part):
    """[site]: who and where."""

    name: SiteName
    label: Label
    region: Annotated[str, StringConstraints(pattern=REGION)]
    timezone: Annotated[str, AfterValidator(_known_timezone)]
    language: Literal["fr", "en"]
    size: Literal["starter", "fleet"] = "starter"


class Calendar(Part):
    """[calendar]: opening hours, `HH:MM-HH:MM`; an absent day is a day off."""

    monday: Day = ()
    tuesday: Day = ()
    wednesday: Day = ()
    thursday: Day = ()
    friday: Day = ()
    saturday: Day = ()
    sunday: Day = ()
    public_holidays: Annotated[str, StringConstraints(pattern=r"^([A-Z]{2})?$")] = ""


class Budget(Part):
    """[budget]: the monthly bill that is worth a warning, USD."""

    monthly_usd: Annotated[float, Field(gt=0, le=1_000_000)]


class MachineRates(Part):
    """[machines.rates]: what a machine costs otherwise than the site's others."""

    idle_lph: Price | None = None
    upkeep_per_h: Price | None = None
    depreciation_per_h: Price | None = None


class Rates(Part):
    """[rates]: what an hour and a litre cost, in the site's currency.

    `adblue_pct` is AdBlue as a share of the fuel, since no machine counts it: 2 to 5 %
    (domain figure from Equipment World). `idle_lph` is what idling burns: 3.8 L/h
    (hiboo.io, 33,825 machines in France and Europe).
    """

    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "EUR"
    fuel_per_l: Price
    adblue_per_l: Price = 0.0
    adblue_pct: Annotated[float, Field(ge=0, le=10)] = 3.0
    idle_lph: Price = 3.8
    upkeep_per_h: Price = 0.0
    depreciation_per_h: Price = 0.0


class Retention(Part):
    """[retention]: days; an alert's count from its end."""

    raw_days: Annotated[int, Field(ge=90, le=36_500)] = 1095
    alert_days: Annotated[int, Field(ge=1, le=36_500)] = 1095
    log_days: Literal[1, 3, 5, 7, 14, 30, 60, 90, 180, 365] = 30


class Zone(Part):
    """[[zones]]: a polygon of [latitude, longitude], with holes."""

    name: ZoneName
    label: Label
    polygon: Ring
    holes: tuple[Ring, ...] = ()


class Machine(Part):
    """[[machines]]: what does not change from one reading to the next."""

    id: MachineId
    machine_class: Annotated[MachineClass, Field(alias="class")]
    label: Label | None = None
    zone: ZoneName | None = None
    make: Label | None = None
    model: Label | None = None
    serial: Label | None = None
    pin: Label | None = None
    tank_l: Annotated[float, Field(gt=0, le=5000)] | None = None
    voltage: Literal[12, 24] = 24
    vgp: Annotated[date, Field(strict=True)] | None = None
    lifting: StrictBool | None = None
    limits: Limits = {}
    rates: MachineRates = MachineRates()

    def next_vgp(self, last: date) -> date:
        """When the general inspection after one is due.

        12 months after it, 6 for a machine that lifts loads (mobile cranes do).
        """
        lifts = self.machine_class == "mobile-crane" if self.lifting is None else self.lifting
        months = last.month - 1 + (LIFTING_MONTHS if lifts else VGP_MONTHS)
        year, month = last.year + months // 12, months % 12 + 1
        # The 31st of a short month is its last day.
        return date(year, month, min(last.day, monthrange(year, month)[1]))


class Site(Part):
    """A construction site, as its file says.

    Build one with `Site.load`.
    """

    site: Identity
    calendar: Calendar = Calendar()
    budget: Budget
    retention: Retention = Retention()
    rates: Rates | None = None
    limits: Limits = {}
    zones: Annotated[tuple[Zone, ...], Field(max_length=500)] = ()
    machines: Annotated[tuple[Machine, ...], AfterValidator(_some)]

    @classmethod
    def load(cls, path: Path | str) -> Site:
        """Read a site file.

        Raises:
            SiteError: it is missing, not TOML, or wrong; with every fault at once.
        """
        path = Path(path)
        try:
            said = tomllib.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            hint = "Write one: chantier init"
            raise SiteError(f"There is no site file at {path}.", hint=hint) from None
        except (OSError, UnicodeDecodeError) as error:
            raise SiteError(f"{path} cannot be read: {error}.") from error
        except tomllib.TOMLDecodeError as error:
            hint = "Mend that line; a good example: chantier init --stdout"
            raise SiteError(f"{path} is not TOML: {error}.", hint=hint) from error
        faults = contradictions(said)
        try:
            site = cls.model_validate(said)
        except ValidationError as error:
            faults = explain(error.errors(include_url=False), said, cls) + faults
        else:
            if not faults:
                return site
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        raise SiteError(f"{path} has {count}:", tuple(faults), "Mend them, then run it again.")

    @property
    def name(self) -> str:
        """The site's name, as topics and resources bear it."""
        return self.site.name

    def of_size(self, size: str) -> Site:
        """The same site, built for more or fewer machines: "starter" or "fleet"."""
        identity = Identity.model_validate({**self.site.model_dump(), "size": size})
        return self.model_copy(update={"site": identity})

    def limits_of(self, machine: Machine) -> dict[str, dict[str, float]]:
        """The machine's limits that differ from the catalogue's: the site's, then its own."""
        usual = rules_for(volts=machine.voltage).limits
        found: dict[str, dict[str, float]] = {}
        for code in sorted({*self.limits, *machine.limits}):
            numbers = {
                # The site's volts are those of a 24 V system, as the catalogue's are.
                name: value * (machine.voltage / 24 if name in VOLTS.get(code, ()) else 1)
                for name, value in self.limits.get(code, {}).items()
            } | machine.limits.get(code, {})
            own = {name: value for name, value in numbers.items() if value != usual[code][name]}
            if own:
                found[code] = own
        return found

    def rates_of(self, machine: Machine) -> Rates | None:
        """What a machine costs: the site's rates, with its own in their place."""
        if self.rates is None:
            return None
        return self.rates.model_copy(update=machine.rates.model_dump(exclude_none=True))

    def zone_label(self, machine: Machine) -> str:
        """The label of the zone where a machine works; empty when it has none."""
        return next((zone.label for zone in self.zones if zone.name == machine.zone), "")


def write_example(path: Path | None) -> str:
    """The text of the example site file, written to `path` unless that is None.

    Raises:
        SiteError: there is a file already.
    """
    text = EXAMPLE.read_text("utf-8")
    if path is not None:
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            hint = "Keep it, or name another: chantier init --site other.toml"
            raise SiteError(f"{path} is there already; nothing was written.", hint=hint) from None
        except OSError as error:
            raise SiteError(f"{path} cannot be written: {error.strerror}.") from error
    return text
