"""The committed files of templates/, and how a fresh template is compared with them."""

from __future__ import annotations

import base64
import re
import zlib
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "templates"
TEMPLATE = FOLDER / "chantier.yaml"
FLEET = FOLDER / "chantier-fleet.yaml"
MINIMAL = FOLDER / "chantier-minimal.yaml"
FUNCTIONS = FOLDER / "functions"
PACKED = re.compile(r'(?<=PACKED = """\n)[^"]+')


def readable(template: str) -> str:
    """A template with the source in the place of each packed text, whose bytes are zlib's."""
    return PACKED.sub(lambda found: zlib.decompress(base64.b64decode(found[0])).decode(), template)
