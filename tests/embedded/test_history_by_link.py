"""History that the machines send themselves, over MQTT, as fast as the pace allows."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from chantier.backfill import last_days
from chantier.cloud import Cloud
from chantier.errors import ChantierError
from chantier.sending import simulate_site
from chantier.telemetry import format_time
from simulator.pulse import Pulse
from tests.embedded.conftest import Deployed, deploy_site, example_site, until


@pytest.fixture(scope="module")
def deployed(cloud: Cloud, project: Path) -> Deployed:
    site = example_site("history", "HI-")
    return deploy_site(cloud, site.model_copy(update={"machines": site.machines[:2]}), project)


def test_the_truth_is_there_before_anything_is_sent(deployed: Deployed, tmp_path: Path) -> None:
    truth, machine = tmp_path / "truth.jsonl", deployed.site.machines[0].id
    for one in deployed.site.machines:
        deployed.enrol(one.id)
    began = time.time()
    with pytest.raises(ChantierError, match="certificate"):
        simulate_site(
            deployed.cloud,
            deployed.site,
            home=tmp_path / ".chantier",
            minutes=60,
            speed=60.0,
            seed=1,
            scenarios=[f"surchauffe@{machine}+5m"],
            pulse=Pulse(),
            truth=truth,
        )
    assert not truth.exists()
    simulate_site(
        deployed.cloud,
        deployed.site,
        home=deployed.home,
        minutes=30,
        speed=600.0,
        seed=1,
        scenarios=[f"surchauffe@{machine}+5m"],
        pulse=Pulse(),
        truth=truth,
    )
    (told,) = map(json.loads, truth.read_text("utf-8").splitlines())
    assert (told["machine"], told["code"]) == (machine, "COOLANT_HIGH")
    assert truth.stat().st_mtime >= began


def test_a_day_is_sent_stored_whole_and_not_sent_again(deployed: Deployed, tmp_path: Path) -> None:
    site, pulse, truth = deployed.site, Pulse(), tmp_path / "truth.jsonl"
    for machine in site.machines:
        deployed.enrol(machine.id)
    how = {
        "home": deployed.home,
        "minutes": 1,
        "speed": 1.0,
        "seed": 3,
        "scenarios": [],
        "back_days": 1,
        "truth": truth,
        "catch_up_per_s": 100.0,
    }
    start, end = last_days(site, 1)
    said = simulate_site(deployed.cloud, site, pulse=pulse, **how)  # type: ignore[arg-type]
    assert said["sent"] == said["acknowledged"] > 0
    assert truth.read_text("utf-8") == ""

    def readings() -> list[str]:
        return [reading["t"] for message in deployed.raw() for reading in message["readings"]]

    # The other test's run lies days before.
    since = format_time(start)
    told = until(readings, lambda found: sum(t >= since for t in found) >= said["readings"])
    told = [t for t in told if t >= since]
    assert len(told) == said["readings"]
    assert max(told) < format_time(end)
    with pytest.raises(ChantierError, match="was simulated already") as refused:
        simulate_site(deployed.cloud, site, pulse=Pulse(), **how)  # type: ignore[arg-type]
    assert "--out" in refused.value.hint
