"""Whether this computer lets one process hold so many connections.

Its only business is what each connection takes of the limits of a process.
"""

from __future__ import annotations

import asyncio.sslproto
import resource

from chantier.errors import ChantierError

# A session is a socket; the rest of the process beside.
_FILES_BESIDE = 256
TLS_BUFFER = 16 * 1024
"""Bytes that asyncio sets aside for a TLS connection: 256 KiB otherwise, for each machine."""


def make_room(sessions: int) -> None:
    """Raise the soft limit of open files as far as so many sessions need, and keep them lean.

    Raises:
        ChantierError: the hard limit is too low for them.
    """
    asyncio.sslproto.SSLProtocol.max_size = TLS_BUFFER
    needed = sessions + _FILES_BESIDE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise ChantierError(
            f"{sessions} machines need {needed} open files, this computer allows {hard}.",
            f"Raise the limit (ulimit -Hn {needed}), or simulate fewer machines at once.",
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
