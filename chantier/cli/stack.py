"""chantier deploy: the template to a running site."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chantier.cli.options import claim, cloud_for, json_option, load, local_option, site_option
from chantier.cli.show import answer, fold, say

if TYPE_CHECKING:
    from chantier.cli.deployment import Deployment, Order
    from chantier.cli.price import Price
    from chantier.cloud import Cloud
    from chantier.site import Site
    from chantier.stack import Deployed, Plan


@click.command()
@site_option
@local_option
@json_option
@click.option(
    "--parameter",
    "-p",
    "given",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set a parameter of the template; may be repeated. The others keep their value.",
)
@click.option("--yes", "-y", is_flag=True, help="Ask nothing.")
@click.option(
    "--plan", "plan_only", is_flag=True, help="Show what would change, and change nothing."
)
@click.option(
    "--console", is_flag=True, help="Print a link that creates the stack in the AWS console."
)
def deploy(site_path: Path, given: tuple[str, ...], **asked: Any) -> None:
    """Create or update the site's stack, through a change set.

    The template is checked and priced, the changes are shown and asked about, then they are
    carried out. Exits with 0 when done or when there is nothing to change, with 3 when the stack
    ended badly. --plan exits with 0 whether or not there are changes: see `changed` of --json.
    """
    from chantier.cli.deployment import Order

    if asked["console"] and asked["local"]:
        raise click.UsageError("--console is of an account: not with --local.")
    order = Order(site_path, _pairs(given), asked["local"], asked["yes"], asked["plan_only"])
    site = load(site_path)
    cloud = cloud_for(site_path, site, local=order.local)
    deployment, price = _prepared(order, cloud, site)
    if asked["console"]:
        print_link(deployment)
        return
    _run(deployment, price, as_json=asked["as_json"])


def _prepared(order: Order, cloud: Cloud, site: Site) -> tuple[Deployment, Price]:
    """Rendered, linted and priced; the price is told."""
    from chantier.cli.deployment import Deployment, checked, region_note
    from chantier.cli.price import price_of
    from chantier.declared import check, declared

    parameters = dict(order.given)
    if not order.local:
        region_note(site)
    body = checked(site)
    check(parameters, declared(body))
    if order.local:
        from chantier.local import without_lacking

        parameters |= without_lacking(body, say, given=parameters)
    price = price_of(site, parameters, local=order.local)
    say(fold(price.line))
    return Deployment(order, cloud, site, body, parameters), price


def _run(deployment: Deployment, price: Price, *, as_json: bool) -> None:
    """Plan, and carry it out unless only the plan was asked for."""
    from chantier.errors import StackError

    try:
        made = deployment.plan()
        if deployment.order.plan_only:
            _show_plan(deployment, made, price, as_json=as_json)
            return
        done = _done(deployment, made)
    except StackError as error:
        _failed(deployment, error, as_json=as_json)
        raise click.exceptions.Exit(3) from error
    if deployment.order.local:
        _warm(deployment, done)
    if as_json:
        answer(_as_data(deployment, made, price) | done._asdict())
    else:
        _show(deployment, done)


def _done(deployment: Deployment, made: Plan) -> Deployed:
    from chantier.stack import unchanged

    if not made.change_set:
        say("Nothing to change.")
        return unchanged(deployment.cloud, deployment.site.name)
    deployment.shown(made, err=True)
    return deployment.carry_out(made)


def _show_plan(deployment: Deployment, made: Plan, price: Price, *, as_json: bool) -> None:
    """The plan as the answer; nothing of it stays in the account."""
    from chantier.stack import discard

    discard(deployment.cloud, made)
    if as_json:
        answer(_as_data(deployment, made, price))
    elif made.change_set:
        deployment.shown(made, err=False)
        say(f"Nothing was changed. To do it: {deployment.order.command()}")
    else:
        say("Nothing to change.")


def _failed(deployment: Deployment, error: Any, *, as_json: bool) -> None:
    from chantier.cli.failing import as_data, show
    from chantier.stack import stack_name

    site, path, names = deployment.site, deployment.order.site_path, deployment.names
    show(error, names, site=site, site_path=path)
    if as_json:
        told = as_data(error, names, site=site, site_path=path)
        answer({"stack": stack_name(site.name), **told, "outputs": {}})


def _as_data(deployment: Deployment, made: Plan, price: Price) -> dict[str, Any]:
    from chantier.cli.plan import as_data

    return {
        "stack": made.stack,
        "changed": bool(made.change_set),
        "plan": as_data(made),
        "month_usd": price.usd,
        "month_free_usd": price.free_usd,
        "seconds": round(deployment.seconds, 1),
    }


def _warm(deployment: Deployment, done: Deployed) -> None:
    """What a laptop needs before the first burst of messages."""
    from chantier.local import WORKERS, warm

    claim(deployment.order.site_path)
    warm(deployment.cloud, done.outputs["DetectFunctionName"], workers=WORKERS)


def _show(deployment: Deployment, done: Deployed) -> None:
    took = f" after {deployment.seconds:.1f} s" if done.changed else ""
    say(f"{done.stack}: {done.status}{took}.")
    for name, value in done.outputs.items():
        click.echo(f"{name} = {value}")
    tail = deployment.order.command().removeprefix("chantier deploy").split(" -p ", 1)[0]
    if done.status == "CREATE_COMPLETE":
        say(f"Next: chantier machine add --all{tail}, then chantier simulate{tail}")
    else:
        say(f"Next: chantier alerts{tail}")


def print_link(deployment: Deployment) -> None:
    """Put the template in the staging bucket; print the console's page that takes it."""
    from urllib.parse import quote, urlencode

    from chantier.stack import stack_name
    from chantier.staging import staged

    region, name = deployment.cloud.region, stack_name(deployment.site.name)
    url = staged(deployment.cloud, deployment.body, site=deployment.site.name)
    values = {f"param_{name}": value for name, value in deployment.parameters.items()}
    query = urlencode({"templateURL": url, "stackName": name, **values}, quote_via=quote)
    click.echo(
        f"https://console.aws.amazon.com/cloudformation/home?region={region}"
        f"#/stacks/create/review?{query}"
    )
    say("It creates the stack; to change one, chantier deploy. The link works for 30 days.")


def _pairs(given: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not (name and equals):
            raise click.BadParameter(f"{one!r}: write NAME=VALUE.", param_hint="--parameter")
        pairs[name] = value
    return pairs
