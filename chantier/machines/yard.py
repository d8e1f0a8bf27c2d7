"""What every command about machines needs: the site, its cloud, and clients that threads share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from chantier.cloud import Broker, Cloud
from chantier.identity import folder
from chantier.machines.cutting import data_plane
from chantier.pacing import paced
from chantier.site import Site


@dataclass(frozen=True)
class Yard:
    """A deployed site's machines.

    Attributes:
        cloud: where the site is deployed.
        site: the site.
        home: the project's `.chantier` folder.
        outputs: of the deployed stack.
    """

    cloud: Cloud
    site: Site
    home: Path
    outputs: Mapping[str, str]

    @cached_property
    def iot(self) -> Any:
        """A client of AWS IoT that keeps below its quotas."""
        return paced(self.cloud.client("iot"))

    @cached_property
    def data(self) -> Any:
        """A client of its data plane."""
        return data_plane(self.cloud)

    @cached_property
    def broker(self) -> Broker:
        """The MQTT endpoint."""
        return self.cloud.broker()

    @property
    def policy(self) -> str:
        """Name of the policy of every machine."""
        return self.outputs["MachinePolicyName"]

    def papers(self, machine: str) -> Path:
        """The folder of a machine's key and certificate on this computer."""
        return folder(self.home, self.cloud, self.site.name) / machine
