"""From a company target to what each person is held to: proposed, reviewed, changed with a reason, published."""

from datetime import UTC, date, datetime
from decimal import Decimal as D
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sales.models import Credit, Order
from salesmgmt.lib.periods import Period, SetUp
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused
from targets.models import Allocation, Plan, QuotaEntry, QuotaProposal, SeasonShare, Target
from targets.selectors import (
    changes_of,
    family_of,
    letters,
    plan_rows,
    preview,
    quota_of,
    quota_table,
    target_of,
    targets_of,
)
from targets.services import (
    adjust_quota,
    change_allocation,
    confirm_proposal,
    enter_quota,
    lock_allocations,
    make_plan,
    propose_allocation,
    publish_plan,
    refuse_proposal,
    reverse_entries,
    set_hedge,
    shape_plan,
)
from teams.models import Leave, LeaveKind, Organisation, Person, Posting, Role, User, access_of
from teams.models import Period as StoredPeriod
from teams.services import change_calendar
from tests.cast import Cast
from tests.targets.letters import signed_in

AT = datetime(2026, 6, 20, 9, tzinfo=UTC)
ON = date(2026, 6, 20)
Q3 = Period.parse("2026-Q3")


def login(person: Person) -> User:
    assert person.user is not None
    return person.user


def credit(person: Person, on: date, amount: int) -> None:
    order = Order.objects.create(owner=person, amount=amount, currency="EUR", ordered_on=on)
    Credit.objects.create(
        order=order,
        person=person,
        team=person.postings.get().team,
        kind="primary",
        occurred_on=on,
        posted_on=on,
        amount=amount,
        currency="EUR",
        reporting_amount=amount,
        recorded_at=AT,
        reason="Booked",
    )


def a_plan(cast: Cast, amount: str = "100000", **settings: Any) -> Plan:
    plan = make_plan(name="Plan Q3", period=Q3, amount=D(amount), by=cast.admin, at=AT)
    if settings:
        plan = shape_plan(plan=plan, by=cast.admin, at=AT, **settings)
    propose_allocation(plan=plan, by=cast.admin, at=AT, on=ON)
    return plan


def amounts(plan: Plan) -> dict[str, D]:
    return {str(line.person or line.team): line.amount for line in plan.allocations.all()}


def line(plan: Plan, name: str) -> Allocation:
    return next(line for line in plan.allocations.all() if str(line.person or line.team) == name)


@pytest.fixture
def results(cast: Cast) -> Cast:
    """The first quarter of 2026 is the only one in which anybody sold: Ana 30, Ben 20, Cleo 50 thousand."""
    for person, amount in ((cast.ana, 30_000), (cast.ben, 20_000), (cast.cleo, 50_000)):
        credit(person, date(2026, 2, 10), amount)
    return cast


def test_a_target_is_split_by_past_results_and_parts_equal_the_whole_at_each_level(results: Cast) -> None:
    assert amounts(a_plan(results, "100000.01")) == {
        "Company": D("100000.01"),
        "North": D("50000.00"),
        "South": D("50000.01"),
        "Ana": D("30000.00"),
        "Ben": D("20000.00"),
        "Cleo": D("50000.01"),  # the exact shares are 30,000.003, 20,000.002 and 50,000.005
    }


def test_proposal_and_spread_give_the_spare_cent_to_the_same_person(results: Cast) -> None:
    for person, key in ((results.ana, "b"), (results.ben, "A"), (results.maya, None)):
        Person.objects.filter(pk=person.pk).update(external_id=key)
        person.postings.update(role=Role.REP)
    plan = a_plan(results, "0.10", weight_past=0, weight_equal=100)
    ranks = family_of(line(plan, "Ana"), plan, access_of(results.admin)).siblings
    order = [Allocation.objects.get(pk=node.pk).person.name for node in sorted(ranks, key=lambda node: node.rank)]  # type: ignore[union-attr]
    assert order == ["Maya", "Ben", "Ana"]
    assert [amounts(plan)[name] for name in order] == [D("0.03"), D("0.03"), D("0.02")]


def test_a_quarter_on_parental_leave_is_not_a_zero(cast: Cast) -> None:
    # Four quarters until 1 April 2026. Ben was away for two of them and brought half: the same per day he was there.
    leave = LeaveKind.objects.get(key="parental")
    Leave.objects.create(person=cast.ben, kind=leave, during=half_open(date(2025, 4, 1), date(2025, 9, 29)))
    there = {cast.ana: 261, cast.ben: 132}  # weekdays from 1 April 2025 until 1 April 2026, and from 29 September
    for person, days in there.items():
        credit(person, date(2026, 2, 10), days * 100)
    plan = a_plan(cast)
    assert (line(plan, "Ana").amount, line(plan, "Ben").amount) == (D("33333.34"), D("33333.33"))
    # Nobody knows anything of Cleo: she stands with the mean of everybody's days.
    assert line(plan, "Cleo").amount == D("33333.33")


def test_a_newcomer_without_a_past_stands_with_the_mean_of_the_team(results: Cast) -> None:
    newcomer = Person.objects.create(name="Dana", external_id="E-Dana", hired_on=date(2026, 6, 15))
    Posting.objects.create(person=newcomer, team=results.north, role=Role.REP, during=half_open(date(2026, 6, 15)))
    plan = a_plan(results, "125000")
    # Weights 30 : 20 : mean 25 in the North, 50 in the South; 125 in all.
    assert (line(plan, "Dana").amount, line(plan, "Ana").amount) == (D(25000), D(30000))


def test_guardrails_hold_around_the_latest_result_and_the_impossible_is_refused_with_its_sums(results: Cast) -> None:
    plan = a_plan(results, "110000", growth=D(20), shrink=D(10))
    ana = line(plan, "Ana").amount
    assert ana <= D("30000") * D("1.2") * D("66") / D("64")
    greedy = make_plan(name="Too much", period=Q3, amount=D(500000), by=results.admin, at=AT)
    with pytest.raises(Refused, match=r"ceilings sum to [\d,.]+, which is [\d,.]+ less than the 500,000.00"):
        propose_allocation(
            plan=shape_plan(plan=greedy, by=results.admin, at=AT, growth=D(20)), by=results.admin, at=AT, on=ON
        )


def test_a_changed_line_keeps_its_siblings_and_shows_what_no_longer_fits(results: Cast) -> None:
    plan = a_plan(results)
    change_allocation(allocation=line(plan, "Ana"), amount=D(33000), reason="New patch", by=login(results.maya), at=AT)
    assert amounts(plan)["Ben"] == D(20000)
    north = next(row for row in plan_rows(plan, results.admin) if str(row.line.team) == "North" and not row.line.person)
    assert north.difference == D(3000)
    [change] = changes_of([line(plan, "Ana")], results.admin)
    assert (change.was, change.amount, change.reason) == (D(30000), D(33000), "New patch")


def test_the_rest_spreads_over_unlocked_siblings_and_below(results: Cast) -> None:
    plan = a_plan(results)
    change_allocation(
        allocation=line(plan, "South"), amount=D(60000), reason="Growth", by=login(results.vera), at=AT, rule="spread"
    )
    assert amounts(plan) == {
        "Company": D(100000),
        "North": D(40000),
        "South": D(60000),
        "Ana": D(24000),
        "Ben": D(16000),
        "Cleo": D(60000),
    }


def test_a_locked_line_stays_when_the_rest_is_proposed_anew(results: Cast) -> None:
    plan = a_plan(results)
    change_allocation(allocation=line(plan, "Ana"), amount=D(40000), reason="New patch", by=login(results.vera), at=AT)
    propose_allocation(plan=plan, by=results.admin, at=AT, on=ON)
    # 60,000 are left for Ben and Cleo, 20 : 50 by what they brought (R6: R = target − locked).
    assert (amounts(plan)["Ana"], amounts(plan)["Ben"]) == (D(40000), D("17142.86"))
    assert (amounts(plan)["North"], amounts(plan)["South"]) == (D("57142.86"), D("42857.14"))
    lock_allocations(plan=plan, lines=[line(plan, "Ana").pk], is_locked=False, by=login(results.vera), at=AT)
    propose_allocation(plan=plan, by=results.admin, at=AT, on=ON)
    assert amounts(plan)["Ana"] == D(30000)


def test_nobody_changes_or_publishes_their_own_figure(results: Cast) -> None:
    credit(results.maya, date(2026, 2, 10), 10_000)
    plan = a_plan(results)
    with pytest.raises(Refused, match="own figure"):
        change_allocation(allocation=line(plan, "Maya"), amount=D(1), reason="Less", by=login(results.maya), at=AT)
    with pytest.raises(Refused, match="next manager up"):
        change_allocation(allocation=line(plan, "North"), amount=D(1), reason="Less", by=login(results.maya), at=AT)
    with pytest.raises(Refused, match="outside"):
        change_allocation(allocation=line(plan, "Cleo"), amount=D(1), reason="More", by=login(results.maya), at=AT)
    Posting.objects.filter(person=results.maya).update(role=Role.EXECUTIVE)
    executive = User.objects.get(username="maya")
    with pytest.raises(Refused, match="next manager up"):
        change_allocation(allocation=line(plan, "North"), amount=D(1), reason="Less", by=executive, at=AT)
    with pytest.raises(Refused, match="somebody else publishes"):
        publish_plan(plan=plan, by=executive, at=AT)
    with pytest.raises(Refused, match="Executives"):
        publish_plan(plan=plan, by=login(results.ana), at=AT)


def test_publishing_writes_targets_and_quotas_once(results: Cast) -> None:
    plan = a_plan(results)
    assert publish_plan(plan=plan, by=login(results.vera), at=AT) == 3
    assert {target.team.name: target.amount for target in Target.objects.all()} == {
        "Company": D(100000),
        "North": D(50000),
        "South": D(50000),
    }
    assert publish_plan(plan=plan, by=login(results.vera), at=AT) == 0
    assert (QuotaEntry.objects.count(), Target.objects.count()) == (3, 3)
    assert quota_of(person_ids=[results.ana.pk], start=Q3.start, end=Q3.end) == {results.ana.pk: D(30000)}
    with pytest.raises(Refused, match="published"):
        change_allocation(allocation=line(plan, "Ana"), amount=D(1), reason="Late", by=login(results.vera), at=AT)


def test_publishing_again_proposes_what_leave_has_changed(results: Cast) -> None:
    plan = a_plan(results)
    publish_plan(plan=plan, by=login(results.vera), at=AT)
    leave = LeaveKind.objects.get(key="unpaid")
    Leave.objects.create(person=results.ana, kind=leave, during=half_open(date(2026, 8, 1), date(2026, 9, 1)))
    # August holds 21 of 66 working days: 30,000 × 21 ÷ 66 = 9,545.4545…
    assert publish_plan(plan=plan, by=login(results.vera), at=AT) == 0
    assert QuotaEntry.objects.count() == 3
    proposal = QuotaProposal.objects.open().get()
    refuse_proposal(proposal=proposal, reason="She is here", by=login(results.maya), at=AT)
    assert publish_plan(plan=plan, by=login(results.vera), at=AT) == 0
    assert not QuotaProposal.objects.open().exists()  # what was refused stays so
    QuotaProposal.objects.all().delete()
    publish_plan(plan=plan, by=login(results.vera), at=AT)
    confirm_proposal(proposal=QuotaProposal.objects.get(), by=login(results.maya), at=AT, on=ON)
    target = target_of(results.north, Q3)
    assert target is not None
    assert (target.people, target.uncovered, target.hedge) == (D("40454.55"), D("9545.45"), D(0))


def test_what_is_given_to_nobody_is_not_published(results: Cast) -> None:
    plan = a_plan(results)
    change_allocation(allocation=line(plan, "Ana"), amount=D(20000), reason="Leaving", by=login(results.maya), at=AT)
    with pytest.raises(Refused, match=r"10,000\.00 of North is given to nobody"):
        publish_plan(plan=plan, by=login(results.vera), at=AT)


def test_a_hedge_shows_in_the_team_target_apart_from_what_is_over_by_mistake(results: Cast) -> None:
    plan = a_plan(results)
    set_hedge(allocation=line(plan, "North"), amount=D(1000), reason="Steel", by=login(results.vera), at=AT)
    change_allocation(allocation=line(plan, "Ana"), amount=D(32600), reason="New patch", by=login(results.maya), at=AT)
    assert preview(plan).over == [("North", D(2000))]
    publish_plan(plan=plan, by=login(results.vera), at=AT)
    targets = targets_of(team_ids=[results.company.pk, results.north.pk], start=Q3.start, end=Q3.end)
    north, company = targets[results.north.pk], targets[results.company.pk]
    assert (north.target, north.people, north.hedge, north.over) == (D(50000), D(53000), D(1000), D(2000))
    assert (company.target, company.people, company.hedge, company.over) == (D(100000), D(103000), D(1000), D(2000))
    page = signed_in(results.vera).get("/quotas/?period=2026-Q3").content.decode()
    assert "beyond the hedge of" in page


def test_targets_of_a_year_and_of_its_quarters_are_never_added_up(results: Cast) -> None:
    """A year's target is what its quarters hold where those have none; ranges only count where they fill the days."""
    north, year = results.north, Period.parse("2026-FY")

    def published(period: Period, amount: int) -> None:
        during = half_open(period.start, period.end)
        Target.objects.create(team=north, during=during, amount=amount, published_at=AT)

    def target(period: Period) -> tuple[D, bool] | None:
        found = target_of(north, period)
        return (round(found.target, 2), found.is_published) if found else None

    enter_quota(
        person=results.ana, start=date(2026, 1, 1), end=date(2026, 4, 1), amount=D(7000), reason="Q1", by=results.admin,
        at=AT,
    )  # fmt: skip
    published(Q3, 50_000)
    assert target(year) == (D(7000), False)
    assert target(Q3) == (D(50_000), True)
    Organisation.objects.update(holiday_region="")
    published(year, 261_000)  # 1,000 for each of the 261 weekdays of 2026
    assert target(year) == (D(261_000), True)
    assert target(Period.parse("2026-Q1")) == (D(64_000), True)
    assert target(Q3) == (D(50_000), True)
    found = target_of(north, Period.parse("2026-Q1"))
    assert found is not None
    assert (found.hedge, round(found.over, 2)) == (0, D(-57_000))


def test_the_days_of_very_many_quotas_are_not_counted_on_every_view_and_a_change_shows_at_once(
    results: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    year = Period.parse("2026-FY")
    enter_quota(
        person=results.ana, start=year.start, end=year.end, amount=D(261_000), team=results.north, reason="A year",
        by=results.admin, at=AT,
    )  # fmt: skip
    settings.LEARNED_FOR = 60
    monkeypatch.setattr("targets.selectors.quotas.MANY_TO_COUNT", 0)

    def people() -> tuple[D, int]:
        with CaptureQueriesContext(connection) as asked:
            [found] = targets_of(team_ids=[results.north.pk], start=Q3.start, end=Q3.end).values()
        return round(found.people, 2), len(asked)

    (first, many), (again, few) = people(), people()
    assert first == again == 66_000
    assert few < many
    adjust_quota(person=results.ana, period=year, amount=D(522_000), reason="Twice", by=results.admin, at=AT)
    assert people()[0] == 132_000


def test_a_published_quota_changes_by_one_more_entry_with_a_reason(results: Cast) -> None:
    publish_plan(plan=a_plan(results), by=login(results.vera), at=AT)
    entry = adjust_quota(
        person=results.ana, period=Q3, amount=D(27000), reason="Lost a key account", by=login(results.maya), at=AT
    )
    assert entry is not None
    assert (entry.kind, entry.amount, entry.reason) == ("relief", D(-3000), "Lost a key account")
    assert quota_of(person_ids=[results.ana.pk], start=Q3.start, end=Q3.end) == {results.ana.pk: D(27000)}
    with pytest.raises(Refused, match="own quota"):
        adjust_quota(person=results.ana, period=Q3, amount=D(1), reason="Please", by=login(results.ana), at=AT)
    with pytest.raises(Refused, match="Only who leads"):
        adjust_quota(person=results.ana, period=Q3, amount=D(1), reason="Hm", by=login(results.omar), at=AT)


def test_a_quota_of_closed_days_alone_is_not_changed(results: Cast) -> None:
    july = Period.parse("2026-07")
    enter_quota(
        person=results.ana, start=july.start, end=july.end, amount=D(1000), basis="final", reason="Plan", by=None, at=AT
    )
    closes(july)
    with pytest.raises(Refused, match="No open day of Q3 2026 carries a quota of Ana"):
        adjust_quota(
            person=results.ana, period=Q3, amount=D(2000), reason="Late", by=login(results.maya), at=AT
        )  # fmt: skip


def test_closed_days_keep_what_they_carry_and_the_open_ones_can_be_changed(results: Cast) -> None:
    plan = a_plan(results)
    publish_plan(plan=plan, by=login(results.vera), at=AT)
    july, september, ana = Period.parse("2026-07"), Period.parse("2026-09"), [results.ana.pk]
    closes(july)
    carried = quota_of(person_ids=ana, start=july.start, end=july.end)
    by: Any = {"person": results.ana, "period": Q3, "by": login(results.maya), "at": AT}
    with pytest.raises(Refused, match=r"Closed days carry 10,454\.55 of the quota of Ana"):  # 23 of 66 days of 30,000
        adjust_quota(amount=D(10454), reason="Late", **by)
    for amount in (27_000, 10_454.55, 25_000):
        entry = adjust_quota(amount=D(str(amount)), reason="Less from August on", **by)
        assert entry is not None
        assert entry.during == half_open(july.end, Q3.end)
        assert quota_of(person_ids=ana, start=july.start, end=july.end) == carried
        assert quota_of(person_ids=ana, start=Q3.start, end=Q3.end) == {results.ana.pk: D(str(amount))}
    closes(july.shift(1))
    with pytest.raises(Refused, match="2026-07 is closed"):  # all of it is said anew
        enter_quota(
            person=results.ana, start=Q3.start, end=Q3.end, amount=D(26_000), team=results.north, reason="By a file",
            by=results.admin, at=AT,
        )  # fmt: skip
    adjust_quota(amount=D(24_000), reason="Less in September", **by)
    plan.refresh_from_db()
    [letter] = letters(plan, [results.ana], as_of=Q3.start)
    [section] = letter.sections
    assert (section.base, len(section.entries), section.total, letter.original) == (30_000, 4, 24_000, 24_000)
    table = quota_table(login(results.vera), Period.parse("2026-FY"))
    assert (table.kind, next(row for row in table.rows if row[0] == results.ana.external_id)[-1]) == ("quarter", 24_000)
    closes(september)
    with pytest.raises(Refused, match="2026-07 is closed"):
        adjust_quota(amount=D(25_000), reason="Too late", **by)


def closes(month: Period) -> None:
    StoredPeriod.objects.update_or_create(
        key=month.key, defaults={"during": half_open(month.start, month.end), "closed_at": AT}
    )


def test_a_player_coach_counts_once_in_the_team(results: Cast) -> None:
    credit(results.maya, date(2026, 2, 10), 10_000)
    publish_plan(plan=a_plan(results, "110000"), by=login(results.vera), at=AT)
    quotas = quota_of(team_ids=[results.company.pk, results.north.pk], start=Q3.start, end=Q3.end)
    assert quotas == {results.company.pk: D(110000), results.north.pk: D(60000)}


def test_entries_taken_back_leave_no_quota_and_are_taken_back_once(results: Cast) -> None:
    publish_plan(plan=a_plan(results), by=login(results.vera), at=AT)
    ids = list(QuotaEntry.objects.values_list("pk", flat=True))
    assert reverse_entries(entry_ids=ids, reason="Import undone", by=results.admin, at=AT) == 3
    assert reverse_entries(entry_ids=ids, reason="Import undone", by=results.admin, at=AT) == 0
    assert quota_of(person_ids=[results.ana.pk], start=Q3.start, end=Q3.end) == {results.ana.pk: D(0)}


def test_the_shape_of_a_quarter_is_learned_from_four_earlier_ones(cast: Cast) -> None:
    Organisation.objects.update(holiday_region="")
    for key in ("2025-Q3", "2025-Q4", "2026-Q1"):
        for month, amount in zip(Period.parse(key).months(), (10, 10, 30), strict=True):
            credit(cast.ana, month.start, amount * 1000)
    plan = a_plan(cast)
    publish_plan(plan=plan, by=cast.admin, at=AT)
    assert not SeasonShare.objects.exists()
    for month, amount in zip(Period.parse("2026-Q2").months(), (10, 10, 30), strict=True):
        credit(cast.ana, month.start, amount * 1000)
    publish_plan(plan=plan, by=cast.admin, at=AT)
    shares = {share.bucket: share.percent for share in SeasonShare.objects.all()}
    # Working days in the first, second, third months of the four quarters: 23+23+22+22 = 90, 21+20+20+21 = 82,
    # 22+23+22+22 = 89. Per day 444.44, 487.80, 1,348.31, times 23, 21, 22 ahead: 10,222 : 10,244 : 29,663 of 50,129.
    assert {key: round(percent) for key, percent in shares.items()} == {"2026-07": 20, "2026-08": 20, "2026-09": 59}
    assert sum(shares.values()) == 100


def test_a_manager_reviews_the_own_subtree_and_a_rep_the_own_line(results: Cast) -> None:
    plan = a_plan(results)

    def seen(user: User | None) -> list[str]:
        assert user is not None
        return [str(row.line.person or row.line.team) for row in plan_rows(plan, user)]

    assert seen(results.vera.user) == ["Company", "North", "Ana", "Ben", "South", "Cleo"]
    assert seen(results.maya.user) == ["North", "Ana", "Ben"]
    assert seen(results.ana.user) == ["Ana"]


def test_a_plan_can_be_made_for_a_period_of_a_4_4_5_calendar(cast: Cast) -> None:
    weeks = SetUp(2027, date(2027, 1, 4), "4-4-5")
    change_calendar(setup=weeks, by=login(cast.olga), at=AT, reason="Retail weeks")
    period = Period.parse("2027-P07", Organisation.get().calendar)
    made = make_plan(name="July", period=period, amount=D(90000), by=login(cast.vera), at=AT)
    made.refresh_from_db()
    assert (made.period, made.starts_on, made.until) == ("2027-P07", period.start, period.end)
    assert made.kept_period(Organisation.get().calendar) == period
