"""From a published message to a stored alert and a raw object."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from chantier.raw import raw_objects
from chantier.sending import replay_file
from chantier.telemetry import format_time
from tests.embedded.conftest import Deployed, until

pytestmark = pytest.mark.embedded
START = 1_790_000_000


def hot(second: int, cool_c: float) -> dict[str, object]:
    return {
        "t": format_time(START + second),
        "seq": second,
        "eng": True,
        "rpm": 1650,
        "cool_c": cool_c,
        "lat": 48.713,
        "lon": 2.241,
    }


def test_a_hot_engine_becomes_an_open_alert_with_a_sentence(deployed: Deployed) -> None:
    deployed.send("EX-001", *(hot(second, 90) for second in range(0, 60, 10)))
    deployed.send("EX-001", hot(60, 112), hot(70, 112))
    (alert,) = until(lambda: deployed.alerts("EX-001"), bool)
    assert alert.severity == "critical"
    assert alert.closed_at is None
    assert (alert.value, alert.limit, alert.unit) == (112, 111, "°C")
    assert (alert.lat, alert.lon) == (48.713, 2.241)
    assert alert.sentence == (
        "EX-001 : liquide de refroidissement à 112 °C (limite 111 °C), depuis le 21/09 à 16:14, "
        "zone Plateforme nord. Cesser le travail, laisser refroidir au ralenti, prévenir "
        "l'atelier."
    )


def test_raw_data_has_one_line_a_message_with_machine_site_and_arrival(
    deployed: Deployed,
) -> None:
    reading = {"t": format_time(START), "seq": 777, "rpm": 900, "new_sensor": [1, 2]}
    deployed.publish(
        "EX-002",
        json.dumps({"v": 1, "readings": [reading], "machine": "EX-004", "site": "x"}).encode(),
    )
    (line,) = until(lambda: [m for m in deployed.raw() if m.get("readings") == [reading]], bool)
    assert line["machine"] == "EX-002"
    assert line["site"] == deployed.site.name
    assert line["arrived_at"] > START * 1000


def test_raw_objects_lie_under_their_day_and_hold_several_messages(deployed: Deployed) -> None:
    bodies = [
        json.dumps({"v": 1, "readings": [{"t": format_time(START), "seq": seq}]}).encode()
        for seq in range(1000, 1020)
    ]
    deployed.publish("EX-003", *bodies)

    def mine() -> list[tuple[str, int]]:
        objects = raw_objects(deployed.cloud, deployed.outputs["DataBucketName"])
        counts = [
            (one.key, sum(m["machine"] == "EX-003" for m in one.messages)) for one in objects
        ]
        return [(key, count) for key, count in counts if count]

    found = until(mine, lambda objects: sum(count for _, count in objects) == len(bodies))
    assert sum(count for _, count in found) == len(bodies)
    assert len(found) < len(bodies)
    assert all(re.match(r"raw/dt=\d{4}-\d\d-\d\d/", key) for key, _ in found)


@pytest.mark.parametrize(("machine", "codes"), [("CO-001", []), ("EX-004", ["BATT_LOW"])])
def test_a_real_recording_is_stored_whole_and_judged_by_the_machines_voltage(
    deployed: Deployed, recordings: Path, machine: str, codes: list[str]
) -> None:
    deployed.enrol(machine)
    told = replay_file(
        deployed.cloud,
        deployed.site,
        recordings / "truck_idle.jsonl",
        machine_id=machine,
        home=deployed.home,
        speed=60,
    )
    assert told["readings"] == 128

    def stored() -> int:
        return sum(len(m["readings"]) for m in deployed.raw() if m["machine"] == machine)

    assert until(stored, lambda count: count >= 128) == 128
    found = until(lambda: deployed.alerts(machine), lambda alerts: len(alerts) >= len(codes))
    assert [alert.code for alert in found] == codes


def test_an_empty_event_warms_the_function_and_touches_nothing(deployed: Deployed) -> None:
    before = len(deployed.quarantine())
    assert deployed.invoke({})["warm"] is True
    assert len(deployed.quarantine()) == before
