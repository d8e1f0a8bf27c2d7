"""Options that several commands share, and what they stand for."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from chantier.cloud import Cloud
    from chantier.site import Site

Command = TypeVar("Command", bound=Callable[..., Any])

SITE_FILE = "chantier.toml"


class Number(click.FloatRange):
    """A finite number within bounds, these included; NaN is within none."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number that was typed."""
        number: float = super().convert(value, param, ctx)
        if not isfinite(number):
            self.fail(f"{value} is no number to count with.", param, ctx)
        return number


def site_option(command: Command) -> Command:
    """--site: which site file."""
    return click.option(
        "--site",
        "site_path",
        default=SITE_FILE,
        show_default=True,
        type=click.Path(path_type=Path, dir_okay=False),
        help="The site file.",
    )(command)


def size_option(command: Command) -> Command:
    """--size: another size than the site file's."""
    return click.option(
        "--size",
        type=click.Choice(["starter", "fleet"]),
        help="Another size than the site file's: fleet has a queue before detection.",
    )(command)


def local_option(command: Command) -> Command:
    """--local: the embedded AWS instead of an account."""
    return click.option(
        "--local", "local", is_flag=True, help="Use the embedded AWS of this project."
    )(command)


def json_option(command: Command) -> Command:
    """--json: for scripts."""
    return click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")(command)


def load(site_path: Path) -> Site:
    """The site of a file; raises SiteError with every fault."""
    from chantier.site import Site

    return Site.load(site_path)


def sized(site: Site, size: str | None) -> Site:
    """The site in another size; in its own for None."""
    return site if size is None else site.of_size(size)


def home(site_path: Path) -> Path:
    """The project's own folder, beside the site file: identities, local AWS."""
    return site_path.absolute().parent / ".chantier"


def cloud_for(site_path: Path, site: Site, *, local: bool) -> Cloud:
    """Where the site lives: the running embedded AWS, or its region of the account."""
    if local:
        from chantier.local import cloud

        return cloud(local_home(site_path))
    from chantier.cloud import Cloud

    return Cloud(name="aws", region=site.site.region)


def claim(site_path: Path) -> None:
    """From now on the local AWS holds something of the user's, which no demo may wipe."""
    from chantier.identity import DEMO_MARK

    (local_home(site_path) / DEMO_MARK).unlink(missing_ok=True)


def local_home(site_path: Path) -> Path:
    """The embedded AWS's folder."""
    return home(site_path) / "local"
