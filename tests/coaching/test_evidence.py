"""What a diagnosis says, from records: what counts and what doesn't, whose cause it is, and whether it is the truth."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from coaching.models import Course, CourseVersion, Enrolment, Step
from coaching.selectors.diagnosis import LABELS, evidence_of, evidence_with_proposal
from performance.analysis.signals import Share
from performance.models import Rollup, RollupSum
from sales.models import Complaint, Deal, DealLine, DealReason, Feedback, Lead, Order
from salesmgmt.lib.clock import close_of
from salesmgmt.lib.ranges import half_open
from teams.models import Person, Posting, Role, Skill, SkillRating, Team
from tests.cast import Cast
from tests.coaching.planted import Planted, cases
from tests.coaching.recorded import DAY, Pairs, Records

AS_OF = date(2026, 5, 20)
NOW, BEFORE = date(2026, 5, 4), date(2025, 11, 3)
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def some(part: float, cases: int) -> Share:
    return Share(part, cases, cases)


SAID: Pairs = {
    "rep.product": (some(6, 10), some(2, 20)),
    "rep.price": (some(1, 10), some(4, 20)),
    "buyer.product": (some(3, 5), some(1, 8)),
    "discount": (Share(0.6, 3, 3), Share(0.2, 4, 4)),
    "production": (some(3, 8), some(1, 12)),
    "carrier": (some(2, 8), some(0, 12)),
    "complaint": (some(4, 8), some(1, 12)),
    "csat": (some(3, 5), some(1, 6)),
    "response": (some(4, 9), some(1, 10)),
    "unfit": (some(5, 7), some(2, 10)),
    "reach": (some(4, 6), some(1, 10)),
    "untaught": (some(4, 5), some(3, 10)),
}


Told = dict[str, tuple[float | None, int, float | None, int]]


def told(of: dict[Step, Any]) -> Told:
    """Each sign as the page shows it: share and cases, now and in the year before."""
    rows = [row for evidence in of.values() for row in evidence.rows if row["cases"] or row["before_cases"]]
    return {row["key"]: (near(row["now"]), row["cases"], near(row["before"]), row["before_cases"]) for row in rows}


def as_told(said: Pairs) -> Told:
    return {key: (near(now.value), now.cases, near(before.value), before.cases) for key, (now, before) in said.items()}


def near(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def what_counts_for_nothing(records: Records, ana: Person, ben: Person) -> None:
    """Withdrawn, cancelled, out of the window, said of oneself, unknown, or nobody's answer."""
    lost = {"lost_reason": records.why["service"]}
    withdrawn = {"withdrawn_at": NOON}
    for closed in (date(2026, 5, 21), date(2025, 3, 31)):
        records.deal(ana, "lost", closed, **lost)
    records.deal(ana, "lost", NOW, **lost, **withdrawn)
    records.deal(ben, "lost", NOW, **lost)
    for key in ("not_given", "duplicate"):
        records.deal(ana, "lost", NOW, lost_reason=records.why[key])
    aside = records.deal(ana, "lost", NOW)
    records.add(DealReason(deal=aside, reason=records.why["price"], side="buyer"))  # not their main one
    for free in (records.deal(ana, "lost", NOW), records.deal(ana, "won", NOW, **withdrawn)):
        records.add(DealLine(deal=free, text="Meter", list_price=1000, unit_price=0))
    late = {"promised_on": NOW, "produced_on": NOW + 9 * DAY, "delivered_on": NOW + 9 * DAY, "ordered_on": NOW}
    common: dict[str, Any] = {"owner": ana, "account": records.account, "amount": 100, "currency": "EUR"}
    records.add(Order(**common, **late, cancelled_on=NOW), Order(**common, **late, **withdrawn))
    answer: dict[str, Any] = {"owner": ana, "account": records.account, "given_on": NOW}
    records.add(
        Feedback(**answer, kind="csat", score=1, recorded_by=ana.user),
        Feedback(**answer, kind="csat", score=5, owner_had_link=True),
        Feedback(**answer, kind="nps", score=1),
        Complaint(account=records.account, owner=ana, text="No order", received_on=NOW),
    )
    lead: dict[str, Any] = {"name": "Lead", "owner": ana, "received_at": NOON, "decided_at": NOON}
    records.add(
        Lead(**lead, status="disqualified", disqualified_for="no_need", **withdrawn),
        Lead(**lead, status="disqualified", disqualified_for="duplicate", first_response_at=NOON),
        Lead(**lead, status="qualified", campaign=records.fair, first_response_at=NOON),  # of no known industry
    )
    over = close_of(AS_OF, "Europe/Berlin")  # the first moment of the day after
    away: dict[str, Any] = {"status": "disqualified", "campaign": records.fair, "industry": "Mills"}
    records.add(Lead(**lead | away | {"received_at": over, "decided_at": over}))


def test_each_step_rests_on_what_the_records_say_and_on_nothing_else(cast: Cast) -> None:
    records = Records()
    records.of_person(cast.ana, SAID, (NOW, BEFORE))
    what_counts_for_nothing(records, cast.ana, cast.ben)
    records.write()
    course = Course.objects.create(title="Gateways", made_at=NOON)
    version = CourseVersion.objects.create(course=course, number=1, made_at=NOON, published_at=NOON)
    Enrolment.objects.create(
        person=cast.ana, course=course, version=version, reason="x", assigned_at=NOON, agreed_on=NOW, due_on=NOW
    )
    SkillRating.objects.create(person=cast.ana, skill=Skill.objects.get(name="Closing"), is_own=False, score=2, at=NOON)
    found = evidence_of(person=cast.ana, as_of=AS_OF)
    # Leads: those two that were answered at once beside them, of which one was decided and is a lead.
    expected = as_told({**SAID, "response": (some(4, 11), some(1, 10)), "unfit": (some(5, 8), some(2, 10))})
    expected |= {f"rep.{key}": (0, 10, 0, 20) for key in ("delivery", "service")}  # named by nobody, of as many
    expected |= {f"buyer.{key}": (0, 5, 0, 8) for key in ("price", "delivery", "service")}
    assert told(found) == expected
    assert [row["label"] for row in found[Step.PRICE].rows] == [
        LABELS[key].label for key in ("rep.price", "buyer.price", "discount")
    ]
    assert found[Step.PRODUCT].sentence == "60% of lost deals went for the product, 10% in the year before."
    assert [(one["label"], one["value"]) for one in found[Step.TRAINING].facts] == [
        ("Here for", "28 months"),
        ("Courses passed", "0 of 1; open: Gateways"),
        ("Skills below what the role asks, or 1 or 2 of 5", "Closing"),
    ]
    assert [one["value"] for one in found[Step.MARKETING].facts] == ["1.5, in the year before 0.2"]
    assert (found[Step.PRODUCT].since, found[Step.PRODUCT].until) == (date(2026, 4, 1), AS_OF)


BAD, USUAL = some(18, 24), some(20, 80)
WRONG: dict[str, tuple[Step, tuple[Share, Share]]] = {
    "discount": (Step.PRICE, (Share(6, 24, 24), Share(4, 80, 80))),
    "unfit": (Step.MARKETING, (BAD, USUAL)),
    "reach": (Step.MARKETING, (BAD, USUAL)),
    "untaught": (Step.TRAINING, (BAD, USUAL)),
}


def test_what_one_person_shows_is_theirs_and_what_all_show_is_the_teams(cast: Cast) -> None:
    records, asked = Records(), []
    for key, (step, (bad, usual)) in WRONG.items():
        well = Share(usual.part * bad.cases / usual.cases, bad.whole, bad.cases)
        for is_wide in (False, True):
            people = a_team(cast, f"{key} {is_wide}", 6)
            for number, person in enumerate(people):
                shown = bad if is_wide or not number else well
                records.of_person(person, {key: (shown, usual)}, (NOW, BEFORE))
            asked.append((people[0], key, step, is_wide))
    records.write()
    for person, key, step, is_wide in asked:
        found, said = evidence_with_proposal(person=person, as_of=AS_OF)
        assert [one for one in Step if found[one].is_proposed] == [step], key
        assert found[step].is_team_wide is is_wide, key
        assert [one for one in Step if one != step and found[one].is_team_wide] == [], key
        assert ("for the whole team" in said) is is_wide, key
        row = next(row for row in found[step].rows if row["key"] == key)
        assert round(row["team_now"] * 20) == (round(row["now"] * 20) if is_wide else 5 if key != "discount" else 1)


def a_team(cast: Cast, name: str, count: int) -> list[Person]:
    team = Team.objects.create(name=name, parent=cast.company)
    since = date(2020, 1, 1)
    people = Person.objects.bulk_create(Person(name=f"{name} {n}", hired_on=since) for n in range(count))
    Posting.objects.bulk_create(
        Posting(person=one, team=team, role=Role.REP, during=half_open(since)) for one in people
    )
    return people


# ── Companies with a cause built in, written down ───────────────────────────────────────────────────────────────


def put_down(records: Records, planted: Planted, cast: Cast, number: int) -> Person:
    """The team of a case, as records and rollups; the deals are the company's own. Who it is about."""
    company, (now, before) = planted.company, planted.spans
    team = sorted(planted.facts.shares)
    people = dict(zip(team, a_team(cast, f"Team {number}", len(team)), strict=True))
    who = people[planted.facts.person]
    first, end = before[0], company.quarters[-1]
    cells: Counter[tuple[int, str, date]] = Counter()
    amounts: dict[tuple[int, str, date], float] = defaultdict(float)
    for pk, person in people.items():
        own: tuple[list[Deal], list[Deal]] = ([], [])
        for n in np.flatnonzero((company.owner == pk) & ~(company.decided < first)):
            decided = end + 9 if np.isnat(company.decided[n]) else company.decided[n]
            status, day = "won" if company.won[n] else "lost", decided.item()
            deal = records.deal(person, status, day, opened_on=company.opened[n].item())
            if decided < end:
                cells[person.pk, f"deals_{status}", day] += 1
                amounts[person.pk, "bookings", day] += round(float(company.amount[n]), 2) if company.won[n] else 0
            for place, (start, until) in enumerate(planted.spans):
                if start <= decided < until:
                    own[place].append(deal)
        for day in company.acted[(company.actor == pk) & (company.acted >= first)]:
            cells[person.pk, "activities.call", day.item()] += 1
        records.of_person(person, planted.facts.shares[pk], (now[0].item() + DAY, before[0].item() + DAY), own)
    keep(cells, amounts, Posting.objects.get(person=who).team_id)
    given(planted, who, now[1].item() - DAY)
    return who


def keep(cells: Counter[Any], amounts: dict[Any, float], team: int) -> None:
    """Rollups by day, and by month as the drainer adds them up."""
    months: dict[tuple[int, str, date], list[Any]] = {}
    days = []
    for person, measure, day in cells.keys() | amounts.keys():
        total, count = Decimal(str(round(amounts[person, measure, day], 2))), cells[person, measure, day]
        month = day.replace(day=1)
        cell: dict[str, Any] = {"person_id": person, "team_id": team, "measure": measure, "posted_month": month}
        days.append(Rollup(**cell, on=day, total=total, count=count))
        kept = months.setdefault((person, measure, month), [RollupSum(**cell, level="pm", on=month), 0, 0])
        kept[1], kept[2] = kept[1] + total, kept[2] + count
    Rollup.objects.bulk_create(days)
    for row, total, count in months.values():
        row.total, row.count = total, count
    RollupSum.objects.bulk_create(row for row, *_ in months.values())


def given(planted: Planted, person: Person, on: date) -> None:
    """How long they are here, the courses they were given, and what they are rated low in."""
    support = planted.facts.support
    assert support.tenure_months is not None
    Person.objects.filter(pk=person.pk).update(hired_on=on - int(support.tenure_months * 30.5) * DAY)
    at = datetime(on.year, on.month, on.day, tzinfo=UTC)
    for n in range(support.due):
        course = Course.objects.create(title=f"Course {n} for {person}", made_at=at)
        version = CourseVersion.objects.create(course=course, number=1, made_at=at, published_at=at)
        Enrolment.objects.create(
            person=person, course=course, version=version, reason="x", assigned_at=at, agreed_on=on, due_on=on,
            passed_at=at if n < support.done else None,
        )  # fmt: skip
    for name in support.weak:
        skill = Skill.objects.get(name=name.title())
        SkillRating.objects.create(person=person, skill=skill, is_own=False, score=2, at=at)


@pytest.mark.parametrize("seed", [18, 23, 29])
def test_from_records_the_step_is_the_planted_one_and_a_teams_cause_is_not_laid_on_a_person(
    cast: Cast, seed: int
) -> None:
    records, asked = Records(), list(cases(seed, size=6, deals=20))
    about = [put_down(records, planted, cast, number) for number, planted in enumerate(asked)]
    records.write()
    for person, planted in zip(about, asked, strict=True):
        found = evidence_of(person=person, as_of=planted.spans[0][1].item() - DAY)
        assert told(found) == as_told(planted.facts.shares[planted.facts.person])
        assert [step for step in Step if found[step].is_proposed] == [planted.step]
        assert found[Step(planted.step)].is_team_wide is planted.is_team_wide
