"""Where a machine of the site file works: its ground, its haul road, and the plan that fits it."""

from __future__ import annotations

from collections.abc import Sequence

from chantier.site import Machine, Site, Zone
from simulator.classes import KINDS
from simulator.dice import dice
from simulator.ground import Ground
from simulator.hours import Hours
from simulator.plan import Plan
from simulator.profile import Profile
from simulator.roads import Road, beside, haul_road


def profile_of(site: Site, machine: Machine, *, seed: int) -> Profile:
    """What does not change of a machine while it is simulated."""
    kind = KINDS[machine.machine_class]
    zones = [zone for zone in site.zones if machine.zone in (zone.name, None)]
    zone = dice(seed, machine.id, "zone").choice(zones) if zones else None
    return Profile(
        id=machine.id,
        kind=kind,
        tank_l=machine.tank_l or kind.tank_l,
        voltage=machine.voltage,
        ground=_ground(zone) if zone else None,
        road=_road(zone, zones, seed, machine.id) if zone and kind.hauls else None,
        place=site.name,
    )


def plan_of(profile: Profile, hours: Hours, *, seed: int) -> Plan:
    """What a machine does, day after day."""
    if profile.road is None:
        return Plan(hours, profile.kind, seed=seed, machine=profile.id)
    road_m = profile.road.metres
    return Plan(hours, profile.kind, seed=seed, machine=profile.id, road_m=road_m)


def _road(zone: Zone, zones: Sequence[Zone], seed: int, machine: str) -> Road | None:
    """A road to another zone for a machine that may be in any, else one inside its own."""
    own = _ground(zone)
    others = [other for other in zones if other is not zone]
    dice(seed, machine, "tip").shuffle(others)
    for other in (*others, zone):
        grounds = [own] if other is zone else [own, _ground(other)]
        found = haul_road(grounds, dice(seed, zone.name, other.name, "road"))
        if found:
            return beside(found, grounds, dice(seed, machine, "road"))
    return None


def _ground(zone: Zone) -> Ground:
    return Ground(zone.polygon, zone.holes)
