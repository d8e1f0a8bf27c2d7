"""One site file in, a running connected construction site on AWS out.

    from chantier import Site, build, render

    site = Site.load("chantier.toml")
    template = build(site)  # a troposphere Template: add what is yours
    print(render(template))

The three are imported when they are first asked for: the command line, which
starts here too, needs none of them to answer `--help`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chantier.site import Site
    from chantier.template import build, render

__all__ = ["Site", "build", "render"]

_HOMES = {"Site": "chantier.site", "build": "chantier.template", "render": "chantier.template"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'chantier' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
