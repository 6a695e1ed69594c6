"""The pages of scores, boards, reports and what works take as many queries with many people as with few."""

from datetime import timedelta
from typing import Any

import pytest

from performance.services import rebuild
from performance.services.reports import make_reports
from salesmgmt.lib import clock
from tests.cast import Cast
from tests.performance.test_scorecards import client_of
from tests.recognition.test_boards import book, quota, rep

PAGES = {
    "/scorecards/": 72,
    "/scorecards/{ana}/": 62,
    "/leaderboard/?by=attainment": 22,
    "/leaderboard/?by=csat": 22,
    "/leaderboard/?by=discount": 22,
    "/what-works/": 14,
    "/reports/": 12,
    "/reports/{report}/": 34,
    "/managers/{maya}/record/": 90,
}


@pytest.mark.parametrize(("path", "most"), PAGES.items())
def test_a_page_takes_a_fixed_number_of_queries(
    cast: Cast, path: str, most: int, django_assert_max_num_queries: Any
) -> None:
    today = clock.today("Europe/Berlin")
    for person in (cast.ana, cast.ben, *(rep(f"Rep {n}", cast.north) for n in range(12))):
        quota(person, 1000)
        book(person, 500, today - timedelta(days=1))
    list(rebuild())
    make_reports(on=today, at=clock.now())
    report = cast.north.reports.get()
    asked = path.format(ana=cast.ana.pk, maya=cast.maya.pk, report=report.pk)
    client = client_of(cast.maya)
    with django_assert_max_num_queries(most):
        assert client.get(asked).status_code == 200
