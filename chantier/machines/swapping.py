"""Changing a machine's papers under a machine that runs: all of them at one moment.

Key, certificate and note are three files, and no system replaces three files at once. So
while they change they are symbolic links through one folder's name, `.papers`, and what is
replaced is that one name. Afterwards they are plain files again, as before.

    private.key -> .papers/private.key      .papers -> .old    then    .papers -> .new

Whoever looks at any moment, after a power cut too, finds papers that belong together.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from chantier.identity import ABOUT_FILE, CERTIFICATE_FILE, KEY_FILE, write_private

FILES = (KEY_FILE, CERTIFICATE_FILE, ABOUT_FILE)
NEW, OLD, PAPERS = ".new", ".old", ".papers"


def swap(at: Path) -> None:
    """Put the papers of `.new` in the place of those that lie in a folder."""
    _through_a_name(at)
    _point(at / PAPERS, NEW)


def settle(at: Path) -> None:
    """Make plain files of what `swap` left; nothing to do is as good."""
    for name in FILES:
        path = at / name
        if path.is_symlink():
            write_private(path, path.read_bytes())
    (at / PAPERS).unlink(missing_ok=True)
    for name in (NEW, OLD):
        shutil.rmtree(at / name, ignore_errors=True)


def _through_a_name(at: Path) -> None:
    """The files as links through `.papers`, which leads to copies of what they hold now."""
    if not (at / PAPERS).is_symlink():
        shutil.rmtree(at / OLD, ignore_errors=True)
        for name in FILES:
            write_private(at / OLD / name, (at / name).read_bytes())
        _point(at / PAPERS, OLD)
    for name in FILES:
        if not (at / name).is_symlink():
            _point(at / name, f"{PAPERS}/{name}")


def _point(link: Path, target: str) -> None:
    """Make a name lead somewhere else, without a moment in which it leads nowhere."""
    draft = link.with_name(f".{link.name}.link")
    draft.unlink(missing_ok=True)
    draft.symlink_to(target)
    draft.replace(link)
