"""Nobody sets, changes or approves their own figure by any way in: page, API, admin, import, or a bulk of it."""

from datetime import timedelta
from decimal import Decimal as D
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused
from targets.models import Allocation, Plan, PlanApproval, QuotaEntry, QuotaProposal, Target
from targets.selectors import figures_of
from targets.services import (
    adjust_quota,
    announce,
    answer_response,
    change_allocation,
    count_overdue,
    decide_split,
    enter_quota,
    lock_allocations,
    make_plan,
    propose_allocation,
    publish_plan,
    reshape_plan,
    respond,
    reverse_entries,
    submit_split,
)
from teams.models import Leadership, Person, Posting, User
from teams.services import post_person
from tests.cast import SINCE, Cast
from tests.exchange.test_kinds import counts, reasons, take
from tests.targets.letters import AT, END, Q3, START, draft, post_json, published, signed_in
from tests.targets.test_proposals import drain, give, goes_on_leave

LATER = AT + timedelta(days=9)


def lines(cast: Cast, person: Person) -> dict[Any, str]:
    return {
        (cast.company, None): "100", (cast.north, None): "60", (cast.south, None): "40",
        (cast.north, cast.ana): "35", (cast.north, person): "25", (cast.south, cast.cleo): "40",
    }  # fmt: skip


def ledger() -> list[tuple[int | None, D]]:
    return list(QuotaEntry.objects.order_by("pk").values_list("person_id", "amount"))


def test_by_a_service(cast: Cast) -> None:
    plan = published(cast, lines(cast, cast.maya))
    by = cast.maya.user
    was = ledger()
    with pytest.raises(Refused, match="own quota"):
        enter_quota(person=cast.maya, start=START, end=END, amount=D(1), reason="Mine", by=by, at=LATER)
    with pytest.raises(Refused, match="own quota"):
        adjust_quota(person=cast.maya, period=Q3, amount=D(1), reason="Mine", by=by, at=LATER)
    for scope in ({"team": cast.north}, {"person": cast.maya}):
        with pytest.raises(Refused):
            announce(plan=plan, headline="Less.", results="x", figures={cast.maya.pk: D(1)}, by=by, at=LATER, **scope)
    response = respond(plan=plan, person=cast.maya, stance="objects", statement="Less", by=by, at=LATER)
    with pytest.raises(Refused, match="own objection"):
        answer_response(response=response, kind="changed", amount=D(1), text="Yes", by=by, at=LATER)
    assert ledger() == was


def test_by_a_draft(cast: Cast) -> None:
    plan = draft(cast, lines(cast, cast.maya))
    mine, goal = plan.allocations.get(person=cast.maya), plan.allocations.get(team=cast.north, person=None)
    for line in (mine, goal):
        with pytest.raises(Refused, match="own figure"):
            change_allocation(allocation=line, amount=D(1), reason="Less", by=cast.maya.user, at=AT)
        with pytest.raises(Refused, match="own figure"):
            lock_allocations(plan=plan, lines=[line.pk], is_locked=True, by=cast.maya.user, at=AT)
    submit_split(plan=plan, team=cast.north, by=cast.maya.user, at=AT)
    with pytest.raises(Refused):
        decide_split(plan=plan, team=cast.north, approves=True, by=cast.maya.user, at=AT)
    other = draft(cast, lines(cast, cast.vera))
    with pytest.raises(Refused, match="Your own quota"):
        publish_plan(plan=other, by=cast.vera.user, at=AT)
    assert not QuotaEntry.objects.exists()
    assert not Target.objects.exists()
    assert list(PlanApproval.objects.values_list("act", flat=True)) == ["submitted"]


def test_by_the_weights_of_a_split(cast: Cast) -> None:
    cast.olga.postings.update(role="rep", team=cast.south)
    cast.admin.person = Person.objects.create(name="Root", user=cast.admin)
    Posting.objects.create(person=cast.admin.person, team=cast.north, role="rep", during=half_open(SINCE))
    by = User.objects.get(pk=cast.admin.pk)
    plan = make_plan(name="Plan", period=Q3, amount=D(600), by=by, at=AT)
    with pytest.raises(Refused, match="somebody else has it proposed first"):
        propose_allocation(plan=plan, by=by, at=AT, on=START)
    propose_allocation(plan=plan, by=cast.vera.user, at=AT, on=START)
    line = plan.allocations.get(person__name="Root")
    plan.allocations.filter(person=cast.ana).update(is_locked=True, amount=1)
    reshape_plan(plan=plan, by=by, at=AT, on=START, weight_past=0, weight_equal=100, amount=D(900))
    assert plan.allocations.get(pk=line.pk).amount == line.amount
    assert not plan.allocations.get(pk=line.pk).is_locked
    propose_allocation(plan=plan, by=cast.vera.user, at=AT, on=START)
    assert plan.allocations.get(pk=line.pk).amount > line.amount
    # Nor does the target of a team one leads move by one's own proposal.
    Leadership.objects.filter(team=cast.north).update(person=by.person)
    goal = plan.allocations.get(team=cast.north, person=None).amount
    reshape_plan(plan=plan, by=User.objects.get(pk=by.pk), at=AT, on=START, amount=D(1200))
    assert plan.allocations.get(team=cast.north, person=None).amount == goal


@pytest.mark.parametrize("name", ["maya", "vera", "ana"])
def test_on_a_page(cast: Cast, name: str) -> None:
    person: Person = getattr(cast, name)
    plan = published(cast, lines(cast, person) if name != "ana" else lines(cast, cast.ben))
    was, client = ledger(), signed_in(person)
    quota = f"/quotas/{person.pk}/?period=2026-Q3"
    assert client.post(quota, {"amount": "1", "reason": "Mine"}).status_code == 404
    letter = f"/plans/{plan.pk}/letters/{person.pk}/"
    assert client.post(f"{letter}respond/", {"stance": "objects", "statement": "Less"}).status_code == 303
    said = {"kind": "changed", "amount": "1", "text": "Yes"}
    assert client.post(f"{letter}answer/", said).status_code == 404
    told = {"headline": "Less.", "results": "x", f"figure_{person.pk}": "1"}
    client.post(f"/plans/{plan.pk}/announce/?person={person.pk}", told)
    client.post(f"/plans/{plan.pk}/announce/", told)
    assert figures_of(plan, [person.pk]) == figures_of(plan, [person.pk], until=AT)
    assert ledger() == was


@pytest.mark.parametrize("name", ["maya", "vera", "ana"])
def test_in_the_api(cast: Cast, name: str) -> None:
    person: Person = getattr(cast, name)
    plan = published(cast, lines(cast, person) if name != "ana" else lines(cast, cast.ben))
    was, client = ledger(), signed_in(person)
    made = post_json(client, "/api/v1/plan-responses/", {"plan": plan.pk, "stance": "objects", "statement": "Less"})
    assert made.status_code == 201
    url = f"/api/v1/plan-responses/{made.json()['id']}/answer/"
    assert post_json(client, url, {"kind": "changed", "text": "Yes", "amount": "1.00"}).status_code == 409
    figures = [{"person": person.pk, "amount": "1.00"}]
    for scope in ({}, {"person": person.pk}, {"team": cast.north.pk}):
        said = {"plan": plan.pk, "headline": "Less.", "results": "x", "figures": figures} | scope
        assert post_json(client, "/api/v1/plan-announcements/", said).status_code in (400, 409)
    row = QuotaEntry.objects.filter(person=person).first()
    for method in (client.post, client.put, client.patch, client.delete):
        for address in ("/api/v1/quotas/", f"/api/v1/quotas/{row.pk}/", "/api/v1/targets/"):
            assert method(address, "{}", content_type="application/json").status_code in (404, 405)
    assert ledger() == was


def test_in_the_admin(cast: Cast) -> None:
    plan = draft(cast, lines(cast, cast.maya))
    published(cast, {(cast.north, cast.ben): "5"}, period=Q3.shift(1))
    person = Person.objects.create(name="Root", user=cast.admin)
    line = Allocation.objects.create(plan=plan, team=cast.south, person=person, proposed=9, amount=9)
    client = Client()
    client.force_login(cast.admin)
    was = ledger()
    entry = QuotaEntry.objects.latest("pk")
    for model, pk in (("quotaentry", entry.pk), ("target", 0), ("response", 0), ("answer", 0), ("planapproval", 0)):
        assert client.get(reverse(f"admin:targets_{model}_changelist")).status_code == 200
        assert client.get(reverse(f"admin:targets_{model}_add")).status_code in (302, 403, 404)
        if pk:
            answer = client.post(reverse(f"admin:targets_{model}_change", args=[pk]), {"amount": "1"})
            assert answer.status_code in (302, 403, 404)
    change = reverse("admin:targets_plan_change", args=[plan.pk])
    prefix = "allocations-0-"
    client.post(
        change,
        {"allocations-TOTAL_FORMS": 1, "allocations-INITIAL_FORMS": 1, f"{prefix}id": line.pk, f"{prefix}amount": "1",
         "amount": "1"},
    )  # fmt: skip
    assert Allocation.objects.get(pk=line.pk).amount == 9
    assert Plan.objects.get(pk=plan.pk).amount == plan.amount
    assert ledger() == was


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("quotas", "person,period,amount\nE-Olga,2026-Q3,1\nE-Ana,2026-Q3,1\n"),
        (
            "quota_entries",
            "person,team,from,until,kind,amount,currency,reason\n"
            "E-Olga,North,2026-07-01,2026-10-01,base,1,EUR,Mine\n"
            "E-Ana,North,2026-07-01,2026-10-01,base,1,EUR,Hers\n",
        ),
        (
            "quota_entries",
            "person,seat,team,from,until,kind,amount,currency,reason\n"
            "E-Olga,E-Cleo,North,2026-07-01,2026-10-01,relief,-1,EUR,Mine by another seat\n"
            "E-Ana,,North,2026-07-01,2026-10-01,base,1,EUR,Hers\n",
        ),
    ],
)
def test_by_an_import(cast: Cast, kind: str, text: str) -> None:
    answer = take(kind, text, by=cast.olga.user)
    assert [(line, column) for line, column, _ in reasons(answer)] == [(2, "person")]
    assert list(QuotaEntry.objects.values_list("person__name", flat=True)) == ["Ana"]


def test_by_an_import_in_the_name_of_somebody_else_or_below_zero(cast: Cast) -> None:
    head = "person,seat,team,from,until,kind,amount,currency,reason,by,recorded_at\n"
    answer = take(
        "quota_entries",
        f"{head}E-Ben,E-Cleo,North,2026-07-01,2026-10-01,relief,-1,EUR,Another seat,,\n"
        "E-Ana,,North,2026-07-01,2026-10-01,base,1,EUR,Hers,vera,2026-07-01\n"
        "E-Cleo,,South,2026-07-01,2026-10-01,base,10,EUR,Base,,\n"
        "E-Cleo,,South,2026-08-01,2026-10-01,relief,-11,EUR,Less,,\n",
        by=cast.olga.user,
    )
    assert [(line, column) for line, column, _ in reasons(answer)] == [
        (2, "seat"), (3, "by"), (4, "amount"), (5, "amount"),
    ]  # fmt: skip
    assert not QuotaEntry.objects.exists()


def test_by_importing_a_plan_as_published(cast: Cast) -> None:
    text = "name,period,amount,published_at\nPlan Q3,2026-Q3,35,2026-06-20\n"
    assert [column for _, column, _ in reasons(take("plans", text, by=cast.olga.user))] == ["published_at"]
    assert take("plans", text).created == 1
    assert take("plans", text, by=cast.olga.user).equal == 1


def test_by_taking_entries_back(cast: Cast) -> None:
    made = enter_quota(person=cast.olga, start=START, end=END, amount=D(5), reason="Hers", by=cast.vera.user, at=LATER)
    with pytest.raises(Refused, match="Your own quota"):
        reverse_entries(entry_ids=[one.pk for one in made], reason="Undone", by=cast.olga.user, at=LATER)
    assert reverse_entries(entry_ids=[one.pk for one in made], reason="Undone", by=cast.vera.user, at=LATER) == 1


def test_by_publishing_the_target_of_a_team_one_leads(cast: Cast) -> None:
    plan = draft(cast, lines(cast, cast.ben))
    Leadership.objects.filter(team=cast.south).delete()
    Leadership.objects.create(team=cast.south, person=cast.olga, during=half_open(START))
    with pytest.raises(Refused, match="target of a team you lead"):
        publish_plan(plan=plan, by=cast.olga.user, at=LATER)


def test_by_importing_the_budget_of_a_team_one_leads(cast: Cast) -> None:
    Leadership.objects.filter(team=cast.south).delete()
    Leadership.objects.create(team=cast.south, person=cast.olga, during=half_open(SINCE))
    answer = take("budgets", "team,period,cost,amount\nSouth,2026-Q3,travel,5000\n", by=cast.olga.user)
    assert "team they lead" in reasons(answer)[0][2]


LEAVE = "person,kind,from,until\nE-Olga,unpaid,2026-08-03,2026-08-28\nE-Ana,unpaid,2026-08-03,2026-08-28\n"
POSTED = "person,team,role,fte,from\nE-Olga,Company,operations,0.5,2026-08-03\nE-Ana,North,rep,0.5,2026-08-03\n"


@pytest.mark.parametrize(("kind", "text"), [("leave", LEAVE), ("postings", POSTED)])
def test_round_about_by_importing_own_leave_or_posting(cast: Cast, kind: str, text: str) -> None:
    answer = take(kind, text, by=cast.olga.user)
    assert [(line, column) for line, column, _ in reasons(answer)] == [(2, "person")]
    assert take(kind, text).created == 1  # the command takes it in
    assert counts(take(kind, text, by=cast.olga.user)) == (0, 0, 2, 0)  # what stands changes nothing


def test_round_about_by_own_posting_or_leave_that_would_count_by_itself(cast: Cast) -> None:
    cast.admin.person = Person.objects.create(name="Root", external_id="E-Root", user=cast.admin)
    by, root = User.objects.get(pk=cast.admin.pk), cast.admin.person
    post_person(person=root, team=cast.north, on=SINCE, by=by)  # the first admin has nobody else to do it
    with pytest.raises(Refused, match="change their own posting"):
        post_person(person=root, team=cast.north, on=START, fte="0.5", by=by)
    give(cast, cast.ana, "66000")
    enter_quota(person=root, start=START, end=END, amount=D(66000), reason="Plan", by=cast.vera.user, at=AT,
                basis="base")  # fmt: skip
    for person in (root, cast.ana):
        goes_on_leave(person)
    drain(START)
    needs = dict(QuotaProposal.objects.open().values_list("seat__name", "needs_yes"))
    assert needs == {"Root": True, "Ana": False}
    assert count_overdue(at=LATER + timedelta(days=60), on=END) == 1
    assert QuotaProposal.objects.open().get().seat == root
