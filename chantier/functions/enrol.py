"""The enrol function: whether a machine that came with a claim may have a certificate.

AWS IoT calls it before it registers a machine (pre-provisioning hook), waits 5 s, and
refuses the machine when it fails. It prints one JSON line an invocation, with the reason
of a refusal; the machine itself is only told "Access Denied".
"""

from __future__ import annotations

import json
from typing import Any

from chantier.enrolment import CLASS_PARAMETER, MACHINE_PARAMETER, SERIAL_PARAMETER
from chantier.functions.signed import CallFailed, Service

NOT_FOUND = 404
# What a stranger sends is logged no further than this.
SHOWN = 128


class Enrol:
    """The function with its settings; `handle` is the Lambda handler.

    Args:
        settings: `site`, and `classes`: by machine class, the serial number of each
            machine by its id, empty where the site file gives none.
    """

    def __init__(self, settings: dict[str, Any]) -> None:
        self.site = settings["site"]
        self.machines = {
            machine: (kind, serial)
            for kind, machines in settings["classes"].items()
            for machine, serial in machines.items()
        }
        self.iot = Service("iot")

    def handle(self, event: dict[str, Any], _context: object = None) -> dict[str, Any]:
        """One machine that asks to be registered; `parameters` is what it says of itself.

        Raises:
            CallFailed: AWS did not answer, so nobody knows whether the machine is enrolled.
        """
        parameters = event.get("parameters") or {}
        machine = str(parameters.get(MACHINE_PARAMETER, ""))
        said: dict[str, Any] = {
            "machine": machine[:SHOWN],
            "claim": event.get("claimCertificateId"),
            "certificate": event.get("certificateId"),
        }
        try:
            refused = self._refusal(machine, str(parameters.get(SERIAL_PARAMETER, "")))
        except CallFailed as fault:
            print(json.dumps({**said, "allowed": False, "trouble": str(fault)}))
            raise
        said["allowed"] = not refused
        print(json.dumps({**said, "refused": refused} if refused else said))
        if refused:
            return {"allowProvisioning": False}
        kind = self.machines[machine][0]
        return {"allowProvisioning": True, "parameterOverrides": {CLASS_PARAMETER: kind}}

    def _refusal(self, machine: str, serial: str) -> str:
        """Why a machine may not have a certificate; empty when it may."""
        if machine not in self.machines:
            return "the site file names no such machine"
        expected = self.machines[machine][1]
        if expected and serial != expected:
            return "its serial number is not the one of the site file"
        thing = self._iot(f"/things/{machine}")
        if thing is None:
            return ""
        if thing.get("attributes", {}).get("site") != self.site:
            return "its name belongs to another site, or to nobody of ours"
        principals = self._iot(f"/things/{machine}/principals") or {}
        # A claim may be stolen: it must not open the door to who is in already.
        return "it has a certificate already" if principals.get("principals") else ""

    def _iot(self, path: str) -> dict[str, Any] | None:
        """What AWS IoT knows at a path; None when it does not know it."""
        try:
            answer: dict[str, Any] = json.loads(self.iot.call("GET", path, {}, b""))
        except CallFailed as fault:
            if fault.status == NOT_FOUND:
                return None
            raise
        return answer
