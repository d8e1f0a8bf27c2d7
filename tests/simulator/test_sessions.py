"""Room for many connections."""

from __future__ import annotations

import resource

import pytest

from chantier.errors import ChantierError
from simulator.sessions import make_room


def test_more_machines_than_there_are_files_for_are_refused_with_the_way_out() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        pytest.skip("this computer allows any number of open files")
    with pytest.raises(ChantierError, match=f"this computer allows {hard}") as refused:
        make_room(hard)
    assert "ulimit -Hn" in refused.value.hint
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (soft, hard)


def test_the_soft_limit_is_raised_as_far_as_is_needed() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (300, before[1]))
        make_room(100)
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 356
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
