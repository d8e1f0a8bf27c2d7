"""History put straight into the bucket of a deployed site is read back as raw data."""

from __future__ import annotations

from pathlib import Path

import pytest

from chantier.backfill import backfill, bucket_of
from chantier.cloud import Cloud
from chantier.raw import raw_days
from chantier.site import EXAMPLE, Site
from tests.embedded.conftest import Deployed, deploy_site

pytestmark = pytest.mark.embedded
# Wednesday 14 October 2026 in Paris.
MIDNIGHT, DAY_S = 1_791_928_800, 86_400


@pytest.fixture(scope="module")
def site(cloud: Cloud, project: Path) -> Deployed:
    """Two machines of the example site under another name."""
    said = Site.load(EXAMPLE).model_dump(by_alias=True)
    said["site"] |= {"name": "backfilled"}
    said["machines"] = said["machines"][:2]
    return deploy_site(cloud, Site.model_validate(said), project, things=False)


def test_every_message_of_a_day_is_in_the_bucket_and_nothing_is_left_here(
    site: Deployed, tmp_path: Path
) -> None:
    history = backfill(
        site.site,
        stretch=(MIDNIGHT, MIDNIGHT + DAY_S),
        seed=1,
        scenarios=(),
        folder=tmp_path,
        tick=lambda _day, _done, _there: None,
        keep=bucket_of(site.cloud, site.site),
    )
    days = ("2026-10-13", "2026-10-14")
    objects = list(
        raw_days(site.cloud, site.outputs["DataBucketName"], days, lambda _done, _there: None)
    )
    assert [one.key for one in objects] == history.keys
    assert sum(len(one.messages) for one in objects) == history.messages > 600
    assert not any(one.unread for one in objects)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
