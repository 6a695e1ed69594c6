"""A draft goes up the line: who leads a team submits, the next manager up approves or sends back, nobody their own."""

from decimal import Decimal as D
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection

from salesmgmt.desk.models import Notice
from salesmgmt.lib.refusals import Refused, Stale
from targets.models import Plan, PlanApproval
from targets.selectors import history_of_line, is_own_goal, splits_of, unapproved
from targets.services import (
    change_allocation,
    decide_split,
    make_plan,
    propose_allocation,
    publish_plan,
    reshape_plan,
    submit_split,
)
from teams import services as teams
from teams.models import Leadership, Posting, Team, User, access_of
from tests.cast import Cast, make_cast
from tests.exchange.test_kinds import take
from tests.targets.letters import AT, Q3, get_json, post_json, signed_in
from tests.targets.letters import draft as a_draft


@pytest.fixture
def draft(cast: Cast) -> Plan:
    return make_draft(cast)


def make_draft(cast: Cast) -> Plan:
    lines = {
        (cast.company, None): "100", (cast.north, None): "60", (cast.south, None): "40",
        (cast.north, cast.ana): "35", (cast.north, cast.ben): "25", (cast.south, cast.cleo): "40",
    }  # fmt: skip
    return a_draft(cast, lines)


def split(plan: Plan, user: User, team: Team) -> Any:
    return next((one for one in splits_of(plan, user) if one.team == team), None)


def submit(cast: Cast, plan: Plan) -> PlanApproval:
    return submit_split(plan=plan, team=cast.north, by=cast.maya.user, at=AT)


def test_a_split_is_submitted_and_approved_by_the_next_manager_up(cast: Cast, draft: Plan) -> None:
    assert split(draft, cast.maya.user, cast.north).may_submit
    assert split(draft, cast.maya.user, cast.south) is None
    assert not split(draft, cast.vera.user, cast.north).may_decide
    submit(cast, draft)
    assert Notice.objects.filter(user=cast.vera.user, text__contains="submits the split of North").exists()
    assert split(draft, cast.vera.user, cast.north).may_decide
    with pytest.raises(Refused, match="already"):
        submit(cast, draft)
    decide_split(plan=draft, team=cast.north, approves=True, by=cast.vera.user, at=AT)
    assert split(draft, cast.maya.user, cast.north).state == "approved"
    assert [one.team for one in unapproved(draft, cast.vera.user)] == [cast.south]
    page = signed_in(cast.vera).get(f"/plans/{draft.pk}/publish/").content.decode()
    assert "1 split is not approved" in page
    assert "Those never submitted don’t." in page
    assert "South" in page


def test_a_split_is_sent_back_with_a_reason(cast: Cast, draft: Plan) -> None:
    submit(cast, draft)
    with pytest.raises(Refused, match="why"):
        decide_split(plan=draft, team=cast.north, approves=False, by=cast.vera.user, at=AT)
    decide_split(plan=draft, team=cast.north, approves=False, reason="Ben is new.", by=cast.vera.user, at=AT)
    page = signed_in(cast.maya).get(f"/plans/{draft.pk}/approvals/").content.decode()
    assert "Ben is new." in page
    submit(cast, draft)
    assert split(draft, cast.vera.user, cast.north).may_decide


def test_a_change_after_approval_asks_anew(cast: Cast, draft: Plan) -> None:
    submit(cast, draft)
    decide_split(plan=draft, team=cast.north, approves=True, by=cast.vera.user, at=AT)
    line = draft.allocations.get(person=cast.ben)
    change_allocation(allocation=line, amount=D(20), reason="New", by=cast.maya.user, at=AT)
    assert split(draft, cast.vera.user, cast.north).state == "changed"
    assert split(draft, cast.maya.user, cast.north).may_submit
    with pytest.raises(Refused, match="already"):
        decide_split(plan=draft, team=cast.north, approves=True, by=cast.vera.user, at=AT)
    submit(cast, draft)
    change_allocation(allocation=line, amount=D(25), reason="Old", by=cast.maya.user, at=AT)
    with pytest.raises(Stale, match="submitted anew"):
        decide_split(plan=draft, team=cast.north, approves=True, by=cast.vera.user, at=AT)
    assert [one.state for one in splits_of(draft, cast.maya.user)] == ["changed"]


def test_a_split_on_its_way_is_approved_before_publishing_or_it_is_said_why_not(cast: Cast, draft: Plan) -> None:
    vera, url = signed_in(cast.vera), f"/plans/{draft.pk}/publish/"
    submit(cast, draft)
    with pytest.raises(Refused, match=r"Not approved: North \(waits for approval\)"):
        publish_plan(plan=draft, by=cast.admin, at=AT)
    assert post_json(vera, f"/api/v1/plans/{draft.pk}/publish/", {}).status_code == 409
    page = vera.post(url)
    assert page.status_code == 422
    assert "say why it is published all the same" in page.content.decode()
    assert vera.post(url, {"despite": "The year begins on Monday."}).status_code == 303
    line = draft.allocations.get(team=cast.north, person=None)
    for path in ("approvals/", f"lines/{line.pk}/history/"):
        assert "The year begins on Monday." in vera.get(f"/plans/{draft.pk}/{path}").content.decode()


def test_a_stale_page_is_refused(cast: Cast, draft: Plan) -> None:
    seen = split(draft, cast.maya.user, cast.north).digest
    line = draft.allocations.get(person=cast.ben)
    change_allocation(allocation=line, amount=D(20), reason="New", by=cast.maya.user, at=AT)
    with pytest.raises(Stale):
        submit_split(plan=draft, team=cast.north, by=cast.maya.user, at=AT, digest=seen)


def test_nobody_approves_their_own_or_what_holds_their_own_figure(cast: Cast, draft: Plan) -> None:
    submit(cast, draft)
    for user, sentence in (
        (cast.maya.user, "next manager up"),
        (cast.omar.user, "next manager up"),
        (cast.ana.user, "next manager up"),
    ):
        with pytest.raises(Refused, match=sentence):
            decide_split(plan=draft, team=cast.north, approves=True, by=user, at=AT)
    # Whoever leads the team above and this one too approves neither.
    Leadership.objects.filter(team=cast.north).delete()
    teams.appoint_manager(team=cast.north, person=cast.vera, on=AT.date(), by=None)
    with pytest.raises(Refused, match="their own split"):
        decide_split(plan=draft, team=cast.north, approves=True, by=fresh(cast.vera.user), at=AT)
    # Nor who has a line of their own in it, though they see all.
    Leadership.objects.filter(team=cast.north).delete()
    draft.allocations.filter(person=cast.ben).update(person=cast.olga)
    plan = Plan.objects.get(pk=draft.pk)
    Leadership.objects.create(team=cast.north, person=cast.maya, during=Leadership.objects.first().during)
    submit_split(plan=plan, team=cast.north, by=fresh(cast.maya.user), at=AT)
    with pytest.raises(Refused, match="Your own figure"):
        decide_split(plan=plan, team=cast.north, approves=True, by=fresh(cast.olga.user), at=AT)
    assert signed_in(cast.olga).get(f"/plans/{plan.pk}/approvals/").status_code == 200
    decide_split(plan=plan, team=cast.north, approves=True, by=cast.admin, at=AT)


def fresh(user: User) -> User:
    """Without what it has worked out about its access."""
    return User.objects.get(pk=user.pk)


def test_only_who_leads_a_team_submits_its_split(cast: Cast, draft: Plan) -> None:
    for user in (cast.vera.user, cast.omar.user, cast.ana.user, cast.admin):
        with pytest.raises(Refused, match="Only who leads"):
            submit_split(plan=draft, team=cast.north, by=user, at=AT)
    publish_plan(plan=draft, by=cast.admin, at=AT)
    with pytest.raises(Refused, match="published"):
        submit(cast, draft)


def test_approvals_work_on_their_page_and_in_the_api(cast: Cast, draft: Plan) -> None:
    maya, vera = signed_in(cast.maya), signed_in(cast.vera)
    url = f"/plans/{draft.pk}/approvals/{cast.north.pk}/"
    page = maya.post(url, {"act": "submit", "digest": split(draft, cast.maya.user, cast.north).digest}, follow=True)
    assert "The split of North is submitted." in page.content.decode()
    assert "Choose to submit" in vera.post(url, {"act": "burn"}, follow=True).content.decode()
    assert "Say why it goes back." in vera.post(url, {"act": "send_back"}, follow=True).content.decode()
    assert signed_in(cast.omar).post(url, {"act": "approve"}).status_code == 404
    assert signed_in(cast.ana).get(f"/plans/{draft.pk}/approvals/").status_code == 404
    api = "/api/v1/plan-approvals/"
    said = {"plan": draft.pk, "team": cast.north.pk, "act": "approve"}
    assert post_json(maya, api, said).status_code == 409
    assert post_json(vera, api, said | {"act": "burn"}).status_code == 400
    (asked,) = get_json(vera, f"{api}?plan={draft.pk}&team={cast.north.pk}")["results"]
    assert post_json(vera, api, said | {"digest": "0"}).status_code == 409
    assert post_json(vera, api, said | {"digest": asked["digest"]}).status_code == 201
    assert post_json(vera, api, said).status_code == 409
    assert [row["act"] for row in get_json(maya, f"{api}?ordering=id")["results"]] == ["submitted", "approved"]
    assert get_json(signed_in(cast.omar), api)["results"] == []
    line = draft.allocations.get(team=cast.north, person=None)
    found = [one.kind for one in history_of_line(line, cast.maya.user)]
    assert found == ["proposed", "submitted", "approved"]
    take("targets", "team,period,amount\nNorth,2026-Q3,61\n")
    assert "Target of North, imported" in [one.text for one in history_of_line(line, cast.maya.user)]
    assert "Split of North approved" in maya.get(f"/plans/{draft.pk}/lines/{line.pk}/history/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_of_two_approvers_at_once_one_decides() -> None:
    cast = make_cast()
    plan = make_draft(cast)
    submit(cast, plan)
    start, said = Barrier(2), []

    def decide(username: str, approves: bool) -> None:
        try:
            by = User.objects.get(username=username)
            start.wait()
            decide_split(plan=plan, team=cast.north, approves=approves, reason="No", by=by, at=AT)
            said.append("done")
        except Refused:
            said.append("refused")
        finally:
            connection.close()

    threads = [Thread(target=decide, args=one) for one in (("vera", True), ("admin", False))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["done", "refused"]
    assert PlanApproval.objects.count() == 2


# ── The top of a tree ───────────────────────────────────────────────────────────────────────────────────────────


def test_who_leads_sales_below_a_company_proposes_and_publishes_as_its_head_would(cast: Cast) -> None:
    """Company → Sales → North and South, Service beside Sales: the plan is all below Sales."""
    sales = Team.objects.create(name="Sales", parent=cast.company)
    for team in (cast.north, cast.south):
        teams.change_team(team=team, by=cast.admin, parent=sales)
    Team.objects.create(name="Service", parent=cast.company, department="service")
    Leadership.objects.filter(person=cast.vera).update(team=sales)
    vera = fresh(cast.vera.user)
    plan = make_plan(name="Plan", period=Q3, amount=D(90), by=vera, at=AT)
    propose_allocation(plan=plan, by=vera, at=AT, on=AT.date())
    goal = plan.allocations.get(team=sales, person=None)
    assert (goal.amount, is_own_goal(goal, access_of(vera))) == (90, False)
    reshape_plan(plan=plan, by=vera, at=AT, on=AT.date(), amount=D(120))
    assert plan.allocations.get(team=sales, person=None).amount == 120
    north = plan.allocations.get(team=cast.north, person=None)
    change_allocation(allocation=north, amount=D(60), reason="More", by=vera, at=AT, rule="spread")
    # Beside it nothing may branch off, and a team of its own people alone is somebody's figure.
    Leadership.objects.filter(team=cast.north).update(person=cast.olga)
    assert is_own_goal(plan.allocations.get(team=cast.north, person=None), access_of(fresh(cast.olga.user)))
    Posting.objects.filter(person=cast.cleo).update(team=cast.company)
    with pytest.raises(Refused, match="somebody else has it proposed first"):
        propose_allocation(
            plan=make_plan(name="B", period=Q3, amount=D(9), by=vera, at=AT), by=vera, at=AT, on=AT.date()
        )
    Posting.objects.filter(person=cast.cleo).update(team=cast.south)
    assert publish_plan(plan=plan, by=vera, at=AT) > 0
