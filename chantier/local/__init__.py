"""The embedded AWS on this computer: start it, find it, stop it, fill its gaps.

    up      start it, or find it running          -> Cloud
    cloud   the one that runs                     -> Cloud
    status  whether one runs, and where           -> Status
    down    stop it, with all its processes
    warm    make a function's processes beforehand
    NOT_KEPT  settings that it takes and does not keep
    without_lacking  parameters that keep out of a stack what it lacks

It listens on loopback only, in HTTPS and mutual TLS, with a certificate of its
own. `server` and what it imports run in the child process and are the only
modules that know ministack; `gap` is deleted the day ministack needs it not.
"""

from chantier.local.control import WORKERS, Status, cloud, down, status, up
from chantier.local.lacking import NOT_KEPT, without_lacking
from chantier.local.warming import warm

__all__ = [
    "NOT_KEPT",
    "WORKERS",
    "Status",
    "cloud",
    "down",
    "status",
    "up",
    "warm",
    "without_lacking",
]
