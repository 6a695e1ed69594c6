"""A plan in force: who comes later, what changes meanwhile, and calendars, teams and managers that go on moving."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal as D
from typing import Any

import pytest
from django.db.models import Sum

from performance.selectors import team_standings
from salesmgmt.desk.models import Notice
from salesmgmt.lib.periods import Period, SetUp
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused
from salesmgmt.pages.home import due_for
from targets.models import Plan, QuotaEntry, QuotaProposal
from targets.selectors import by_quarter, plan_rows, published_targets, quota_of, revised, standings, targets_of
from targets.services import adjust_quota, announce, answer_response, confirm_proposal, publish_plan, respond
from teams.models import Organisation, Person, Posting, Team, User
from teams.services import change_calendar, change_team, post_person
from tests.answers import content_of
from tests.cast import Cast
from tests.targets.letters import END, START, get_json, published, signed_in
from tests.targets.test_proposals import ON, drain, user

AT = datetime(2026, 7, 1, 9, tzinfo=UTC)
LATER, AFTER = datetime(2026, 8, 20, 9, tzinfo=UTC), datetime(2026, 8, 25, 9, tzinfo=UTC)
Q3 = Period.parse("2026-Q3")


def figure(person: Person) -> D:
    return quota_of(person_ids=[person.pk], start=START, end=END).get(person.pk, D(0))


def letters_due(person: Person) -> list[tuple[str, date]]:
    assert person.user is not None
    found = due_for(User.objects.get(pk=person.user.pk), today=LATER.date(), since=LATER, leads=False)
    return [(one.text, one.on) for one in found if one.kind == "letter"]


def confirm_all(by: Person, on: date = ON) -> None:
    for proposal in QuotaProposal.objects.open().order_by("pk"):
        confirm_proposal(proposal=proposal, by=by.user, at=LATER, on=on)
    drain(on)


@pytest.fixture
def plan(cast: Cast) -> Plan:
    """1,000 for each of the 66 working days of the quarter."""
    lines = {(cast.company, None): "198000", (cast.north, None): "132000", (cast.south, None): "66000"}
    people = {(cast.north, cast.ana): "66000", (cast.north, cast.ben): "66000", (cast.south, cast.cleo): "66000"}
    found = published(cast, {**lines, **people})  # type: ignore[dict-item]
    drain()
    return found


@pytest.fixture
def moved(cast: Cast, plan: Plan) -> Plan:
    """Cleo leaves South on 17 August; Ana comes from North on the same day and takes over the seat."""
    posting = cast.ana.postings.get()
    posting.during = half_open(date(2024, 1, 1), date(2026, 8, 17))
    posting.save()
    Posting.objects.create(person=cast.ana, team=cast.south, role="rep", during=half_open(date(2026, 8, 17)))
    cast.cleo.left_on = date(2026, 8, 17)
    cast.cleo.save()
    drain()
    confirm_all(cast.vera)
    drain()
    confirm_all(cast.vera)
    return plan


@pytest.fixture
def nina(cast: Cast, plan: Plan) -> Person:
    """Ben leaves on 17 August, Nina comes for him, 33 working days before the end."""
    cast.ben.left_on = date(2026, 8, 17)
    cast.ben.save()
    drain()
    confirm_all(cast.maya)
    login = User.objects.create(username="nina")
    made = Person.objects.create(external_id="E-Nina", name="Nina", user=login, hired_on=date(2026, 8, 17))
    Posting.objects.create(person=made, team=cast.north, role="rep", during=half_open(date(2026, 8, 17)))
    drain()
    confirm_all(cast.maya)
    return made


# ── Who takes over a seat, or joins ─────────────────────────────────────────────────────────────────────────────


def test_a_figure_of_two_seats_is_changed_as_a_whole(cast: Cast, moved: Plan) -> None:
    # 17 August to 30 September has 33 working days: 33,000 stay in North, 33,000 are Cleo's seat.
    assert figure(cast.ana) == 66000
    [north, south] = (
        QuotaEntry.objects.filter(person=cast.ana).values_list("team__name").annotate(n=Sum("amount")).order_by("team")
    )
    assert (north, south) == (("North", 33000), ("South", 33000))
    response = respond(
        plan=moved, person=cast.ana, stance="objects", statement="Too much", by=cast.ana.user, at=LATER,
        quota=D(66000),
    )  # fmt: skip
    answer = answer_response(
        response=response, kind="changed", text="Half the steel is gone", amount=D(60000), by=cast.vera.user, at=LATER
    )
    assert (answer.was, answer.amount, figure(cast.ana)) == (66000, 60000, 60000)
    entry = QuotaEntry.objects.get(kind="relief")
    assert (entry.team, entry.starts_on, entry.amount) == (cast.north, START, -6000)
    page = signed_in(cast.ana).get("/quotas/?period=2026-Q3").content.decode()
    assert "60,000.00" in page
    table = content_of(signed_in(cast.admin).get("/quotas/table/?period=2026-Q3")).decode()
    rows = {(row["name"], row["team"]): row["2026-Q3"] for row in csv.DictReader(io.StringIO(table))}
    assert rows == {
        ("Ana", "North"): "27000.00", ("Ana", "South"): "33000.00", ("Ben", "North"): "66000.00",
        ("Cleo", "South"): "33000.00",
    }  # fmt: skip


def test_a_figure_of_two_seats_may_come_to_less_than_one_of_them(cast: Cast, moved: Plan) -> None:
    adjust_quota(person=cast.ana, period=Q3, amount=D(10000), reason="Frozen", by=cast.vera.user, at=LATER)
    taken = QuotaEntry.objects.filter(kind="relief").order_by("pk").values_list("team__name", "amount")
    assert list(taken) == [("North", -33000), ("South", -23000)]
    assert figure(cast.ana) == 10000
    adjust_quota(person=cast.ana, period=Q3, amount=D(0), reason="Fire", by=cast.vera.user, at=LATER)
    assert figure(cast.ana) == 0


def test_a_former_manager_reads_no_entries_of_who_has_gone_but_their_sum(cast: Cast, moved: Plan) -> None:
    adjust_quota(person=cast.ana, period=Q3, amount=D(60000), reason="Between us", by=cast.vera.user, at=LATER)
    QuotaEntry.objects.create(
        team=cast.north, seat=cast.ben, during=half_open(START, END), kind="vacant", amount=7, currency="EUR",
        reporting_amount=7, recorded_at=LATER, reason="Seat left",
    )  # fmt: skip
    maya = signed_in(cast.maya)
    for path in ("/quotas/export/?period=2026-Q3", "/quotas/table/?period=2026-Q3"):
        told = content_of(maya.get(path)).decode()
        assert "Between us" not in told
        assert "E-Ana" not in told
        assert "27000.00" in told  # what they hold in North, with the relief
    assert "people who have left your teams" in told.lower()
    assert "Between us" not in maya.get(f"/api/v1/quotas/?person={cast.ana.pk}").content.decode()
    # Who leads above reads what is left to the teams below.
    Posting.objects.filter(person=cast.vera).update(role="manager")
    seen = QuotaEntry.objects.visible_to(user(cast.vera))
    assert seen.filter(person=None, team=cast.north, amount=7).exists()
    assert not QuotaEntry.objects.visible_to(user(cast.omar)).filter(person=None, team=cast.north).exists()


def test_who_joins_after_publishing_has_a_letter_answers_it_and_is_announced_to(
    cast: Cast, plan: Plan, nina: Person
) -> None:
    assert figure(nina) == 33000
    told = Notice.objects.get(user=nina.user, link=f"/plans/{plan.pk}/letters/{nina.pk}/")
    assert told.text == "Plan Q3: read your figure and say yes or object by 27 Aug."
    client = signed_in(nina)
    assert letters_due(nina) == [("Answer your letter: Plan Q3", date(2026, 8, 27))]
    page = client.get(f"/plans/{plan.pk}/letters/{nina.pk}/").content.decode()
    assert "33,000" in page
    assert standings(plan, [nina.pk], as_of=date(2026, 8, 21))[nina.pk].is_overdue is False
    listed = signed_in(cast.maya).get(f"/plans/{plan.pk}/letters/").content.decode()
    assert "Nina" in listed
    respond(plan=plan, person=nina, stance="accepts", approach="Visits", by=nina.user, at=LATER, quota=D(33000))  # type: ignore[arg-type]
    assert letters_due(nina) == []
    adjust_quota(person=nina, period=Q3, amount=D(31000), reason="Less steel", by=user(cast.maya), at=AFTER)
    made = announce(
        plan=plan, headline="Steel", economy="Prices", team=cast.north, figures={nina.pk: D(30000)}, by=user(cast.maya),
        at=AFTER,
    )  # fmt: skip
    assert made.figures.get(person=nina).before == 33000
    assert made.figures.get(person=nina).after == figure(nina) == 30000
    assert letters_due(nina) == [("Answer your letter: Plan Q3", date(2026, 9, 1))]
    history = signed_in(cast.maya).get(f"/quotas/{nina.pk}/?period=2026-Q3").content.decode()
    assert "Steel" in history


# ── Calendars, teams and managers that go on moving ─────────────────────────────────────────────────────────────


def letter_of(plan: Plan, person: Person, reader: Person) -> dict[str, Any]:
    found: dict[str, Any] = get_json(signed_in(reader), f"/api/v1/letters/?plan={plan.pk}&person={person.pk}")
    return found


def told(plan: Plan, person: Person, by: Person, amount: D) -> None:
    """An objection, its answer and an announcement, by whoever leads the person now: 2,000 less, then `amount`."""
    now = figure_in(plan, person)
    response = respond(
        plan=plan, person=person, stance="objects", statement="Too much", by=user(person), at=LATER, quota=now
    )
    answer = answer_response(response=response, kind="changed", text="Yes", amount=now - 2000, by=user(by), at=LATER)
    assert (answer.was, answer.amount, figure_in(plan, person)) == (now, now - 2000, now - 2000)
    made = announce(
        plan=plan, headline="Steel", economy="Prices", person=person, figures={person.pk: amount}, by=user(by), at=AFTER
    )
    assert [(one.before, one.after) for one in made.figures.filter(person=person)] == [(now, amount)]
    assert figure_in(plan, person) == D(letter_of(plan, person, by)["original"]) == amount
    respond(plan=plan, person=person, stance="accepts", approach="So be it", by=user(person), at=AFTER, quota=amount)
    assert standings(plan, [person.pk], as_of=AFTER.date())[person.pk].state == "accepted"


def figure_in(plan: Plan, person: Person) -> D:
    assert plan.until is not None
    return quota_of(person_ids=[person.pk], start=plan.starts_on, end=plan.until)[person.pk]


def test_a_published_plan_survives_a_change_of_the_calendar(cast: Cast) -> None:
    first = Period.parse("2027-Q1")
    plan = published(cast, {(cast.north, cast.ana): "90000", (cast.north, cast.ben): "60000"}, period=first)
    before = letter_of(plan, cast.ana, cast.ana)
    change_calendar(setup=SetUp(2027, date(2027, 1, 4), "4-4-5"), by=cast.olga.user, at=AT, reason="Retail weeks")
    plan.refresh_from_db()
    assert (plan.starts_on, plan.until) == (date(2027, 1, 1), date(2027, 4, 1))
    assert letter_of(plan, cast.ana, cast.ana) == before
    told(plan, cast.ana, cast.maya, D(82000))
    assert publish_plan(plan=plan, by=cast.admin, at=AFTER) == 0
    assert not QuotaProposal.objects.open().exists()
    now = Period.parse("2027-Q1", Organisation.get().calendar)
    assert now.start == date(2027, 1, 4)
    with pytest.raises(Refused, match=r"is set for 1 Jan 2027 to 31 Mar 2027, other days than those of Q1"):
        adjust_quota(person=cast.ana, period=now, amount=D(1), reason="Less", by=user(cast.maya), at=AFTER)
    assert signed_in(cast.ana).get("/quotas/?period=2027-Q1").status_code == 200
    kept = plan.kept_period(Organisation.get().calendar)
    assert [(one.key, one.days) for one in kept.months()] == [
        ("2026-12", 3), ("2027-P01", 28), ("2027-P02", 28), ("2027-P03", 31),
    ]  # fmt: skip
    assert signed_in(cast.vera).get(f"/plans/{plan.pk}/capacity/").status_code == 200


def test_a_year_plan_is_shown_in_all_its_quarters_after_a_change_of_the_fiscal_year(cast: Cast) -> None:
    year = Period.parse("2027-FY")
    lines = {(cast.company, None): "100000.01", (cast.north, cast.ana): "100000.01"}
    plan = published(cast, lines, period=year)  # type: ignore[arg-type]
    change_calendar(setup=SetUp(2028, date(2027, 7, 1)), by=cast.olga.user, at=AT, reason="With the parent company")
    rows = [row for row in plan_rows(plan, cast.admin) if row.line.person is None]
    quarters, [(_, amounts)] = by_quarter(plan, rows)
    assert [quarter.key for quarter in quarters] == ["2027-Q1", "2027-Q2", "2028-Q1", "2028-Q2"]
    assert sum(amounts) == D("100000.01")
    assert D(24000) < min(amounts) < max(amounts) < D(26000)
    ranges = [(quarter.start, quarter.end) for quarter in quarters]
    targets = published_targets(team_ids=[cast.company.pk], ranges=ranges)
    assert [held[cast.company.pk] for held in targets] == amounts  # to the cent as the plan's page has it
    page = signed_in(cast.vera).get(f"/plans/{plan.pk}/capacity/")
    assert len(page.context["form"].fields["hired_in"].choices) == 12
    # Half-way hired, half of a seat: six of twelve months.
    asked = {"hires": 1, "hired_in": 6, "attrition": 0, "ramp": ""}
    later = signed_in(cast.vera).get(f"/plans/{plan.pk}/capacity/", asked)
    assert D(50000) < later.context["capacity"].per_hire < D(51000)


def test_a_published_plan_survives_a_team_that_moves_and_one_that_goes(cast: Cast, plan: Plan) -> None:
    change_team(team=cast.north, by=cast.admin, parent=cast.south)
    cast.north.refresh_from_db()
    held = targets_of(team_ids=[cast.company.pk, cast.north.pk, cast.south.pk], start=START, end=END)
    assert {pk: one.target for pk, one in held.items()} == {
        cast.company.pk: 198_000, cast.north.pk: 132_000, cast.south.pk: 198_000,
    }  # fmt: skip
    assert held[cast.south.pk].people == 198_000  # the target of North has gone along with its people
    assert {one.over for one in held.values()} == {0}
    [standing] = team_standings(team_ids=[cast.south.pk], period=Q3, as_of=ON)
    assert standing.target == 198_000
    tree = [(str(row.line.person or row.line.team), row.depth, row.mismatch) for row in plan_rows(plan, cast.admin)]
    assert tree == [
        ("Company", 0, 0), ("North", 1, 0), ("Ana", 2, None), ("Ben", 2, None), ("South", 1, 0), ("Cleo", 2, None),
    ]  # fmt: skip
    assert {pk: total for (pk, person), total in revised(plan).items() if person is None} == {
        cast.company.pk: 198_000, cast.north.pk: 132_000, cast.south.pk: 66_000,
    }  # fmt: skip
    told(plan, cast.ana, cast.omar, D(60_000))  # who leads the team above now
    # Everybody of North goes to South; the team itself goes.
    for person in (cast.ana, cast.ben, cast.maya):
        post_person(person=person, team=cast.south, role="rep", on=date(2026, 8, 17), by=cast.admin)
    Team.objects.filter(pk=cast.north.pk).update(withdrawn_at=AFTER)
    drain()
    assert {one.seat for one in QuotaProposal.objects.open()} >= {cast.ana, cast.ben}
    confirm_all(cast.vera)
    assert figure(cast.ana) == D(letter_of(plan, cast.ana, cast.omar)["original"])
    response = respond(plan=plan, person=cast.ben, stance="objects", statement="Why", by=user(cast.ben), at=AFTER)
    now = figure(cast.ben)
    answer_response(response=response, kind="changed", text="Yes", amount=now - 1, by=user(cast.omar), at=AFTER)
    assert figure(cast.ben) == now - 1
    pages = {
        cast.vera: [f"/plans/{plan.pk}/", f"/plans/{plan.pk}/letters/", "/quotas/?period=2026-Q3"],
        cast.omar: [f"/plans/{plan.pk}/letters/{cast.ben.pk}/"],
        cast.ben: ["/quotas/?period=2026-Q3"],
    }
    for reader, path in ((reader, path) for reader, paths in pages.items() for path in paths):
        assert signed_in(reader).get(path).status_code == 200, path
    assert publish_plan(plan=plan, by=cast.admin, at=AFTER) == 0
