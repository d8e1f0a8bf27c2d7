"""A network that fails on demand: which faults there are, and how a person writes them.

    loss=2%,latency=300ms,disconnect=5m/30s,duplicate=1%,reorder=1%,skew=90s

What they do to a message is in `simulator.rough`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches

from chantier.errors import ChantierError

EXAMPLE = "loss=2%,latency=300ms,disconnect=5m/30s,duplicate=1%,reorder=1%,skew=90s"
_FRENCH = {
    "perte": "loss",
    "latence": "latency",
    "coupure": "disconnect",
    "doublon": "duplicate",
    "desordre": "reorder",
    "horloge": "skew",
}
_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_TIME = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)(ms|s|m|h)")
_SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,3})?)%")
_OFF_S = 30.0
_MOST_SHARE = 0.9
_DAY_S = 86_400.0


@dataclass(frozen=True)
class Network:
    """How a network fails; what is 0 does not.

    Attributes:
        loss: share of messages whose packet or acknowledgement is lost.
        latency_s: how much later a message arrives, in the clock's seconds; half to one and a
            half times this.
        disconnect_s: site time between two breaks of a session, on average (exponential).
        off_s: site time that a session then stays off, on average (exponential).
        duplicate: share of messages that are sent twice.
        reorder: share of messages that the next one overtakes.
        skew_s: how wrong a machine's clock is: anything up to this, early or late.
        fixed_skew: every machine's clock is wrong by exactly `skew_s`.
    """

    loss: float = 0.0
    latency_s: float = 0.0
    disconnect_s: float = 0.0
    off_s: float = _OFF_S
    duplicate: float = 0.0
    reorder: float = 0.0
    skew_s: float = 0.0
    fixed_skew: bool = False

    @property
    def fails(self) -> bool:
        """Whether anything does."""
        return self != Network()


_NAMES = ("loss", "latency", "disconnect", "duplicate", "reorder", "skew")


def parse_network(text: str) -> Network:
    """Read `loss=2%,latency=300ms,disconnect=5m/30s,duplicate=1%,reorder=1%,skew=90s`.

    Args:
        text: faults in any order, each once, French names too. `disconnect=5m/30s` breaks a
            session every five minutes for half a minute (the default) on average;
            `skew=90s` gives each machine a clock of its own, up to 90 s early or late,
            `skew=+600s` or `skew=-600s` the same one to all.

    Raises:
        ChantierError: it is of another form, or names what there is not.
    """
    said: dict[str, float | bool] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = part.partition("=")
        known = _FRENCH.get(name.strip().lower(), name.strip().lower())
        if known not in _NAMES or not equals:
            raise _unknown(part, name.strip())
        found = _read(known, value.strip().lower())
        if said.keys() & found.keys():
            raise _wrong(f"{known} stands there twice: {text}")
        said |= found
    if not said:
        raise _wrong("No fault is named")
    return Network(**said)  # type: ignore[arg-type] # _read names each field's own type


def _read(name: str, value: str) -> dict[str, float | bool]:
    match name:
        case "latency":
            return {"latency_s": _seconds(name, value, most=60)}
        case "disconnect":
            every, slash, off = value.partition("/")
            return {
                "disconnect_s": _seconds(name, every, most=_DAY_S),
                "off_s": _seconds(name, off, most=_DAY_S) if slash else _OFF_S,
            }
        case "skew":
            fixed = value[:1] in ("+", "-")
            seconds = _seconds(name, value[fixed:], most=_DAY_S)
            return {"skew_s": -seconds if value[:1] == "-" else seconds, "fixed_skew": fixed}
        case _:
            return {name: _share(name, value)}


def _seconds(name: str, text: str, *, most: float) -> float:
    said = _TIME.fullmatch(text)
    seconds = float(said[1]) * _UNITS_S[said[2]] if said else 0.0
    if not 0 < seconds <= most:
        raise _wrong(f"{name} is {text!r}, expected a time up to {most:g} s, such as 300ms or 5m")
    return seconds


def _share(name: str, text: str) -> float:
    said = _SHARE.fullmatch(text)
    share = float(said[1]) / 100 if said else 0.0
    if not 0 < share <= _MOST_SHARE:
        raise _wrong(f"{name} is {text!r}, expected a share up to {_MOST_SHARE:.0%}, such as 2%")
    return share


def _unknown(part: str, name: str) -> ChantierError:
    near = get_close_matches(name.lower(), (*_NAMES, *_FRENCH), n=1)
    guess = f"; did you mean {near[0]!r}?" if near and near[0] != name else ""
    return _wrong(f"{part!r} is no fault of a network{guess}")


def _wrong(what: str) -> ChantierError:
    return ChantierError(
        f"{what.rstrip('.')}.", f"Faults are {', '.join(_NAMES)}; for example {EXAMPLE}"
    )
