"""Where a resource comes from: the module that writes it, and the line of the site file.

Nothing in a template tells which module wrote a resource. When one has failed the template is
built again, and who makes each object is looked at: a third of a second, only then.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from troposphere import BaseAWSObject

PACKAGE = Path(__file__).parents[1]
FOLDER = str(PACKAGE / "resources")
MADE = BaseAWSObject.__init__.__code__
SITE_LINE = re.compile(r'^\s*(id|name|region)\s*=\s*"([^"]+)"')
# A machine says more than a zone or the site, and these more than the region.
SUREST = ("id", "name", "region")
ARN = re.compile(r"arn:\S+")


class Origin(NamedTuple):
    """A place in a file.

    Attributes:
        file: path, in the project or as the caller gave it.
        line: from 1.
        what: the name that stands there.
    """

    file: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def modules(build: Callable[[], object]) -> dict[str, Origin]:
    """The place in `chantier/resources/` that makes each resource, by logical id.

    Args:
        build: builds the template; what it returns is not looked at.
    """
    found: dict[str, Origin] = {}

    def look(frame: FrameType, event: str, _argument: Any) -> None:
        if event != "call" or frame.f_code is not MADE:
            return
        title, place = frame.f_locals.get("title"), _concern(frame)
        if title and place:
            found[title] = Origin(*place, title)

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        build()
    finally:
        sys.setprofile(before)
    return found


def _concern(frame: FrameType | None) -> tuple[str, int] | None:
    """The outermost of our builders: it calls helpers that make parts of many concerns."""
    place = None
    while frame := frame.f_back if frame else None:
        name = frame.f_code.co_filename
        if name.startswith(FOLDER):
            place = Path(name).relative_to(PACKAGE.parent).as_posix(), frame.f_lineno
    return place


def site_line(text: str, *, file: str, about: Iterable[str]) -> Origin | None:
    """The line of a site file that names a machine, a zone, the site or its region.

    Args:
        text: of the site file.
        file: what it is called.
        about: texts that may hold such a name, the surest first.
    """
    lines = [
        (SUREST.index(found[1]), -len(found[2]), found[2], number)
        for number, line in enumerate(text.splitlines(), 1)
        if (found := SITE_LINE.match(line))
    ]
    for said in about:
        # Every ARN has the region, and many the site.
        bare = ARN.sub("", said)
        for _, _, name, number in sorted(lines):
            if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", bare):
                return Origin(file, number, name)
    return None
