"""Which ministack we know: the launcher uses private names, so one version only."""

from __future__ import annotations

from collections.abc import Callable
from importlib import metadata

from chantier.errors import LocalError

KNOWN = "1.5.33"
"""The version that this room was written and tested against."""

_INSTALL = "pip install 'chantier[local]'"


def check(version_of: Callable[[str], str] = metadata.version) -> None:
    """Check that the embedded AWS is installed, in the version we know.

    Args:
        version_of: answers the version of an installed distribution.

    Raises:
        LocalError: it is not.
    """
    try:
        found = version_of("ministack")
    except metadata.PackageNotFoundError:
        raise LocalError("The local AWS (ministack) is not installed.", hint=_INSTALL) from None
    if found != KNOWN:
        raise LocalError(
            f"ministack {found} is installed; this version of chantier works with {KNOWN} only.",
            hint=_INSTALL,
        )
