"""A deployed site on the embedded AWS: one for the whole session, with real certificates."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from chantier.alerts import read_alerts
from chantier.cloud import Cloud
from chantier.identity import Identity, enrol
from chantier.local import down, up, warm, without_lacking
from chantier.raw import Quarantined, quarantine, raw_objects
from chantier.records import Alert
from chantier.sending import lines_of
from chantier.site import EXAMPLE, Machine, Site
from chantier.stack import deploy
from chantier.telemetry import ingest_topic
from chantier.template import build, render
from simulator.link import Link

PATIENCE_S = 20.0
T = TypeVar("T")


@dataclass(frozen=True)
class Deployed:
    """A site that runs, and what tests do with it."""

    site: Site
    cloud: Cloud
    home: Path
    outputs: dict[str, str]

    def machine(self, machine_id: str) -> Machine:
        return next(machine for machine in self.site.machines if machine.id == machine_id)

    def enrol(self, machine_id: str) -> Identity:
        return enrol(
            self.cloud,
            self.site,
            self.machine(machine_id),
            outputs=self.outputs,
            home=self.home,
        )

    def publish(self, machine_id: str, *payloads: bytes, topic: str = "") -> None:
        """Publish as a machine, over mTLS with its own certificate."""
        line = lines_of(self.cloud, [self.enrol(machine_id)])[machine_id]

        async def send() -> None:
            async with Link(line, tries=1) as link:
                for payload in payloads:
                    await link.publish(topic or ingest_topic(self.site.name, machine_id), payload)

        asyncio.run(send())

    def send(self, machine_id: str, *readings: dict[str, Any]) -> None:
        """Publish a well-formed message."""
        body = {"v": 1, "readings": list(readings)}
        self.publish(machine_id, json.dumps(body).encode())

    def invoke(self, event: Any) -> dict[str, Any]:
        """Call the detect function as the rule does, and wait for its answer."""
        answer = self.cloud.client("lambda").invoke(
            FunctionName=self.outputs["DetectFunctionName"], Payload=json.dumps(event).encode()
        )
        said = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, said
        return dict(said)

    def alerts(self, *machine_ids: str, only_open: bool = False) -> list[Alert]:
        found = read_alerts(
            self.cloud,
            self.outputs["AlertsTableName"],
            site=self.site.name,
            only_open=only_open,
        )
        return [alert for alert in found if not machine_ids or alert.machine in machine_ids]

    def raw(self) -> list[dict[str, Any]]:
        objects = raw_objects(self.cloud, self.outputs["DataBucketName"])
        return [message for one in objects for message in one.messages]

    def quarantine(self) -> list[Quarantined]:
        return quarantine(self.cloud, self.outputs["DataBucketName"])


def until(read: Callable[[], T], done: Callable[[T], bool]) -> T:
    """Read again and again until it is as it should be; the last reading in any case."""
    end = time.monotonic() + PATIENCE_S
    while not done(found := read()) and time.monotonic() < end:
        time.sleep(0.1)
    return found


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project folder whose local AWS runs."""
    folder = tmp_path_factory.mktemp("project")
    yield folder
    down(folder / ".chantier" / "local", wipe=True)


@pytest.fixture(scope="session")
def cloud(project: Path) -> Cloud:
    """The embedded AWS."""
    return up(project / ".chantier" / "local", region="eu-west-3", say=lambda _line: None)


def example_site(name: str, prefix: str) -> Site:
    """The example site under another name, with machines of its own: things share one account."""
    said = Site.load(EXAMPLE).model_dump(by_alias=True)
    said["site"]["name"] = name
    for machine in said["machines"]:
        machine["id"] = prefix + machine["id"]
    return Site.model_validate(said)


def deploy_site(cloud: Cloud, site: Site, project: Path, *, things: bool = True) -> Deployed:
    """Deploy a site with a raw buffer of one second, warm.

    Without `things` for a site whose machines another one's things bear the names of.
    """
    template = build(site)
    if not things:
        for name, resource in list(template.resources.items()):
            if resource.resource_type == "AWS::IoT::Thing":
                del template.resources[name]
    body = render(template)
    done = deploy(
        cloud,
        body,
        site=site.name,
        parameters={"RawBufferSeconds": "1", **without_lacking(body, lambda _line: None)},
        say=lambda _line: None,
    )
    warm(cloud, done.outputs["DetectFunctionName"], workers=4)
    return Deployed(site, cloud, project / ".chantier", done.outputs)


@pytest.fixture(scope="session")
def deployed(cloud: Cloud, project: Path) -> Deployed:
    """The example site, deployed."""
    return deploy_site(cloud, Site.load(EXAMPLE), project)
