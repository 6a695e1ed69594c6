"""Quotas and budgets taken back: nothing of a figure is left that nobody has said, and none goes below zero."""

from decimal import Decimal as D
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from salesmgmt.lib.periods import Period
from salesmgmt.lib.refusals import Refused
from targets.models import Allocation, BudgetEntry, QuotaEntry, QuotaProposal
from targets.selectors import changes_of
from targets.services import (
    accept_offer,
    adjust_quota,
    change_allocation,
    confirm_proposal,
    lock_allocations,
    propose_redistribution,
    reverse_budgets,
    reverse_entries,
    set_budget,
)
from teams.models import Person
from tests.cast import Cast
from tests.exchange.test_kinds import reasons, take, undo
from tests.targets.letters import draft, published
from tests.targets.test_decisions_at_once import at_once
from tests.targets.test_proposals import drain, give, goes_on_leave, quota, the_proposal
from tests.targets.test_redistribution import AT, ON, Q3, landing, user

QUARTER = Period.parse("2026-Q3")


def imported(amount: str, basis: str = "final", person: str = "E-Ana") -> Any:
    return take("quotas", f"person,period,amount,team,basis\n{person},2026-Q3,{amount},North,{basis}\n")


def stands() -> dict[str, D]:
    sums: dict[str, D] = {}
    for entry in QuotaEntry.objects.order_by("pk"):
        sums[entry.kind] = sums.get(entry.kind, D(0)) + entry.amount
    return {kind: total for kind, total in sums.items() if total}


@pytest.mark.parametrize("second", ["80000", "120000"])
def test_of_two_imports_of_a_quota_the_later_is_undone_first(cast: Cast, second: str) -> None:
    first, later = imported("100000"), imported(second)
    with pytest.raises(Refused, match="The quota of Ana from 1 Jul 2026 was changed later on"):
        undo(first)
    assert stands() == {"base": D(second)}
    undo(later)
    assert stands() == {"base": D(100000)}
    undo(first)
    assert stands() == {}


def test_a_quota_that_somebody_has_changed_since_is_not_taken_from_under_the_change(cast: Cast) -> None:
    answer = imported("100000")
    adjust_quota(person=cast.ana, period=QUARTER, amount=D(90000), reason="Steel", by=user(cast.maya), at=AT)
    with pytest.raises(Refused, match="“Steel”"):
        undo(answer)
    assert quota(cast.ana) == 90000


def test_of_an_import_that_others_rest_on_in_part_the_rest_is_undone_and_later_what_was_kept(cast: Cast) -> None:
    answer = take("quotas", "person,period,amount\nE-Ana,2026-Q3,100\nE-Ben,2026-Q3,200\nE-Cleo,2026-Q3,300\n")
    changed = adjust_quota(person=cast.ana, period=QUARTER, amount=D(90), reason="Steel", by=user(cast.maya), at=AT)
    assert changed is not None
    [kept] = undo(answer)
    assert kept.startswith("The quota of Ana from 1 Jul 2026 was changed later on (“Steel”)")
    assert (quota(cast.ana), quota(cast.ben), quota(cast.cleo)) == (90, 0, 0)
    assert answer.batch is not None
    answer.batch.refresh_from_db()
    assert answer.batch.is_taken
    page = Client()
    page.force_login(cast.admin)
    assert "“Steel”" in page.get(f"/imports/{answer.batch.pk}/").content.decode()
    reverse_entries(entry_ids=[changed.pk], reason="Wrong", by=cast.admin, at=AT)
    assert undo(answer) == []
    assert quota(cast.ana) == 0
    with pytest.raises(Refused, match="has been undone already"):
        undo(answer)


def test_a_quota_that_keeps_its_entries_keeps_whom_the_same_import_made(cast: Cast) -> None:
    head, days = "person,team,from,until,kind,amount,currency,reason", "North,2026-07-01,2026-10-01,base"
    text = f"{head}\nZoe,{days},100,EUR,Plan\nYves,{days},200,EUR,Plan\n"
    answer = take("quota_entries", text, create_missing=True)
    wrong = take("quotas", "person,period,amount\nXaver,2026-Q3,1\n", create_missing=True, by=cast.olga.user)
    assert [column for _, column, _ in reasons(wrong)] == ["person"]
    zoe = Person.objects.get(name="Zoe")
    adjust_quota(person=zoe, period=QUARTER, amount=D(90), reason="Steel", by=cast.admin, at=AT)
    undo(answer)
    assert list(Person.objects.present().filter(name__in=["Zoe", "Yves"])) == [zoe]


def test_what_followed_from_a_base_goes_with_it_and_its_proposals_too(cast: Cast) -> None:
    answer = imported("66000", "base")
    drain()
    leave = goes_on_leave(cast.ana)
    drain()
    confirm_proposal(proposal=the_proposal(), by=user(cast.maya), at=AT, on=ON)
    assert stands() == {"base": D(66000), "leave": D(-21000), "uncovered": D(21000)}
    leave.delete()
    drain()
    assert the_proposal().seat == cast.ana
    undo(answer)
    assert stands() == {}
    drain()
    assert not QuotaProposal.objects.open().exists()


def test_an_entry_is_taken_back_once(cast: Cast) -> None:
    imported("100000")
    entry = QuotaEntry.objects.get()
    assert reverse_entries(entry_ids=[entry.pk], reason="Wrong", by=cast.admin, at=AT) == 1
    back = QuotaEntry.objects.get(reverses=entry)
    back.pk = None
    with pytest.raises(IntegrityError, match="quota_is_taken_back_once"), transaction.atomic():
        back.save(force_insert=True)
    answer = take(
        "quota_entries",
        "entry,person,team,from,until,kind,amount,currency,reason,reverses\n"
        "1,E-Ben,North,2026-07-01,2026-10-01,base,5,EUR,Plan,\n"
        "2,E-Ben,North,2026-07-01,2026-10-01,base,-5,EUR,Wrong,1\n"
        "3,E-Ben,North,2026-07-01,2026-10-01,base,-5,EUR,Wrong,1\n",
    )
    assert reasons(answer) == [(4, "reverses", "Line 3 takes this entry back already; that is done once.")]


# ── Never below zero ────────────────────────────────────────────────────────────────────────────────────────────


def given_away(cast: Cast, amount: str) -> None:
    """Ana takes on a part of Ben's quota."""
    landings = {cast.ben.pk: landing("66000", "0"), cast.ana.pk: landing("66000", "990000")}
    propose_redistribution(
        giver=cast.ben, during=Q3, landings=landings, reason="Frozen", by=user(cast.maya), at=AT, on=ON,
        amount=D(amount), caps={cast.ana.pk: D(amount)},
    )  # fmt: skip


def test_a_quota_is_not_given_away_beyond_what_is_left_of_it(cast: Cast) -> None:
    give(cast, cast.ben, "66000")
    give(cast, cast.ana, "66000")
    given_away(cast, "6000")
    offer = cast.ben.redistributions.get().candidates.get().offers.get()
    adjust_quota(person=cast.ben, period=QUARTER, amount=D(5000), reason="Fire", by=user(cast.maya), at=AT)
    with pytest.raises(Refused, match=r"no longer has 6,000\.00 to give"):
        accept_offer(offer=offer, by=user(cast.ana), at=AT, on=ON)
    assert not QuotaEntry.objects.filter(kind="redistribution").exists()
    adjust_quota(person=cast.ben, period=QUARTER, amount=D(6000), reason="Less", by=user(cast.maya), at=AT)
    accept_offer(offer=offer, by=user(cast.ana), at=AT, on=ON)
    assert sum(QuotaEntry.objects.filter(person=cast.ben).values_list("amount", flat=True)) == 0
    with pytest.raises(Refused, match="with what colleagues took on"):
        adjust_quota(person=cast.ben, period=QUARTER, amount=D(5000), reason="Fire", by=user(cast.maya), at=AT)


def test_a_change_that_postings_ask_for_takes_no_quota_below_zero(cast: Cast) -> None:
    give(cast, cast.ana, "66000")
    drain()
    adjust_quota(person=cast.ana, period=QUARTER, amount=D(10000), reason="Fire", by=user(cast.maya), at=AT)
    goes_on_leave(cast.ana)  # worth 21,000
    drain()
    with pytest.raises(Refused, match=r"would come to -11,000\.00"):
        confirm_proposal(proposal=the_proposal(), by=user(cast.maya), at=AT, on=ON)
    assert quota(cast.ana) == 10000


def test_an_import_says_what_a_quota_comes_to_with_all_that_was_changed_of_it(cast: Cast) -> None:
    imported("66000", "base")
    adjust_quota(person=cast.ana, period=QUARTER, amount=D(10000), reason="Fire", by=user(cast.maya), at=AT)
    answer = imported("50000")
    assert quota(cast.ana) == 50000
    goes_on_leave(cast.ana)
    drain()
    assert the_proposal().seat == cast.ana  # it goes on to follow what happens
    undo(answer)
    assert quota(cast.ana) == 10000


def test_an_import_of_a_base_takes_no_quota_below_zero(cast: Cast) -> None:
    imported("66000", "base")
    adjust_quota(person=cast.ana, period=QUARTER, amount=D(10000), reason="Fire", by=user(cast.maya), at=AT)
    answer = imported("50000", "base")
    assert "would come to -6,000.00" in reasons(answer)[0][2]
    assert quota(cast.ana) == 10000


# ── One's own figure ────────────────────────────────────────────────────────────────────────────────────────────


def test_an_admin_who_leads_a_team_is_no_exception(cast: Cast) -> None:
    Person.objects.filter(pk=cast.omar.pk).update(user=cast.admin)
    plan = draft(cast, {(cast.company, None): "40", (cast.south, None): "40", (cast.south, cast.cleo): "40"})
    goal = plan.allocations.get(team=cast.south, person=None)
    with pytest.raises(Refused, match="own figure"):
        change_allocation(allocation=goal, amount=D(1), reason="Less", by=cast.admin, at=AT)
    with pytest.raises(Refused, match="own figure"):
        lock_allocations(plan=plan, lines=[goal.pk], is_locked=True, by=cast.admin, at=AT)
    with pytest.raises(Refused, match="sets its budget"):
        set_budget(team=cast.south, period=QUARTER, cost="travel", amount=D(1), reason="Mine", by=cast.admin, at=AT)


# ── Budgets, and the lines of a plan in force ───────────────────────────────────────────────────────────────────


def test_of_two_budgets_the_later_is_taken_back_first(cast: Cast) -> None:
    text = "team,period,cost,amount\nNorth,2026-Q3,travel,"
    first, later = take("budgets", f"{text}100\n"), take("budgets", f"{text}120\n")
    with pytest.raises(Refused, match="Travel of North from 1 Jul 2026 were changed later on"):
        undo(first)
    undo(later)
    undo(first)
    assert sum(BudgetEntry.objects.values_list("amount", flat=True)) == 0
    entry = BudgetEntry.objects.filter(reverses=None).earliest("pk")
    assert reverse_budgets(entry_ids=[entry.pk], reason="Again", by=cast.admin, at=AT) == 0
    back = BudgetEntry.objects.get(reverses=entry)
    back.pk = None
    with pytest.raises(IntegrityError, match="budget_is_taken_back_once"), transaction.atomic():
        back.save(force_insert=True)


@pytest.mark.django_db(transaction=True)
def test_a_budget_set_on_a_page_and_by_a_file_at_once_is_set_once() -> None:
    from tests.cast import make_cast

    cast = make_cast()

    def by_page() -> None:
        set_budget(team=cast.north, period=QUARTER, cost="travel", amount=D(100), reason="Plan", by=cast.admin, at=AT)

    def by_file() -> None:
        take("budgets", "team,period,cost,amount\nNorth,2026-Q3,travel,100\n")

    assert at_once([by_page, by_file, by_page, by_file]) == ["done"] * 4
    assert list(BudgetEntry.objects.values_list("amount", flat=True)) == [100]


def test_an_import_adds_no_line_to_a_plan_in_force(cast: Cast) -> None:
    published(cast, {(cast.company, None): "35", (cast.north, None): "35", (cast.north, cast.ana): "35"})
    answer = take("allocations", "plan,team,person,amount\nPlan Q3,North,E-Ana,35\nPlan Q3,North,E-Ben,9\n")
    assert reasons(answer) == [(3, "plan", "This plan is published and in force; it gets no further lines.")]
    assert Allocation.objects.filter(person=cast.ben).count() == 0


def test_an_import_of_a_drafts_lines_is_told_in_their_history(cast: Cast) -> None:
    plan = draft(cast, {(cast.company, None): "35", (cast.north, None): "35", (cast.north, cast.ana): "35"})
    answer = take("allocations", "plan,team,person,amount\nPlan Q3,North,E-Ana,36.50\n", by=cast.olga.user)
    assert reasons(answer) == []
    [told] = changes_of([plan.allocations.get(person=cast.ana)], cast.admin)
    assert (told.was, told.amount, told.by, told.reason) == (35, D("36.50"), cast.olga.user, "Import of a.csv")
    undo(answer)
    assert plan.allocations.get(person=cast.ana).amount == 35
