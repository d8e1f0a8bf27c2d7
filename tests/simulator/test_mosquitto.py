"""The fleet on a broker that is not ours: mosquitto, each machine with its own certificate."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bench.fleet.broker import Authority, Broker, installed, mosquitto
from bench.fleet.load import lines_in, topic
from bench.fleet.physics import site
from chantier.errors import ChantierError
from simulator.fleet import run_fleet
from simulator.link import Line, Link
from simulator.outbox import LinkLost
from simulator.pulse import Pulse

MACHINES = 60

pytestmark = pytest.mark.skipif(
    not installed(), reason="mosquitto is not here: apt-get install mosquitto"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority and the certificates of the machines."""
    folder = tmp_path_factory.mktemp("mosquitto")
    authority = Authority(folder)
    for line in lines_in(folder, 0, MACHINES):
        authority.issue(line.client_id)
    return folder


@pytest.fixture
def broker(folder: Path) -> Iterator[Broker]:
    with mosquitto(folder) as broker:
        yield broker


@pytest.fixture
def lines(folder: Path, broker: Broker) -> list[Line]:
    return lines_in(folder, broker.port, MACHINES)


async def publish(line: Line, where: str) -> None:
    async with Link(line, tries=1, timeout_s=5) as link:
        await link.publish(where, b"{}")


def test_every_machine_works_over_a_session_of_its_own_and_no_message_waits_at_the_end(
    lines: list[Line],
) -> None:
    here, pulse = site(MACHINES), Pulse()
    report = asyncio.run(
        run_fleet(
            here,
            {line.client_id: line for line in lines},
            start=1_791_968_400,  # a Wednesday, 11:00 in Paris
            duration_s=600,
            speed=300,
            seed=1,
            pulse=pulse,
            connects_per_s=500,
            keep=False,
        )
    )
    assert (pulse.most, pulse.connections, pulse.online) == (MACHINES, MACHINES, 0)
    assert pulse.acked == pulse.handed > MACHINES * 5
    assert (pulse.errors, pulse.given_up, report.sent, report.lost) == (0, 0, (), {})


def test_the_name_in_the_certificate_is_what_may_be_written_to(lines: list[Line]) -> None:
    mine, other = lines[:2]
    asyncio.run(publish(mine, topic(mine)))
    with pytest.raises(LinkLost, match="Not authorized"):
        asyncio.run(publish(mine, topic(other)))


def test_a_certificate_of_another_authority_ends_the_whole_run_with_one_sentence(
    lines: list[Line], tmp_path: Path
) -> None:
    Authority(tmp_path).issue(lines[7].client_id)
    stranger = lines_in(tmp_path, lines[0].port, 8)[7]
    lines[7] = replace(stranger, ca=lines[0].ca)
    pulse = Pulse()
    run = run_fleet(
        site(MACHINES),
        {line.client_id: line for line in lines},
        start=1_791_968_400,
        duration_s=60,
        speed=60,
        seed=1,
        pulse=pulse,
    )
    with pytest.raises(ChantierError, match=f"{stranger.client_id} has no line"):
        asyncio.run(run)
    assert pulse.handed == 0


def test_a_broker_that_starts_again_loses_no_message(folder: Path) -> None:
    async def run() -> None:
        with mosquitto(folder) as first:
            link = Link(lines_in(folder, first.port, 1)[0], pause_s=0.05, tries=8)
            where = topic(lines_in(folder, 0, 1)[0])
            await link.connect()
            await link.publish(where, b"1")
        with mosquitto(folder, port=first.port):
            await link.publish(where, b"2")
            await link.close()

    asyncio.run(run())
