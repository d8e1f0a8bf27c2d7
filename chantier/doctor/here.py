"""This computer: Python, packages, open files, and the identities of the machines."""

from __future__ import annotations

import os
import platform
import resource
import stat
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from cryptography import x509

from chantier.doctor.finding import FAULT, GOOD, SKIPPED, WARNING, Finding
from chantier.identity import CERTIFICATE_FILE, KEY_FILE
from chantier.site import Site

OLDEST_PYTHON = (3, 11)
PACKAGES = ("boto3", "botocore", "cfn-lint", "troposphere", "awacs", "mqtt5", "cryptography")
# So long before its end a certificate is told of.
SOON_DAYS = 30
# A socket a machine, and the rest of the process.
_FILES_BESIDE = 256
_SHOWN = 6


def python() -> Finding:
    """The interpreter."""
    text = f"{platform.python_version()} on {platform.system()}"
    if sys.version_info < OLDEST_PYTHON:
        return Finding("python", FAULT, text, "Install Python 3.11 or newer, then: make setup")
    if platform.system() == "Windows":
        return Finding("python", WARNING, text, "The embedded AWS needs Linux: use WSL for it.")
    return Finding("python", GOOD, text)


def packages() -> Finding:
    """What it was installed with."""
    found, missing = [], []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return Finding("packages", FAULT, f"missing: {', '.join(missing)}", "make setup")
    return Finding("packages", GOOD, ", ".join(found))


def open_files(site: Site) -> Finding:
    """Whether one process may hold all machines of the site."""
    needed = len(site.machines) + _FILES_BESIDE
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        fix = f"To simulate them all: ulimit -Hn {needed}"
        return Finding("open files", WARNING, f"{hard}, {needed} needed", fix)
    return Finding("open files", GOOD, f"{needed} needed, {hard} allowed")


def identities(site: Site, folder: Path) -> Iterator[Finding]:
    """Keys that nobody else may read, certificates that are not about to end."""
    machines = [one.id for one in site.machines if (folder / one.id).is_dir()]
    if not machines:
        text = f"no machine has one in {folder}"
        yield Finding("identities", SKIPPED, text, "Make them: chantier machine add --all")
        return
    yield _keys(folder, machines)
    yield _certificates(folder, machines)


def _keys(folder: Path, machines: list[str]) -> Finding:
    open_ones = [
        path
        for one in machines
        if (path := folder / one / KEY_FILE).is_file()
        and stat.S_IMODE(path.stat().st_mode) & 0o077
    ]
    if open_ones:
        text = f"{len(open_ones)} can be read by others: {_some([str(p) for p in open_ones])}"
        return Finding("private keys", FAULT, text, f"chmod 600 {open_ones[0]}")
    return Finding("private keys", GOOD, f"{len(machines)}, for you alone (mode 0600)")


def _certificates(folder: Path, machines: list[str]) -> Finding:
    now, ends, broken = datetime.now(UTC), {}, []
    for one in machines:
        try:
            pem = (folder / one / CERTIFICATE_FILE).read_bytes()
            ends[one] = x509.load_pem_x509_certificate(pem).not_valid_after_utc
        except (OSError, ValueError):
            broken.append(one)
    over = sorted(one for one, end in ends.items() if end <= now)
    soon = sorted(one for one, end in ends.items() if 0 < (end - now).days < SOON_DAYS)
    if broken or over:
        text = f"not readable: {_some(broken)}" if broken else f"run out: {_some(over)}"
        return Finding("certificates", FAULT, text, f"chantier machine add {(broken or over)[0]}")
    if soon:
        text = f"end within {SOON_DAYS} days: {_some(soon)}"
        return Finding("certificates", WARNING, text, f"chantier machine rotate {soon[0]}")
    first = min(ends.values())
    return Finding("certificates", GOOD, f"{len(ends)}, the first ends {first:%Y-%m-%d}")


def local_room(home: Path) -> Finding:
    """Room for the embedded AWS's data."""
    at = next(one for one in (home, *home.parents) if one.exists())
    free = os.statvfs(at)
    megabytes = free.f_bavail * free.f_frsize // 2**20
    if megabytes < 500:  # noqa: PLR2004 - a day's demo takes some tens
        return Finding("disk", WARNING, f"{megabytes} MB free at {at}", "Make room there.")
    return Finding("disk", GOOD, f"{megabytes:,} MB free")


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
