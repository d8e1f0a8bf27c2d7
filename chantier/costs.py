"""What a site costs a month: every meter, its quantity, its price, and what of it is free.

Nothing asks AWS, and taxes are not in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from chantier.prices import meter
from chantier.usage import GB, HOURS_A_MONTH, MB, MESSAGE_BYTES, MESSAGES_A_BATCH, Use, quantities

Regime = Literal["always-free", "new-account", "none"]

# Accounts opened since 2025-07-15: up to 200 USD of credits in the first six months.
CREDITS_USD, CREDIT_MONTHS = 200.0, 6
# One shard of Kinesis takes a thousand records or 1 MB a second.
SHARD_RECORDS, SHARD_BYTES = 1_000, MB
WHY = (
    "a fleet's queue keeps what the function cannot take yet and bounds how many run at once; "
    "a starter's rule calls it directly, which is cheaper."
)


class Line(NamedTuple):
    """One meter of the bill.

    Attributes:
        service: AWS service.
        meter: what is counted.
        quantity: units a month.
        free: those of them that are free.
        price: USD for `per` units.
        per: units that the price is for.
        usd: a month.
        verified: whether the price was found in a source for this region.
    """

    service: str
    meter: str
    quantity: float
    free: float
    price: float
    per: int
    usd: float
    verified: bool


class Bill(NamedTuple):
    """A month of a site.

    Attributes:
        use: what it is for.
        regime: what is free.
        lines: the meters, by service.
    """

    use: Use
    regime: Regime
    lines: tuple[Line, ...]

    @property
    def metered(self) -> float:
        """USD a month, before credits."""
        return sum(line.usd for line in self.lines)

    @property
    def credits(self) -> float:
        """USD a month that a new account's credits pay, on average over its first six months."""
        if self.regime != "new-account":
            return 0.0
        return min(self.metered, CREDITS_USD / CREDIT_MONTHS)

    @property
    def usd(self) -> float:
        """What is to be paid a month."""
        return self.metered - self.credits

    @property
    def services(self) -> dict[str, float]:
        """USD a month of each service, the dearest first."""
        found: dict[str, float] = {}
        for line in self.lines:
            found[line.service] = found.get(line.service, 0.0) + line.usd
        return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))


def bill(use: Use, *, regime: Regime = "always-free") -> Bill:
    """A month's bill; quantities that are nothing are left out."""
    lines = [
        _line(name, quantity, use.region, regime)
        for name, quantity in quantities(use).items()
        if quantity
    ]
    return Bill(use, regime, tuple(lines))


def _line(name: str, quantity: float, region: str, regime: Regime) -> Line:
    found = meter(name, region)
    free = 0.0 if regime == "none" else min(quantity, found.free)
    usd = (quantity - free) / found.per * found.usd
    return Line(
        found.service, found.name, quantity, free, found.usd, found.per, usd, found.verified
    )


def queue_prices(use: Use) -> dict[str, float]:
    """USD a month of what may stand before detection: the queue, or a stream instead of it.

    Keys: `sqs` as assumed, `sqs_full` with ten messages a batch, `sqs_single` with one,
    `kinesis` polled once a second, `kinesis_fan_out` pushed within 70 ms (AWS's figure).
    """
    messages, seconds = use.messages, (use.hours or 1) * 3600
    size = messages * MESSAGE_BYTES
    shards = max(1, -(-messages // (seconds * SHARD_RECORDS)), -(-size // (seconds * SHARD_BYTES)))
    units = {"kinesis_shard_h": shards * HOURS_A_MONTH, "kinesis_puts": messages}
    pushed = {
        "kinesis_fan_out_h": shards * HOURS_A_MONTH,
        "kinesis_fan_out_gb": size / GB,
    }
    return {
        **{
            name: _usd({"sqs": messages * (1 + 2 / batch)}, use.region)
            for name, batch in (("sqs", MESSAGES_A_BATCH), ("sqs_full", 10), ("sqs_single", 1))
        },
        "kinesis": _usd(units, use.region),
        "kinesis_fan_out": _usd({**units, **pushed}, use.region),
    }


def _usd(units: Mapping[str, float], region: str) -> float:
    return sum(_line(name, one, region, "none").usd for name, one in units.items())


def advice(mine: Bill, sizes: Mapping[str, Bill], *, budget: float) -> list[str]:
    """What to know beside the figures.

    Args:
        mine: the bill.
        sizes: the same site's bill in each size.
        budget: the site file's, USD a month.
    """
    use = mine.use
    queued = queue_prices(use)
    both = " ".join(f"{name} {one.metered:,.2f} USD," for name, one in sizes.items())
    said = [f"A month in each size: {both} since {WHY}"]
    if use.size == "fleet":
        said.append(
            f"The queue is {queued['sqs_full']:,.2f} to {queued['sqs_single']:,.2f} USD, by how "
            f"full its batches are; a Kinesis stream would be {queued['kinesis']:,.2f}, or "
            f"{queued['kinesis_fan_out']:,.2f} with enhanced fan-out."
        )
    if mine.credits:
        last = min(CREDIT_MONTHS, CREDITS_USD / mine.metered)
        said.append(
            f"A new account's credits (at most {CREDITS_USD:.0f} USD) pay {last:.1f} months of "
            f"{mine.metered:,.2f} USD; it is that afterwards."
        )
    if unverified := sum(line.usd for line in mine.lines if not line.verified):
        said.append(f"{unverified:,.2f} USD of it are prices not verified for {use.region}.")
    said.append(_against(mine.metered, budget))
    return said


def _against(usd: float, budget: float) -> str:
    """The bill, before credits, against what the site file allows."""
    if usd <= budget:
        return f"The site's budget is {budget:,.2f} USD: {usd / budget:.0%} of it."
    return (
        f"That passes the site's budget of {budget:,.2f} USD; set [budget] monthly_usd = "
        f"{-(-usd // 1):.0f} or more, or send less."
    )
