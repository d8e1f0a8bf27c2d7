"""Options that several commands share, and what they stand for."""

from __future__ import annotations

import os
from collections.abc import Callable
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from chantier.cloud import Cloud
    from chantier.site import Site

Command = TypeVar("Command", bound=Callable[..., Any])

SITE_FILE = "chantier.toml"
# Where a command keeps what it was told about the account, for `load` and `cloud_for`.
PROFILE, REGION = "chantier.profile", "chantier.region"


def nearest(ctx: click.Context, param: click.Parameter, path: Path) -> Path:
    """The site file of this folder, or else of the nearest one above that has one."""
    asked = ctx.get_parameter_source(param.name or "") is not ParameterSource.DEFAULT
    if asked or path.exists():
        return path
    above = (folder / path for folder in Path.cwd().parents)
    found = next((one for one in above if one.is_file()), None)
    return Path(os.path.relpath(found)) if found else path


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
    """--site: which site file; without it the nearest one."""
    return click.option(
        "--site",
        "site_path",
        default=SITE_FILE,
        type=click.Path(path_type=Path, dir_okay=False),
        callback=nearest,
        help=f"The site file; without it the nearest {SITE_FILE} of this folder and those above.",
    )(command)


def own_site_option(command: Command) -> Command:
    """--site for a command that may write it: never one of a folder above."""
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
    """--local: the embedded AWS; or --profile and --region of an account."""
    for name, key, what in (
        ("--region", REGION, "Another AWS region than the site file's."),
        ("--profile", PROFILE, "AWS profile; without it AWS_PROFILE, or the usual credentials."),
    ):
        command = click.option(name, expose_value=False, callback=_keep(key), help=what)(command)
    return click.option(
        "--local", "local", is_flag=True, help="Use the embedded AWS of this project."
    )(command)


def _keep(key: str) -> Callable[[click.Context, click.Parameter, str | None], None]:
    def keep(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
        if value is not None:
            ctx.meta[key] = value

    return keep


def told(key: str) -> str | None:
    """What the command line said of PROFILE or REGION; None for nothing."""
    ctx = click.get_current_context(silent=True)
    value = ctx.meta.get(key) if ctx else None
    return str(value) if value else None


def json_option(command: Command) -> Command:
    """--json: for scripts."""
    return click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")(command)


def load(site_path: Path) -> Site:
    """The site of a file, in --region if that was given; raises SiteError with every fault."""
    from chantier.site import Site

    site, region = Site.load(site_path), told(REGION)
    return placed(site, region) if region else site


def placed(site: Site, region: str) -> Site:
    """The site in another AWS region than its file's."""
    from pydantic import ValidationError

    from chantier.site import Identity

    try:
        identity = Identity.model_validate({**site.site.model_dump(), "region": region})
    except ValidationError:
        raise click.BadParameter(
            f"There is no AWS region {region!r}.", param_hint="--region"
        ) from None
    return site.model_copy(update={"site": identity})


def sized(site: Site, size: str | None) -> Site:
    """The site in another size; in its own for None."""
    return site if size is None else site.of_size(size)


def home(site_path: Path) -> Path:
    """The project's own folder, beside the site file: identities, local AWS."""
    return site_path.absolute().parent / ".chantier"


def cloud_for(site_path: Path, site: Site, *, local: bool) -> Cloud:
    """Where the site lives: the running embedded AWS, or its region of the account."""
    if local:
        if told(PROFILE) or told(REGION):
            raise click.UsageError("--profile and --region are of an account: not with --local.")
        from chantier.local import cloud

        return cloud(local_home(site_path))
    from chantier.cloud import Cloud

    return Cloud(name="aws", region=site.site.region, profile=told(PROFILE))


def claim(site_path: Path) -> None:
    """From now on the local AWS holds something of the user's, which no demo may wipe."""
    from chantier.identity import DEMO_MARK

    (local_home(site_path) / DEMO_MARK).unlink(missing_ok=True)


def local_home(site_path: Path) -> Path:
    """The embedded AWS's folder."""
    return home(site_path) / "local"
