"""The fleet: the shift of the whole site over real sessions, and what becomes of each message."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chantier.decoding import decode, parse
from chantier.errors import ChantierError
from chantier.site import Site
from chantier.telemetry import MAX_MESSAGE_BYTES, Reading, encode, ingest_topic
from simulator.fleet import run_fleet
from simulator.incident import Incident
from simulator.replay import read_recording, replay
from simulator.report import FleetReport, Sent
from simulator.shift import shift

if TYPE_CHECKING:
    from tests.simulator.conftest import Authority, Broker, MakeBroker

CREW = ("EX-001", "CH-001", "TB-001", "CO-001")


def fleet(
    site: Site, start: int, authority: Authority, broker: Broker, heard: list[Sent]
) -> FleetReport:
    """Ten minutes of four machines in about a second, with an oil pressure that falls."""

    async def run() -> FleetReport:
        async with broker.listening() as port:
            return await run_fleet(
                site,
                {machine: authority.line(machine, port) for machine in CREW},
                start=start,
                duration_s=900,
                speed=900,
                seed=1,
                incidents=[Incident("perte-pression-huile", "EX-001", 120)],
                on_sent=heard.append,
            )

    return asyncio.run(run())


def test_the_fleet_sends_over_the_wire_what_it_does_in_memory(
    site: Site, start: int, authority: Authority, make_broker: MakeBroker
) -> None:
    broker, heard = make_broker(), list[Sent]()
    report = fleet(site, start, authority, broker, heard)
    told: dict[str, list[bytes]] = {machine: [] for machine in CREW}
    for one in broker.received:
        assert one.client_id == one.common_name
        assert one.topic == ingest_topic(site.name, one.client_id)
        told[one.client_id].append(one.payload)
    incidents = [Incident("perte-pression-huile", "EX-001", 120)]
    for machine in CREW:
        assert told[machine] == [
            encode(readings)
            for name, readings, _ in shift(
                site, start=start, duration_s=900, seed=1, incidents=incidents
            )
            if name == machine
        ]
    assert sorted(broker.goodbyes) == sorted(CREW)
    assert heard == list(report.sent)


def test_every_message_is_told_with_its_times_and_the_truth_comes_with_the_report(
    site: Site, start: int, authority: Authority, make_broker: MakeBroker
) -> None:
    report = fleet(site, start, authority, make_broker(), [])
    assert report.undelivered == ()
    assert report.lost == {}
    assert report.readings == sum(one.readings for one in report.sent)
    assert all(one.acked_at and one.sent_at <= one.acked_at for one in report.sent)
    assert 0 < report.urgent < len(report.sent)
    (expected,) = report.expected
    assert (expected.machine, expected.code, expected.severity) == (
        "EX-001",
        "OIL_PRESS_LOW",
        "critical",
    )


def test_a_missing_certificate_is_said_before_any_machine_connects(
    site: Site, start: int, authority: Authority, make_broker: MakeBroker, tmp_path: Path
) -> None:
    broker = make_broker()

    async def run() -> None:
        async with broker.listening() as port:
            lines = {machine: authority.line(machine, port) for machine in CREW}
            lines["CO-001"] = replace(lines["CO-001"], certificate=tmp_path / "none.pem")
            await run_fleet(site, lines, start=start, duration_s=60, speed=60, seed=1)

    with pytest.raises(ChantierError, match="no certificate for CO-001"):
        asyncio.run(run())
    assert broker.connects == 0


def test_a_fleet_that_the_broker_refuses_ends_with_one_clear_error(
    site: Site, start: int, authority: Authority, make_broker: MakeBroker
) -> None:
    broker = make_broker(connack=0x87)

    async def run() -> None:
        async with broker.listening() as port:
            lines = {machine: authority.line(machine, port) for machine in CREW}
            await run_fleet(site, lines, start=start, duration_s=60, speed=60, seed=1)

    with pytest.raises(ChantierError, match="Not authorized"):
        asyncio.run(run())
    assert broker.received == []


def test_a_line_for_a_machine_that_the_site_does_not_have_is_refused(
    site: Site, start: int, authority: Authority
) -> None:
    lines = {"EX-999": authority.line("EX-999", 1)}
    with pytest.raises(ChantierError, match="EX-999 does not take part"):
        asyncio.run(run_fleet(site, lines, start=start, duration_s=60, speed=60, seed=1))


def test_an_interruption_closes_every_session(
    site: Site, start: int, authority: Authority, make_broker: MakeBroker
) -> None:
    broker = make_broker()

    async def run() -> None:
        async with broker.listening() as port:
            lines = {machine: authority.line(machine, port) for machine in CREW}
            heard: set[str] = set()
            everybody = asyncio.Event()

            def hear(sent: Sent) -> None:
                heard.add(sent.machine)
                if heard == set(CREW):
                    everybody.set()

            working = asyncio.create_task(
                run_fleet(
                    site, lines, start=start, duration_s=36_000, speed=60, seed=1, on_sent=hear
                )
            )
            await everybody.wait()
            working.cancel()
            with pytest.raises(asyncio.CancelledError):
                await working

    asyncio.run(run())
    assert sorted(broker.goodbyes) == sorted(CREW)


def test_a_recording_is_sent_again_in_messages_of_at_most_twelve_readings(
    recorded: Path, site: Site, authority: Authority, make_broker: MakeBroker
) -> None:
    broker, readings = make_broker(), read_recording(recorded / "truck_idle.jsonl")

    async def run() -> FleetReport:
        async with broker.listening() as port:
            line = authority.line("EX-001", port)
            return await replay(readings, line, site=site.name, machine="EX-001", speed=None)

    report = asyncio.run(run())
    payloads = [one.payload for one in broker.received]
    messages = [decode(parse(payload)).readings for payload in payloads]
    assert tuple(reading for message in messages for reading in message) == readings
    assert max(len(message) for message in messages) == 12
    assert max(len(payload) for payload in payloads) <= MAX_MESSAGE_BYTES
    assert {one.topic for one in broker.received} == {ingest_topic(site.name, "EX-001")}
    assert report.readings == len(readings)


def test_a_recording_is_replayed_at_the_speed_that_is_asked_for(
    site: Site, authority: Authority, make_broker: MakeBroker
) -> None:
    broker = make_broker()
    readings = [Reading(1000 + t, seq=t) for t in range(40)]

    async def run() -> FleetReport:
        async with broker.listening() as port:
            line = authority.line("EX-001", port)
            return await replay(readings, line, site=site.name, machine="EX-001", speed=100.0)

    sent = asyncio.run(run()).sent
    took_ms = sent[-1].sent_at - sent[0].sent_at
    assert took_ms >= 10 * (sent[-1].t - sent[0].t) * 0.9


def test_a_machine_that_speaks_long_after_others_are_done_is_waited_for(
    site: Site, start: int, authority: Authority, make_broker: MakeBroker
) -> None:
    """At night each machine says one thing, somewhere in the minute."""
    night = start - 12 * 3600

    async def run() -> FleetReport:
        async with make_broker().listening() as port:
            return await run_fleet(
                site,
                {machine: authority.line(machine, port) for machine in CREW},
                start=night,
                duration_s=60,
                speed=30,
                seed=1,
                finish_s=0.3,
            )

    report = asyncio.run(run())
    assert len(report.sent) == len(CREW)
    assert len({one.t for one in report.sent}) > 1
    assert report.undelivered == ()
