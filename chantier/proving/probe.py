"""The probe: a machine of its own for the time of a run, and what it says.

Its key is made in a folder that goes with the run. What it says passes a limit whose alert
is an information, of which nobody is ever told: OVERSPEED, above 25 km/h for 10 s.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, NamedTuple

from chantier.cloud import Cloud
from chantier.errors import ChantierError
from chantier.identity import key_and_request, write_private
from chantier.site import Site
from chantier.telemetry import Reading, as_dict, encode, format_time, other_name, probe_name
from simulator.papers import Line

CODE = "OVERSPEED"
FAST_KMH, STILL_KMH = 30.0, 0.0
HELD_S = 10
# The readings of a message lie within this; the next message's begin after it.
STEP_S = 20


class Paper(NamedTuple):
    """A certificate that AWS IoT made, and how to reach the broker with it."""

    arn: str
    line: Line


class Message(NamedTuple):
    """One message of the probe.

    Attributes:
        seq: of its newest reading, by which it is found again.
        payload: what is published.
        opens: when the alert opens that it leads to, `2026-11-22T09:14:05Z`; empty for none.
    """

    seq: int
    payload: bytes
    opens: str = ""


class Script:
    """What the probe says, message after message; each begins where the one before ended.

    Args:
        site: whose probe.
        start: epoch seconds of the first reading.
    """

    def __init__(self, site: Site, start: int) -> None:
        self._site = site.name
        self._t = start
        # Not the numbers of another run: raw data and log keep those.
        self._seq = start * 1000

    def opening(self, *, claims: bool = False) -> Message:
        """Closes the alert before, and opens one; `claims` to be another machine in its text."""
        t = self._step()
        readings = (
            self._reading(t, STILL_KMH),
            self._reading(t + 1, FAST_KMH),
            self._reading(t + 1 + HELD_S, FAST_KMH),
        )
        payload = encode(readings)
        if claims:
            body: dict[str, Any] = {**json.loads(payload), "machine": other_name(self._site)}
            payload = json.dumps(body).encode()
        return Message(self._seq, payload, format_time(t + 1 + HELD_S))

    def closing(self) -> Message:
        """Closes the alert before."""
        return Message(self._seq + 1, encode((self._reading(self._step(), STILL_KMH),)))

    def broken(self) -> Message:
        """A reading without its time: nothing of it can be judged."""
        said = as_dict(self._reading(self._step(), FAST_KMH))
        del said["t"]
        return Message(self._seq, json.dumps({"v": 1, "readings": [said]}).encode())

    def _reading(self, t: int, speed: float) -> Reading:
        self._seq += 1
        return Reading(t=t, seq=self._seq, eng=True, spd_kmh=speed)

    def _step(self) -> int:
        self._t += STEP_S
        return self._t


def announce(cloud: Cloud, site: Site, *, until: int) -> None:
    """Make the probe's thing, which also keeps a second run of the site out.

    Args:
        cloud: where the site is deployed.
        site: the site.
        until: epoch seconds when this run is over at the latest.
    """
    said = {"site": site.name, "until": format_time(until)}
    cloud.client("iot").create_thing(
        thingName=probe_name(site.name), attributePayload={"attributes": said}
    )


def refuse_company(cloud: Cloud, site: Site) -> None:
    """Whether another run is under way, or the probe's name is taken.

    Raises:
        ChantierError: it is.
    """
    client, name = cloud.client("iot"), probe_name(site.name)
    try:
        said = client.describe_thing(thingName=name).get("attributes", {})
    except client.exceptions.ResourceNotFoundException:
        return
    if said.get("site") != site.name:
        raise ChantierError(
            f"The thing {name} of this account is not the probe of {site.name}.",
            f"See whose it is: aws iot describe-thing --thing-name {name}",
        )
    if said.get("until", "") > format_time(int(time.time())):
        raise ChantierError(
            f"Another chantier prove of {site.name} is under way.",
            f"Wait for it; one that was killed is cleaned up after {said['until']} by the next. "
            f"Sooner: aws iot update-thing --thing-name {name} "
            f"--attribute-payload attributes={{site={site.name}}}",
        )


def certify(cloud: Cloud, site: Site, folder: Path, stem: str, *, policy: str = "") -> Paper:
    """A new key here, and a certificate for it from AWS IoT, of the probe's thing.

    Args:
        cloud: where the site is deployed.
        site: the site.
        folder: where the files go; it must be private.
        stem: of the files' names.
        policy: IoT policy that is attached; empty for none.
    """
    client, name = cloud.client("iot"), probe_name(site.name)
    key, request = key_and_request(name)
    made = client.create_certificate_from_csr(certificateSigningRequest=request, setAsActive=False)
    arn = str(made["certificateArn"])
    # It opens the door only once whoever cleans up finds it, by the thing.
    client.attach_thing_principal(thingName=name, principal=arn)
    if policy:
        client.attach_policy(policyName=policy, target=arn)
    client.update_certificate(certificateId=arn.rpartition("/")[2], newStatus="ACTIVE")
    return Paper(arn, line_of(cloud, site, folder, stem, key, made["certificatePem"].encode()))


def line_of(  # noqa: PLR0913, PLR0917 - what a line is made of
    cloud: Cloud, site: Site, folder: Path, stem: str, key: bytes, certificate: bytes
) -> Line:
    """How to reach the broker as the probe, with a key and a certificate."""
    broker = cloud.broker()
    files = folder / f"{stem}.key", folder / f"{stem}.pem"
    for path, text in zip(files, (key, certificate), strict=True):
        write_private(path, text)
    return Line(
        host=broker.host,
        port=broker.port,
        ca=broker.ca,
        certificate=files[1],
        key=files[0],
        client_id=probe_name(site.name),
    )
