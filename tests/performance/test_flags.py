"""Who is flagged, why, and who is not: sellers at quarter's end, newcomers, people away or just back."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from performance.models import Flag, FlagEvent
from performance.selectors import findings, open_flags
from performance.selectors.causes import slower
from performance.selectors.findings import Window, readings
from performance.services import raise_flags, recheck
from sales.models import Activity, Credit, Deal, Order, Outcome, Stage, Task
from salesmgmt.desk.models import Mark, Notice
from salesmgmt.lib.periods import CALENDAR_YEARS, Period
from salesmgmt.lib.ranges import half_open, through
from targets.models import RampProfile, RampStep
from teams.models import Leave, LeaveKind, Person, Posting, Role, Team
from tests.cast import Cast
from tests.performance.records import AT, a_credit, a_quota

QUARTER = Period.parse("2026-Q2")
TODAY = date(2026, 5, 29)
NOW = datetime(2026, 5, 29, 6, tzinfo=UTC)
PAST = 7


def quarters(until: date) -> list[Period]:
    return [quarter for n in range(-PAST, 3) if (quarter := QUARTER.shift(n)).start <= until]


def sell(
    person: Person, team: Team, *, value: str = "1000", since: date | None = None, now: dict[str, float] | None = None,
    late: bool = False, quota: str = "13000", until: date = TODAY, then: dict[str, float] | None = None,
) -> None:  # fmt: skip
    """Two years of weeks: each with five activities on a deal opened 30 days before, one deal won and one lost.

    From the second quarter of 2026 on `now` scales `activities`, `wins` (value too), `losses`, `size`; `then`
    from the third. `late` sells only in the last third of a quarter.
    """
    plain = {"activities": 1.0, "wins": 1.0, "losses": 1.0, "size": 1.0}
    stage = Stage.objects.order_by("pk")[0]
    deals, activities = [], []
    for quarter in quarters(until):
        scale = plain
        if quarter.start >= QUARTER.start:
            scale = plain | ((then if then and quarter.start > QUARTER.start else now) or {})
        owed = dict.fromkeys(scale, 0.0)
        for week in range(13):
            for day in range(5):
                on = quarter.start + timedelta(week * 7 + day)
                if on not in quarter or on >= until or (since and on < since):
                    continue
                owed["activities"] += scale["activities"]
                if owed["activities"] >= 1:
                    owed["activities"] -= 1
                    activities.append((on, "meeting" if day % 2 else "call"))
            on = quarter.start + timedelta(week * 7 + 3)
            if on >= until or (since and on < since):
                continue
            owed["wins"] += (0 if week < 9 else 3.25) if late else scale["wins"]
            owed["losses"] += scale["losses"]
            while owed["wins"] >= 1:
                owed["wins"] -= 1
                deals.append((on, "won", Decimal(value) * Decimal(str(scale["size"]))))
            while owed["losses"] >= 1:
                owed["losses"] -= 1
                deals.append((on, "lost", Decimal(value)))
        if since is None or quarter.end > since:
            a_quota(person, quota, max(quarter.start, since or quarter.start), quarter.end, team=team)
    made = Deal.objects.bulk_create(
        Deal(
            name="Deal", owner=person, stage=stage, status=status, amount=amount, currency="EUR", closed_on=on,
            opened_on=on - timedelta(30),
        )
        for on, status, amount in deals
    )  # fmt: skip
    ordered = Order.objects.bulk_create(
        Order(owner=person, amount=d.amount, currency="EUR", ordered_on=d.closed_on, deal=d)
        for d in made
        if d.status == "won"
    )
    Credit.objects.bulk_create(
        Credit(
            order=o, person=person, team=team, kind="primary", occurred_on=o.ordered_on, posted_on=o.ordered_on,
            amount=o.amount, currency="EUR", reporting_amount=o.amount, recorded_at=AT, reason="Booked",
        )
        for o in ordered
    )  # fmt: skip
    outcomes = [
        Outcome(
            deal=d, person=person, team=team, status=d.status, count=1, occurred_on=d.closed_on, posted_on=d.closed_on,
            amount=d.amount, cycle_days=30, recorded_at=AT, reason="Decided",
        )
        for d in made
    ]  # fmt: skip
    Outcome.objects.bulk_create(outcomes)
    Activity.objects.bulk_create(
        Activity(owner=person, kind=kind, occurred_on=on, occurred_at=f"{on}T09:00Z") for on, kind in activities
    )


def look(as_of: date = TODAY) -> dict[str, int]:
    call_command("refresh_rollups")
    return raise_flags(as_of=as_of, at=NOW)


def flagged() -> dict[str, str]:
    return {flag.person.name: flag.cause for flag in Flag.objects.open().select_related("person")}


def a_colleague(cast: Cast, name: str, hired: date = date(2024, 1, 1), **posting) -> Person:
    person = Person.objects.create(name=name, external_id=name, hired_on=hired)
    Posting.objects.create(person=person, team=cast.north, role=Role.REP, during=half_open(hired), **posting)
    return person


@pytest.mark.parametrize(
    ("speed", "said"),
    [
        (0.64, "Deals take 56% longer to be decided than"),
        (0.5, "Deals take twice as long to be decided as"),
        (0.33, "Deals take 3 times as long to be decided as"),
    ],
)
def test_slower_deals_are_said_by_how_much_longer_they_take(speed: float, said: str) -> None:
    assert slower(speed) == said


HALF = {"wins": 0.5, "losses": 1.5}


@pytest.mark.parametrize(
    ("now", "cause", "words"),
    [
        ({"activities": 0.5, "wins": 0.5, "losses": 0.5}, "activity", "Half as many activities as in recent quarters"),
        ({"wins": 0.5, "losses": 1.5}, "conversion", "of decided deals won, 50% in recent quarters"),
        ({"size": 0.5}, "size", "Deals won are half as large as in recent quarters"),
        ({"wins": 0.5, "losses": 0.5}, "pipeline", "open deals"),
    ],
)
def test_who_is_behind_is_flagged_with_the_cause(cast: Cast, now: dict[str, float], cause: str, words: str) -> None:
    sell(cast.ana, cast.north)
    sell(cast.ben, cast.north, now=now)
    sell(cast.cleo, cast.south, late=True)
    assert look()["raised"] == 1
    assert flagged() == {"Ben": cause}
    flag = Flag.objects.get()
    assert words in flag.sentence
    assert flag.gap == flag.expected - flag.actual > 0
    assert QUARTER.start <= flag.behind_since <= date(2026, 5, 15)
    assert all(row["records"].startswith("/records/?") for row in flag.evidence["figures"])
    assert "Ben" not in flag.sentence  # about the gap, not about the person


def test_person_and_manager_are_told_at_once_and_nobody_else(cast: Cast) -> None:
    sell(cast.ben, cast.north, now=HALF)
    sell(cast.ana, cast.north)
    look()
    flag = Flag.objects.get()
    link = f"/flags/{flag.pk}/"
    assert set(Notice.objects.filter(link=link).values_list("user__username", "at")) == {("ben", NOW), ("maya", NOW)}
    assert set(Task.objects.filter(source="flag", link=link).values_list("owner__name", flat=True)) == {"Ben", "Maya"}
    assert [open_flags(who.user).count() for who in (cast.ben, cast.maya, cast.vera, cast.ana, cast.omar)] == [
        1,
        1,
        1,
        0,
        0,
    ]


def test_looking_twice_changes_nothing_and_enough_of_a_change_is_told_once(cast: Cast) -> None:
    sell(cast.ben, cast.north, now=HALF)
    look()
    assert look() == {"raised": 0, "changed": 0, "closed": 0, "waiting": 0}
    a_credit(cast.ben, "800", TODAY)
    assert look()["changed"] == 1
    assert look()["changed"] == 0
    assert list(FlagEvent.objects.order_by("pk").values_list("kind", flat=True)) == ["raised", "changed"]


def test_a_flag_that_recovers_closes_itself_and_keeps_its_history(cast: Cast) -> None:
    sell(cast.ben, cast.north, now=HALF)
    look()
    a_credit(cast.ben, "6000", TODAY)
    assert look()["closed"] == 1
    flag = Flag.objects.get()
    assert (flag.closed_on, flag.closed_because) == (TODAY, "Back within reach of the plan.")
    assert not Task.objects.filter(source="flag", done_at=None).exists()
    assert list(flag.events.order_by("pk").values_list("kind", flat=True)) == ["raised", "closed"]


def test_a_flag_expires_with_its_period(cast: Cast) -> None:
    sell(cast.ben, cast.north, now=HALF)
    look()
    assert look(QUARTER.end)["closed"] == 1
    assert Flag.objects.get().closed_because == "The period is over."


# ── The first days of a quarter ─────────────────────────────────────────────────────────────────────────────────

NEXT = QUARTER.shift(1)
YOUNG = [date(2026, 7, 1), date(2026, 7, 2), date(2026, 7, 14), date(2026, 8, 3)]  # the last its 24th weekday


def falls_behind(
    cast: Cast, until: date, now: dict[str, float] | None = HALF, then: dict[str, float] | None = None
) -> None:
    """Ben, from April on; Ana is as ever, Cleo sells late."""
    sell(cast.ana, cast.north, until=until)
    sell(cast.ben, cast.north, until=until, now=now, then=then)
    sell(cast.cleo, cast.south, until=until, late=True)


@pytest.mark.parametrize("day", [*YOUNG, date(2026, 8, 4), date(2026, 8, 17)])
def test_who_was_behind_and_goes_on_is_behind_in_the_first_days_of_a_quarter_too(cast: Cast, day: date) -> None:
    falls_behind(cast, day)
    assert look(day)["raised"] == 1
    assert flagged() == {"Ben": "conversion"}


@pytest.mark.parametrize("day", YOUNG)
def test_nobody_is_behind_for_a_slow_beginning_but_for_five_empty_weeks(cast: Cast, day: date) -> None:
    falls_behind(cast, min(day, date(2026, 7, 3)), now={})
    look(day)
    # Cleo, who sells late, is not behind; that she does nothing is told all the same.
    assert flagged() == (dict.fromkeys(("Ana", "Ben", "Cleo"), "activity") if day == YOUNG[-1] else {})


def test_a_flag_stays_while_the_person_is_away_at_the_turn_of_the_quarter(cast: Cast) -> None:
    falls_behind(cast, YOUNG[1])
    look()
    vacation = LeaveKind.objects.get(key="vacation")
    Leave.objects.create(person=cast.ben, kind=vacation, during=through(date(2026, 6, 22), date(2026, 7, 10)))
    look(YOUNG[0])
    assert flagged() == {"Ben": "conversion"}


def test_a_flag_that_goes_on_is_carried_into_the_next_quarter_without_telling_again(cast: Cast) -> None:
    falls_behind(cast, YOUNG[1])
    look()
    told = Notice.objects.count(), Task.objects.count()
    assert look(YOUNG[0]) == {"raised": 0, "changed": 1, "closed": 0, "waiting": 0}
    flag = Flag.objects.get()
    assert (flag.period, flag.expires_on, flag.raised_on) == (NEXT.key, NEXT.end, TODAY)
    assert flag.events.latest("pk").text.startswith("Carried into Q3 2026. ")
    assert (Notice.objects.count(), Task.objects.count()) == told
    assert look(YOUNG[0])["changed"] == 0


def test_a_flag_of_the_first_days_says_since_when_it_counts(cast: Cast) -> None:
    falls_behind(cast, YOUNG[1])
    look(YOUNG[1])
    flag = Flag.objects.get()
    assert flag.counted_from == flag.compared_from == QUARTER.start
    assert "p_miss" not in flag.evidence  # of a quarter of which nothing is known
    texts = set(Notice.objects.values_list("text", flat=True))
    assert any(text.startswith("Your business since 1 Apr 2026 is behind the plan.") for text in texts)
    total = Credit.objects.filter(person=cast.ben, occurred_on__gte=QUARTER.start).total()
    assert flag.actual == total


def test_a_second_quarter_behind_is_compared_with_those_that_kept_to_the_plan(cast: Cast) -> None:
    falls_behind(cast, date(2026, 9, 11))
    look(date(2026, 9, 11))
    flag = Flag.objects.get()
    assert flag.evidence["quarters_earlier"] == [2, 3, 4]
    assert "50% in recent quarters" in flag.sentence


def test_a_reason_in_few_deals_counts_if_the_quarter_before_bears_it_out(cast: Cast) -> None:
    day = date(2026, 8, 7)  # six wins would be usual by then
    falls_behind(cast, day)
    sell(cast.omar, cast.south, until=day, now=HALF, then={"size": 0.5})
    look(day)
    assert flagged() == {"Ben": "conversion", "Omar": "conversion"}
    of_ben, of_omar = Flag.objects.order_by("person__name")
    assert (of_ben.compared_from, of_omar.compared_from) == (NEXT.start, QUARTER.start)
    assert of_ben.counted_from is None


def test_a_quarter_that_is_known_in_part_says_nothing_of_a_rhythm(cast: Cast) -> None:
    falls_behind(cast, YOUNG[0])
    sell(cast.omar, cast.south, until=YOUNG[0], since=date(2025, 11, 17))
    call_command("refresh_rollups")
    _, found = readings(as_of=YOUNG[0])
    assert [past.quota > 0 for past in found[cast.omar.pk].pasts] == [True]


def test_a_newcomer_on_ramp_is_not_flagged(cast: Cast) -> None:
    ramp = RampProfile.objects.create(name="New")
    for month, percent in enumerate((20, 40, 60, 80), start=1):
        RampStep.objects.create(profile=ramp, month=month, percent=percent)
    hired = date(2026, 3, 2)
    new = a_colleague(cast, "Nora", hired, ramp="New")
    sell(new, cast.north, since=hired, now={"wins": 0.3}, quota="8000")
    sell(cast.ana, cast.north)
    look()
    assert flagged() == {}


@pytest.mark.parametrize("kind", ["parental", "long_sick"])
def test_nobody_is_flagged_in_protected_leave_and_an_open_flag_goes(cast: Cast, kind: str) -> None:
    sell(cast.ben, cast.north, now=HALF)
    look()
    assert flagged() == {"Ben": "conversion"}
    leave = LeaveKind.objects.get(key=kind)
    Leave.objects.create(person=cast.ben, kind=leave, during=through(TODAY, TODAY + timedelta(30)))
    look()
    assert flagged() == {}
    assert "leave" not in Flag.objects.get().closed_because.lower()


def test_somebody_just_back_from_a_long_absence_is_not_flagged(cast: Cast) -> None:
    sell(cast.ben, cast.north, now=HALF)
    away = LeaveKind.objects.get(key="unpaid")
    Leave.objects.create(person=cast.ben, kind=away, during=through(date(2026, 4, 13), date(2026, 5, 15)))
    look()
    assert flagged() == {}


def test_without_a_quota_there_is_no_flag(cast: Cast) -> None:
    sell(cast.ana, cast.north)
    a_credit(cast.ben, "1", QUARTER.start)
    look()
    assert flagged() == {}


def test_a_plan_that_asks_more_than_ever_is_its_own_cause(cast: Cast) -> None:
    sell(cast.ben, cast.north, quota="13000")
    a_quota(cast.ben, "13000", QUARTER.start, QUARTER.end)
    look()
    assert flagged() == {"Ben": "stretch"}
    assert Flag.objects.get().sentence.startswith("The plan asks ")


def test_a_plan_for_full_time_is_not_held_against_part_time(cast: Cast) -> None:
    Posting.objects.filter(person=cast.ben).update(during=half_open(date(2024, 1, 1), QUARTER.start), fte="0.5")
    Posting.objects.create(person=cast.ben, team=cast.north, role=Role.REP, during=half_open(QUARTER.start))
    sell(cast.ben, cast.north, value="500", quota="6500", now={"size": 2.0, "wins": 0.7})
    a_quota(cast.ben, "6500", QUARTER.start, QUARTER.end)
    sell(cast.ana, cast.north)
    call_command("refresh_rollups")
    _, found = readings(as_of=TODAY)
    ben = found[cast.ben.pk]
    assert ben.pace < 0.8
    assert [past.there for past in ben.pasts] == [0.5] * PAST
    assert not ben.is_stretched


def test_a_recheck_of_one_person_looks_at_their_team_too(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "SAMPLE", 0)  # as with many more people than are looked at
    for person, team in ((cast.ana, cast.north), (cast.ben, cast.north), (cast.cleo, cast.south)):
        sell(person, team)
    call_command("refresh_rollups")
    _, found = readings(as_of=TODAY, people=[cast.ben.pk])
    assert [bool(found[one.pk].seen.past) for one in (cast.ana, cast.ben, cast.cleo)] == [True, True, False]


def test_a_manager_gets_three_new_ones_a_week_the_most_severe_first(cast: Cast) -> None:
    for n, wins in enumerate((0.55, 0.5, 0.4, 0.3, 0.2)):
        sell(a_colleague(cast, f"P{n}"), cast.north, now={"wins": wins})
    done = look()
    assert (done["raised"], done["waiting"]) == (3, 2)
    assert set(flagged()) == {"P2", "P3", "P4"}
    assert look()["raised"] == 0
    assert look(TODAY + timedelta(7))["raised"] == 2


def test_everybody_is_read_in_as_many_queries_as_one(cast: Cast) -> None:
    sell(cast.ana, cast.north)
    call_command("refresh_rollups")
    with CaptureQueriesContext(connection) as one:
        raise_flags(as_of=TODAY, at=NOW)
    for n in range(4):
        sell(a_colleague(cast, f"P{n}"), cast.north)
    call_command("refresh_rollups")
    with CaptureQueriesContext(connection) as many:
        raise_flags(as_of=TODAY, at=NOW)
    assert len(many) == len(one)


def test_whose_figures_moved_is_looked_at_again(cast: Cast) -> None:
    sell(cast.ben, cast.north, now=HALF)
    call_command("refresh_rollups")
    assert Mark.objects.filter(topic="flags", person_id=cast.ben.pk).exists()
    assert recheck(as_of=TODAY, at=NOW) == 1
    assert flagged() == {"Ben": "conversion"}
    assert not Mark.objects.filter(topic="flags").exists()
    assert recheck(as_of=TODAY, at=NOW) == 0


def test_the_window_reaches_back_while_the_quarter_is_young() -> None:
    young, grown = Window.at(date(2026, 4, 10), CALENDAR_YEARS), Window.at(TODAY, CALENDAR_YEARS)
    assert (young.start, young.period.key) == (date(2026, 1, 1), "2026-Q2")
    assert grown.start == date(2026, 4, 1)
    assert grown.earlier(1)[0] == date(2026, 1, 1)


def test_the_command_takes_a_day_and_says_what_it_did(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("raise_flags", "--as-of", "2026-05-29")
    assert "0 raised, 0 changed, 0 closed, 0 waiting." in capsys.readouterr().out
