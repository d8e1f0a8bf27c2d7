"""Reporting: hours, fuel and cost of each machine, every hour."""

from __future__ import annotations

from typing import NamedTuple

from troposphere import Output, Ref, Template
from troposphere.awslambda import Function
from troposphere.logs import LogGroup

from chantier.resources import aggregate, functions
from chantier.sections.core import Core
from chantier.site import Site

SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "7. Reporting: hours, fuel and cost of each machine, every hour",
        (
            "Aggregate",
            "AggregateRole",
            "AggregateLog",
            "AggregateOnFailure",
            "AggregateSchedule",
            "AggregateScheduleRole",
            "FuelPrice",
        ),
    ),
)


class Reporting(NamedTuple):
    """What the other sections build on."""

    function: Function
    log: LogGroup


def add(template: Template, site: Site, core: Core) -> Reporting:
    """Put what counts hours, fuel and cost in a template; a price where the site has rates."""
    bucket, table, queue = core.bucket, core.table, core.dead_letters
    price = site.rates and aggregate.fuel_price(site, site.rates)
    log = functions.log_group(site, aggregate.NAME)
    role = aggregate.aggregate_role(site, bucket=bucket, table=table, queue=queue, log=log)
    function = aggregate.aggregate_function(
        site, role=role, bucket=bucket, table=table, price=price, log=log
    )
    caller = aggregate.schedule_role(function, queue)
    schedule = aggregate.schedule(site, function=function, role=caller, queue=queue)
    template.add_resource([function, role, log, functions.on_failure(function, queue)])
    template.add_resource([schedule, caller])
    outputs = [("AggregateFunctionName", "Counts hours, fuel and cost", Ref(function))]
    if price:
        template.add_resource(price)
        outputs.append(("FuelPriceName", "SSM parameter: the price of fuel", Ref(price)))
    for name, description, value in outputs:
        template.add_output(Output(name, Description=description, Value=value))
    return Reporting(function, log)
