"""The classes of machines: what differs between an excavator and a roller.

Only figures. How they act together is in `engine` and `machine`; what one
machine differs by from its class is drawn there from the seed.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One class of machines.

    Attributes:
        rated_kw: engine power, kW.
        tank_l: fuel tank, L.
        work_rpm: engine speed at work, 1/min.
        travel_rpm: engine speed while travelling, 1/min.
        idle_load: % of the torque that the engine has at idle.
        work_load: the same at work, mean.
        travel_load: the same while travelling, mean.
        idle_share: share of the engine-on time at idle, mean.
        travel_share: share of the rest spent travelling.
        work_kmh: ground speed while working, lowest and highest, km/h.
        travel_kmh: ground speed while travelling, lowest and highest, km/h.
        top_kmh: the fastest that it can go, km/h.
        cycle_s: median load cycle, s; None for a machine that counts none. One that hauls
            counts a load each time it tips: then it is about what a lap takes.
        truck_share: share of its working spells in which it loads trucks, one after the other.
        passes: buckets that fill a truck, fewest and most.
        swings: whether its cab turns above its tracks or wheels at work.
        hauls: whether it goes to and fro between a loading place and a tip.
    """

    rated_kw: float
    tank_l: float
    work_rpm: float = 1650.0
    travel_rpm: float = 1800.0
    idle_load: float = 18.0
    work_load: float
    travel_load: float
    idle_share: float
    travel_share: float
    work_kmh: tuple[float, float] = (0.0, 0.0)
    travel_kmh: tuple[float, float]
    top_kmh: float
    cycle_s: float | None = None
    truck_share: float = 0.0
    passes: tuple[int, int] = (0, 0)
    swings: bool = False
    hauls: bool = False


# Idle share 31 % [V1], load factor 0.38-0.50 [V4], engine speeds and 5.7 km/h [V7],
# cycle 15 s [V8], 345 L [M]. A bucket of 1.2 m3 fills a 16 t truck in 6 to 9 passes [M]; it
# loads trucks in a good third of its time and digs trenches or shapes in the rest [M].
CRAWLER_EXCAVATOR = Kind(
    rated_kw=121,
    tank_l=345,
    work_load=58,
    travel_load=62,
    idle_share=0.31,
    travel_share=0.06,
    travel_kmh=(2.0, 4.8),
    top_kmh=5.7,
    cycle_s=15.0,
    truck_share=0.4,
    passes=(6, 9),
    swings=True,
)
# 5.7 L/h median, 2.7 to 10.0 [R]. It fills small tippers, and mostly digs trenches [M].
MIDI_EXCAVATOR = Kind(
    rated_kw=48,
    tank_l=115,
    work_load=56,
    travel_load=60,
    idle_share=0.31,
    travel_share=0.06,
    travel_kmh=(2.0, 4.5),
    top_kmh=5.0,
    cycle_s=14.0,
    truck_share=0.2,
    passes=(5, 9),
    swings=True,
)
# 12-16 L/h and up to 38 km/h [M]; load factor 0.30-0.44 [V4]. Slower on a site.
WHEEL_LOADER = Kind(
    rated_kw=135,
    tank_l=240,
    idle_load=15,
    work_load=50,
    travel_load=42,
    idle_share=0.31,
    travel_share=0.25,
    work_kmh=(4.0, 8.0),
    travel_kmh=(8.0, 20.0),
    top_kmh=38,
    cycle_s=32.0,
    truck_share=0.3,
    passes=(3, 5),
)
# 40-50 t: about 20 L/h, 45 % idle [M]. It idles while it queues and is loaded; it works when
# it tips, and the rest is the way there and back.
ARTICULATED_DUMPER = Kind(
    rated_kw=240,
    tank_l=360,
    idle_load=12,
    work_load=30,
    travel_load=50,
    idle_share=0.45,
    travel_share=0.70,
    travel_kmh=(10.0, 22.0),
    top_kmh=50,
    cycle_s=480.0,
    hauls=True,
)
# 8-10 L/h [M].
ROLLER = Kind(
    rated_kw=95,
    tank_l=200,
    idle_load=15,
    work_load=45,
    travel_load=40,
    idle_share=0.31,
    travel_share=0.08,
    work_kmh=(3.0, 6.0),
    travel_kmh=(5.0, 9.0),
    top_kmh=12,
)
# 8-12 L/h, 50 % idle [M].
MOBILE_CRANE = Kind(
    rated_kw=200,
    tank_l=300,
    work_rpm=1450,
    idle_load=12,
    work_load=30,
    travel_load=35,
    idle_share=0.50,
    travel_share=0.05,
    travel_kmh=(4.0, 12.0),
    top_kmh=75,
    cycle_s=240.0,
    swings=True,
)

KINDS: dict[str, Kind] = {
    "crawler-excavator": CRAWLER_EXCAVATOR,
    "midi-excavator": MIDI_EXCAVATOR,
    "wheel-loader": WHEEL_LOADER,
    "articulated-dumper": ARTICULATED_DUMPER,
    "roller": ROLLER,
    "mobile-crane": MOBILE_CRANE,
}
