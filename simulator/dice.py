"""Chance that can be repeated: the same words give the same throws.

No other module makes a generator of its own, and nothing here is a secret.
"""

from __future__ import annotations

from random import Random


def dice(*words: object) -> Random:
    """A generator of its own for what `words` name, for example a seed, a machine and a day."""
    return Random("/".join(map(str, words)))  # noqa: S311 - a simulation must be repeatable


def near(throw: Random, mean: float, spread: float, low: float, high: float) -> float:
    """A value near `mean` (normal, standard deviation `spread`), never outside [low, high]."""
    return min(max(throw.gauss(mean, spread), low), high)
