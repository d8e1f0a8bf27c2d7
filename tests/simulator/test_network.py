"""How a person writes that a network fails."""

from __future__ import annotations

import pytest

from chantier.errors import ChantierError
from simulator.network import EXAMPLE, Network, parse_network


def test_the_example_names_every_fault() -> None:
    assert parse_network(EXAMPLE) == Network(
        loss=0.02,
        latency_s=0.3,
        disconnect_s=300,
        off_s=30,
        duplicate=0.01,
        reorder=0.01,
        skew_s=90,
    )


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("perte=2.5%", Network(loss=0.025)),
        (" Latence = 1.5s ", Network(latency_s=1.5)),
        ("coupure=1h", Network(disconnect_s=3600, off_s=30)),
        ("disconnect=90s/2m", Network(disconnect_s=90, off_s=120)),
        ("doublon=1%, desordre=2%", Network(duplicate=0.01, reorder=0.02)),
        ("skew=+600s", Network(skew_s=600, fixed_skew=True)),
        ("horloge=-10m", Network(skew_s=-600, fixed_skew=True)),
    ],
)
def test_faults_are_read_in_either_language_and_any_unit(said: str, meant: Network) -> None:
    assert parse_network(said) == meant
    assert meant.fails


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ("", "No fault is named"),
        (",", "No fault is named"),
        ("los=2%", "'los=2%' is no fault of a network; did you mean 'loss'?"),
        ("loss", "'loss' is no fault of a network"),
        ("loss=2", "loss is '2', expected a share"),
        ("loss=0%", "loss is '0%', expected a share up to 90%"),
        ("loss=100%", "loss is '100%', expected a share up to 90%"),
        ("loss=-2%", "loss is '-2%'"),
        ("latency=300", "latency is '300', expected a time up to 60 s"),
        ("latency=2h", "latency is '2h', expected a time up to 60 s"),
        ("disconnect=5m/", "disconnect is ''"),
        ("skew=+-5s", "skew is '-5s', expected a time"),
        ("loss=1%,perte=2%", "loss stands there twice"),
    ],
)
def test_what_is_no_fault_is_refused_with_the_names_and_an_example(said: str, wrong: str) -> None:
    with pytest.raises(ChantierError) as refused:
        parse_network(said)
    assert refused.value.message.startswith(wrong)
    assert "Faults are loss, latency, disconnect, duplicate, reorder, skew" in refused.value.hint
    assert EXAMPLE in refused.value.hint


def test_a_network_of_which_nothing_was_asked_does_not_fail() -> None:
    assert not Network().fails
