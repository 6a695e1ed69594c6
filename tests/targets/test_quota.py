"""What a person is held to: entries in order, to the cent, spread over their days; the arithmetic is in each test."""

from datetime import UTC, date, datetime
from decimal import Decimal as D
from typing import Any

import pytest

from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import half_open, through
from salesmgmt.lib.refusals import Refused
from targets.models import QuotaEntry, RampProfile, RampStep, SeasonProfile, SeasonShare
from targets.selectors import daily_quota, quota_of
from targets.services import enter_quota
from teams.models import Holiday, Leave, LeaveKind, Person, Posting
from tests.cast import Cast

AT = datetime(2026, 6, 20, 9, tzinfo=UTC)
# July 2026 has 23 weekdays, August 21, September 22: 66 in the quarter.
QUARTER: Any = {"start": date(2026, 7, 1), "end": date(2026, 10, 1)}


def entries(person: Person) -> list[tuple[str, D]]:
    rows = QuotaEntry.objects.filter(seat=person).order_by("pk")
    return [(row.kind, row.amount) for row in rows]


def give(cast: Cast, person: Person, amount: str, basis: str = "base", **more: Any) -> list[QuotaEntry]:
    return enter_quota(
        person=person, amount=D(amount), basis=basis, reason="Plan", by=cast.admin, at=AT, **{**QUARTER, **more}
    )


def by_day(person: Person) -> dict[date, D]:
    return {row.on: row.amount for row in daily_quota(person_ids=[person.pk], **QUARTER)}


def set_season(key: str, *percents: int) -> None:
    period = Period.parse(key)
    profile = SeasonProfile.objects.create(period=key, during=half_open(period.start, period.end))
    for month, percent in zip(period.months(), percents, strict=True):
        SeasonShare.objects.create(profile=profile, bucket=month.key, starts_on=month.start, percent=percent)


def repost(person: Person, *spans: tuple[date, date | None, dict[str, object]]) -> None:
    first = person.postings.get()
    person.postings.all().delete()
    for start, until, changes in spans:
        fields = {"team": first.team, "role": first.role, **changes}
        Posting.objects.create(person=person, during=half_open(start, until), **fields)


def test_a_full_time_person_gets_exactly_the_base_whatever_the_holidays(cast: Cast) -> None:
    Holiday.objects.create(region="DE", on=date(2026, 7, 14), name="A day off")
    give(cast, cast.ana, "100000.01")
    assert entries(cast.ana) == [("base", D("100000.01"))]
    days = by_day(cast.ana)
    assert len(days) == 65
    assert date(2026, 7, 14) not in days
    assert sum(days.values()) == D("100000.01")
    # 100000.01 / 65 = 1538.461692…; the last day takes what rounding left.
    assert days[date(2026, 7, 1)] == D("1538.461692")


def test_a_newcomer_ramps_by_month_of_tenure(cast: Cast) -> None:
    profile = RampProfile.objects.create(name="Newcomer")
    for month, percent in [(1, 0), (2, 50)]:
        RampStep.objects.create(profile=profile, month=month, percent=percent)
    Person.objects.filter(pk=cast.ana.pk).update(hired_on=date(2026, 8, 10))
    repost(cast.ana, (date(2026, 8, 10), None, {"ramp": "Newcomer"}))
    give(cast, cast.ana, "66000")
    # 1,000 a working day. 3–7 August are 5 days: before 10 August 23 + 5 = 28 days → −28,000, which stay with the team.
    # Tenure month 1 is 10 August to 9 September: 16 + 7 = 23 days at 0 % → −23,000.
    # Month 2 is the rest: 15 days at 50 % → −7,500. Ramp in all −30,500; 66,000 − 28,000 − 30,500 = 7,500.
    assert entries(cast.ana) == [
        ("base", D(66000)),
        ("employment", D(-28000)),
        ("ramp", D(-30500)),
        ("vacant", D(28000)),
    ]
    assert quota_of(person_ids=[cast.ana.pk], **QUARTER) == {cast.ana.pk: D(7500)}
    days = by_day(cast.ana)
    assert set(days.values()) == {D(500)}
    assert min(days) == date(2026, 9, 10)


def test_a_mid_period_joiner_leaves_the_vacant_days_to_the_team(cast: Cast) -> None:
    Person.objects.filter(pk=cast.ana.pk).update(hired_on=date(2026, 8, 17))
    repost(cast.ana, (date(2026, 8, 17), None, {}))
    give(cast, cast.ana, "100000")
    # 23 + 10 = 33 of 66 days are before 17 August: 100,000 × 33 ÷ 66 = 50,000.
    assert entries(cast.ana) == [("base", D(100000)), ("employment", D(-50000)), ("vacant", D(50000))]
    assert quota_of(team_ids=[cast.north.pk, cast.company.pk], **QUARTER) == {
        cast.north.pk: D(100000),
        cast.company.pk: D(100000),
    }
    vacant = list(daily_quota(person_ids=[None], **QUARTER))
    assert max(row.on for row in vacant) == date(2026, 8, 14)
    assert sum(row.amount for row in vacant) == 50000


def test_leave_counts_the_working_days_between_public_holidays(cast: Cast) -> None:
    for day in (3, 4):
        Holiday.objects.create(region="DE", on=date(2026, 8, day), name="A day off")
    leave = LeaveKind.objects.get(key="parental")
    Leave.objects.create(person=cast.ana, kind=leave, during=through(date(2026, 8, 1), date(2026, 8, 31)))
    give(cast, cast.ana, "100000")
    # 64 working days; August has 21 − 2 = 19. 100,000 × 45 ÷ 64 = 70,312.50, so leave takes 29,687.50.
    assert entries(cast.ana) == [("base", D(100000)), ("leave", D("-29687.50")), ("uncovered", D("29687.50"))]
    assert not [day for day in by_day(cast.ana) if day.month == 8]


def test_a_transfer_leaves_the_seat_with_the_old_team(cast: Cast) -> None:
    repost(
        cast.ana,
        (date(2024, 1, 1), date(2026, 9, 1), {}),
        (date(2026, 9, 1), None, {"team": cast.south}),
    )
    give(cast, cast.ana, "90000", team=cast.north)
    give(cast, cast.ana, "30000", team=cast.south)
    # North: 44 of 66 days → 60,000 hers, 30,000 vacant. South: 22 of 66 → 10,000 hers, 20,000 vacant before she came.
    assert entries(cast.ana) == [
        ("base", D(90000)),
        ("employment", D(-30000)),
        ("vacant", D(30000)),
        ("base", D(30000)),
        ("employment", D(-20000)),
        ("vacant", D(20000)),
    ]
    assert quota_of(person_ids=[cast.ana.pk], **QUARTER) == {cast.ana.pk: D(70000)}
    assert quota_of(team_ids=[cast.north.pk, cast.south.pk], **QUARTER) == {
        cast.north.pk: D(90000),
        cast.south.pk: D(30000),
    }


def test_part_time_lowers_after_employment(cast: Cast) -> None:
    repost(
        cast.ana,
        (date(2024, 1, 1), date(2026, 8, 1), {}),
        (date(2026, 8, 1), None, {"fte": D("0.6")}),
    )
    give(cast, cast.ana, "100000")
    # 23 full days and 43 at 0.6 = 48.8 of 66: 100,000 × 48.8 ÷ 66 = 73,939.3939… → 73,939.39.
    assert entries(cast.ana) == [("base", D(100000)), ("fte", D("-26060.61"))]
    assert sum(by_day(cast.ana).values()) == D("73939.39")


def test_a_vacation_day_moves_its_share_within_its_bucket(cast: Cast) -> None:
    set_season("2026-Q3", 20, 30, 50)
    leave = LeaveKind.objects.get(key="vacation")
    Leave.objects.create(person=cast.ana, kind=leave, during=through(date(2026, 8, 3), date(2026, 8, 7)))
    give(cast, cast.ana, "100000")
    days = by_day(cast.ana)
    # August carries 30,000 on 21 − 5 = 16 days: 1,875 each; September 50,000 on 22.
    assert entries(cast.ana) == [("base", D(100000))]
    assert days[date(2026, 8, 10)] == D(1875)
    assert days[date(2026, 9, 1)] == D("2272.727273")
    assert sum(amount for day, amount in days.items() if day.month == 8) == 30000
    assert sum(days.values()) == 100000


def test_a_final_quota_is_taken_as_it_is_and_follows_the_postings_between_teams(cast: Cast) -> None:
    repost(
        cast.ana,
        (date(2024, 1, 1), date(2026, 9, 1), {"fte": D("0.5")}),
        (date(2026, 9, 1), None, {"team": cast.south}),
    )
    give(cast, cast.ana, "100", basis="final")
    # 44 : 22 working days → 66.67 and 33.33.
    assert entries(cast.ana) == [("base", D("66.67")), ("base", D("33.33"))]
    assert quota_of(team_ids=[cast.north.pk], **QUARTER) == {cast.north.pk: D("66.67")}
    assert quota_of(person_ids=[cast.ana.pk], start=date(2026, 9, 1), end=date(2026, 10, 1)) == {
        cast.ana.pk: D("33.33")
    }


def test_entering_the_same_quota_again_adds_nothing_and_another_amount_adds_the_difference(cast: Cast) -> None:
    assert len(give(cast, cast.ana, "100000")) == 1
    assert give(cast, cast.ana, "100000") == []
    assert [entry.amount for entry in give(cast, cast.ana, "90000")] == [D(-10000)]
    assert quota_of(person_ids=[cast.ana.pk], **QUARTER) == {cast.ana.pk: D(90000)}


def test_a_posting_that_changed_posts_the_difference_only(cast: Cast) -> None:
    give(cast, cast.ana, "66000")
    repost(cast.ana, (date(2024, 1, 1), date(2026, 9, 1), {}))
    posted = give(cast, cast.ana, "66000")
    assert [(entry.kind, entry.amount) for entry in posted] == [("employment", D(-22000)), ("vacant", D(22000))]


def test_nobody_sets_their_own_quota(cast: Cast) -> None:
    with pytest.raises(Refused, match="own quota"):
        enter_quota(person=cast.vera, amount=D(1), reason="Mine", by=cast.vera.user, at=AT, **QUARTER)


def test_two_quotas_that_share_days_are_refused(cast: Cast) -> None:
    give(cast, cast.ana, "100000")
    with pytest.raises(Refused, match="already has a quota"):
        give(cast, cast.ana, "30000", start=date(2026, 7, 1), end=date(2026, 8, 1))


def test_a_person_without_an_entry_has_no_quota_rather_than_zero(cast: Cast) -> None:
    give(cast, cast.ana, "100000")
    assert quota_of(person_ids=[cast.ana.pk, cast.ben.pk], **QUARTER) == {cast.ana.pk: D(100000)}
    assert quota_of(person_ids=[cast.ben.pk], start=date(2026, 1, 1), end=date(2026, 2, 1)) == {}
