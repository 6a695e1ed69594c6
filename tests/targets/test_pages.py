"""Who sees which quota and plan, and what the pages let them do."""

from datetime import timedelta
from decimal import Decimal as D
from typing import Any

import pytest
from django.test import Client

from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from targets.models import Plan, QuotaEntry, Target
from targets.selectors import plan_rows, quota_of
from targets.services import change_allocation, enter_quota, make_plan, propose_allocation, publish_plan
from teams.models import Person, User
from tests.cast import Cast

NOW = Period.of(clock.today("Europe/Berlin"), "quarter")


def signed_in(user: User | Person) -> Client:
    client = Client()
    client.force_login(user.user if isinstance(user, Person) else user)  # type: ignore[arg-type]
    return client


@pytest.fixture
def plan(cast: Cast) -> Plan:
    made = make_plan(name="The plan", period=NOW, amount=D(90000), by=cast.admin, at=clock.now())
    propose_allocation(plan=made, by=cast.admin, at=clock.now(), on=NOW.start)
    return made


def test_a_rep_reads_the_own_quota_with_its_entries_and_days(cast: Cast, plan: Plan) -> None:
    assert "No quota for" in signed_in(cast.ana).get("/quotas/").content.decode()
    publish_plan(plan=plan, by=cast.admin, at=clock.now())
    page = signed_in(cast.ana).get("/quotas/").content.decode()
    assert "Your quota is €30k" in page
    assert "The plan" in page
    assert "Day by day" in page
    assert "Cleo" not in page


def test_a_quota_of_somebody_else_is_a_dull_404(cast: Cast, plan: Plan) -> None:
    publish_plan(plan=plan, by=cast.admin, at=clock.now())
    for person, status in ((cast.maya, 200), (cast.vera, 200), (cast.omar, 404), (cast.ben, 404)):
        assert signed_in(person).get(f"/quotas/{cast.ana.pk}/").status_code == status
    assert signed_in(cast.ana).get("/quotas/?period=never").status_code == 404
    assert signed_in(cast.omar).get(f"/quotas/?team={cast.north.pk}").status_code == 404


def test_a_manager_changes_a_quota_with_a_reason_and_nobody_their_own(cast: Cast, plan: Plan) -> None:
    publish_plan(plan=plan, by=cast.admin, at=clock.now())
    url = f"/quotas/{cast.ana.pk}/?period={NOW.key}"
    assert signed_in(cast.maya).post(url, {"amount": "25000"}).status_code == 422
    said = {"amount": "28000", "reason": "New patch", "results": "Half of it is Ben’s"}
    assert signed_in(cast.maya).post(url, said).status_code == 302
    assert quota_of(person_ids=[cast.ana.pk], start=NOW.start, end=NOW.end) == {cast.ana.pk: D(28000)}
    assert signed_in(cast.ana).post(url, {"amount": "1", "reason": "Less"}).status_code == 404
    assert "New patch" in signed_in(cast.ana).get("/quotas/").content.decode()


def test_a_plan_goes_from_new_to_published_without_a_script(cast: Cast) -> None:
    vera = signed_in(cast.vera)
    made = vera.post("/plans/add/", {"name": "Next", "period": NOW.shift(1).key, "amount": "120000"})
    plan = Plan.objects.get()
    assert made.headers["Location"] == f"/plans/{plan.pk}/"
    line = plan.allocations.get(person=cast.cleo)
    answer = vera.post(f"/plans/{plan.pk}/lines/{line.pk}/", {"amount": "30000", "reason": "Away", "spread": "on"})
    assert answer.status_code == 302
    refused = vera.post(f"/plans/{plan.pk}/publish/", follow=True)
    assert "given to nobody" in refused.content.decode()
    vera.post(f"/plans/{plan.pk}/lines/{line.pk}/lock/")
    vera.post(f"/plans/{plan.pk}/propose/", {})
    assert "3 people" in vera.get(f"/plans/{plan.pk}/publish/").content.decode()
    assert "is published" in vera.post(f"/plans/{plan.pk}/publish/", follow=True).content.decode()
    assert QuotaEntry.objects.count() == 3


def test_drafts_are_for_those_who_plan_and_lines_for_those_they_concern(cast: Cast, plan: Plan) -> None:
    assert signed_in(cast.ana).get(f"/plans/{plan.pk}/").status_code == 404
    page = signed_in(cast.maya).get(f"/plans/{plan.pk}/").content.decode()
    assert "Ana" in page
    assert "Cleo" not in page
    cleo, north = plan.allocations.get(person=cast.cleo), plan.allocations.get(team=cast.north, person=None)
    assert signed_in(cast.maya).get(f"/plans/{plan.pk}/lines/{cleo.pk}/").status_code == 404
    assert "Change and lock" not in signed_in(cast.maya).get(f"/plans/{plan.pk}/lines/{north.pk}/").content.decode()
    assert signed_in(cast.maya).post(f"/plans/{plan.pk}/lines/{north.pk}/", {"amount": "1"}).status_code == 404
    assert signed_in(cast.maya).post(f"/plans/{plan.pk}/publish/").status_code == 404
    publish_plan(plan=plan, by=cast.admin, at=clock.now())
    assert "Ben" not in signed_in(cast.ana).get(f"/plans/{plan.pk}/").content.decode()


def test_a_rep_reads_their_own_figure_and_its_reasons_and_nothing_the_team_s_follows_from(
    cast: Cast, plan: Plan
) -> None:
    line = plan.allocations.get(person=cast.ana)
    change_allocation(allocation=line, amount=D(31000), reason="The new patch", by=cast.admin, at=clock.now())
    ben = plan.allocations.get(person=cast.ben)
    change_allocation(allocation=ben, amount=D(29000), reason="Less to do", by=cast.admin, at=clock.now())
    publish_plan(plan=plan, by=cast.admin, at=clock.now())
    page = signed_in(cast.ana).get(f"/plans/{plan.pk}/").content.decode()
    assert "The new patch" in page
    assert "Less to do" not in page
    assert "Share" not in page
    assert [row.share for row in plan_rows(plan, cast.ana.user)] == [None]
    assert [row.share and round(row.share, 2) for row in plan_rows(plan, cast.maya.user)] == [
        None,
        D("0.52"),
        D("0.48"),
    ]
    assert None not in [row.share for row in plan_rows(plan, cast.vera.user)]
    assert not Target.objects.visible_to(cast.ana.user).exists()
    assert {target.team for target in Target.objects.visible_to(cast.maya.user)} == {cast.north}


def test_exports_hold_what_the_page_shows_and_no_formula(cast: Cast, plan: Plan) -> None:
    publish_plan(plan=plan, by=cast.admin, at=clock.now())
    enter_quota(
        person=cast.ana,
        start=NOW.end,
        end=NOW.end + timedelta(days=30),
        amount=D(10),
        reason="=1+1",
        by=None,
        at=clock.now(),
    )
    rows = signed_in(cast.ana).get(f"/quotas/export/?period={NOW.key}").getvalue().decode().splitlines()
    assert rows[0] == "person,team,from,until,kind,amount,currency,reason"
    assert rows[1:] == [f"E-Ana,North,{NOW.start},{NOW.end},base,30000.00,EUR,The plan"]
    assert "'=1+1" in signed_in(cast.vera).get(f"/quotas/export/?period={NOW.shift(1).key}").getvalue().decode()
    lines = signed_in(cast.maya).get(f"/plans/{plan.pk}/export/").getvalue().decode().splitlines()
    assert [line.split(",")[:2] for line in lines[1:]] == [["North", ""], ["North", "E-Ana"], ["North", "E-Ben"]]


def test_the_pages_cost_a_fixed_number_of_queries(cast: Cast, plan: Plan, django_assert_max_num_queries: Any) -> None:
    change_allocation(
        allocation=plan.allocations.get(person=cast.ana), amount=D(40000), reason="More", by=cast.admin, at=clock.now()
    )
    publish_plan(plan=plan, by=cast.admin, at=clock.now())
    for person, url, most in (
        (cast.ana, "/quotas/", 31),
        (cast.maya, "/quotas/", 45),
        (cast.vera, f"/quotas/?team={cast.north.pk}", 40),
        (cast.vera, f"/plans/{plan.pk}/", 40),
        (cast.vera, f"/plans/{plan.pk}/outlook/", 45),
    ):
        client = signed_in(person)
        with django_assert_max_num_queries(most):
            assert client.get(url).status_code == 200
