"""Where a run proves what is promised: the deployed site, and the patience for each hop."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from chantier.cloud import Cloud
from chantier.telemetry import probe_name

T = TypeVar("T")
Tick = Callable[[str], None]

POLL_S = 0.2


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A deployed site.

    Attributes:
        cloud: where.
        site: its name.
        outputs: of its stack.
        patience_s: how long a hop may take.
        tick: receives what is waited for.
    """

    cloud: Cloud
    site: str
    outputs: Mapping[str, str]
    patience_s: float
    tick: Tick
    _clients: dict[str, Any] = field(default_factory=dict)

    @property
    def probe(self) -> str:
        """Who speaks."""
        return probe_name(self.site)

    @property
    def command(self) -> str:
        """What stands behind a command for this cloud."""
        return " --local" if self.cloud.name == "local" else ""

    def client(self, service: str) -> Any:
        """A boto3 client, the same each time."""
        if service not in self._clients:
            self._clients[service] = self.cloud.client(service)
        return self._clients[service]

    def until(
        self,
        what: str,
        read: Callable[[], T | None],
        *,
        poll_s: float = POLL_S,
        patience_s: float | None = None,
    ) -> T | None:
        """What is read, as soon as it is something; None if it never was."""
        began = time.monotonic()
        patience = self.patience_s if patience_s is None else patience_s
        while not (found := read()) and time.monotonic() - began < patience:
            self.tick(f"waiting for {what}: {time.monotonic() - began:.0f} s")
            time.sleep(poll_s)
        return found or None
