"""Whether this computer lets one process hold so many connections.

Its only business is the limit of open files.
"""

from __future__ import annotations

import resource

from chantier.errors import ChantierError

# A socket, and the pair that paho wakes itself with; the rest of the process beside.
_FILES_A_SESSION, _FILES_BESIDE = 3, 256


def make_room(sessions: int) -> None:
    """Raise the soft limit of open files as far as so many sessions need.

    Raises:
        ChantierError: the hard limit is too low for them.
    """
    needed = sessions * _FILES_A_SESSION + _FILES_BESIDE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise ChantierError(
            f"{sessions} machines need {needed} open files, this computer allows {hard}.",
            f"Raise the limit (ulimit -Hn {needed}), or simulate fewer machines at once.",
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
