"""Figures, pace and standings say what a spreadsheet on paper would."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from performance.selectors import (
    MEASURES,
    Scope,
    figure,
    figures,
    pace,
    pace_series,
    series,
    standings,
    status_of,
    team_standings,
)  # fmt: skip
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import half_open
from teams.models import Person, Posting, Team
from tests.cast import Cast
from tests.performance.records import a_credit, a_deal, a_quota, an_activity, an_outcome

Q2 = Period.parse("2026-Q2")
APRIL = Period.parse("2026-04")
START, END = Q2.start, Q2.end
MID = date(2026, 5, 15)
D = Decimal


def refresh() -> None:
    call_command("refresh_rollups", verbosity=0)


def value(scope: Scope, measure: str, *, as_of: date = MID, period: Period = Q2, **more) -> Decimal | None:
    refresh()
    return figure(scope=scope, measure=measure, period=period, as_of=as_of, **more).value


def test_bookings_of_a_person_hold_overlays_and_those_of_team_and_company_do_not(cast: Cast) -> None:
    a_credit(cast.ana, "100", date(2026, 4, 7))
    a_credit(cast.ana, "10.10", MID)
    a_credit(cast.ana, "5", MID, kind="overlay")
    a_credit(cast.ana, "1000", date(2026, 5, 16))
    a_credit(cast.cleo, "7", MID)
    assert value(Scope.person(cast.ana), "bookings") == D("115.10")
    assert value(Scope.team(cast.north), "bookings") == D("110.10")
    assert value(Scope.team(cast.company), "bookings") == D("117.10")
    assert value(Scope.company(), "bookings") == D("117.10")
    assert value(Scope.company(), "bookings", as_of=date(2026, 4, 30)) == 100
    assert value(Scope.company(), "bookings", as_of=date(2026, 9, 9)) == D("1117.10")


def test_a_transfer_stays_where_it_was_sold(cast: Cast) -> None:
    a_credit(cast.ana, "100", date(2026, 4, 7))
    Posting.objects.filter(person=cast.ana).update(during=half_open(date(2024, 1, 1), date(2026, 5, 1)))
    Posting.objects.create(person=cast.ana, team=cast.south, during=half_open(date(2026, 5, 1)))
    a_credit(cast.ana, "11", MID)
    assert value(Scope.team(cast.north), "bookings") == 100
    assert value(Scope.team(cast.south), "bookings") == 11
    assert value(Scope.person(cast.ana), "bookings") == 111


def test_a_late_fact_changes_the_restated_figure_of_its_day_and_the_reported_one_of_its_posting(cast: Cast) -> None:
    a_credit(cast.ana, "100", date(2026, 3, 31), posted=date(2026, 4, 1))
    a_credit(cast.ana, "7", date(2026, 4, 2))
    q1 = Period.parse("2026-Q1")
    for scope in (Scope.company(), Scope.team(cast.north), Scope.person(cast.ana)):
        assert value(scope, "bookings", period=q1) == 100
        assert value(scope, "bookings", period=q1, basis="reported") == 0
        assert value(scope, "bookings") == 7
        assert value(scope, "bookings", basis="reported") == 107
        assert value(scope, "bookings", period=APRIL, basis="reported") == 107
        assert value(scope, "bookings", period=Period.parse("2026-FY"), basis="reported") == 107


def test_the_win_rate_leaves_out_duplicates_and_is_unknown_while_nothing_is_decided(cast: Cast) -> None:
    ana = Scope.person(cast.ana)
    assert value(ana, "win_rate") is None
    won = an_outcome(cast.ana, "won", MID, amount="300")
    an_outcome(cast.ana, "won", MID, amount="100")
    an_outcome(cast.ana, "lost", MID, amount="100")
    an_outcome(cast.ana, "lost", MID, amount="900", counts=False)
    assert value(ana, "win_rate") == D("0.666667")
    assert value(ana, "win_rate_value") == D("0.8")
    assert value(ana, "deals_lost") == 2
    assert value(ana, "average_deal") == 200
    an_outcome(cast.ana, "won", date(2026, 7, 2), amount="300", deal=won.deal, reverses=won)
    july = Period.parse("2026-07")
    assert value(ana, "win_rate", period=july, as_of=date(2026, 7, 3)) is None
    assert value(ana, "deals_won", period=july, as_of=date(2026, 7, 3)) == -1
    assert value(ana, "deals_won") == 2


def test_the_sales_cycle_is_the_exact_median(cast: Cast) -> None:
    for days in (10, 10, 31, 90):
        an_outcome(cast.ana, "won", MID, days=days)
    an_outcome(cast.ana, "won", MID)
    assert value(Scope.company(), "sales_cycle") == D("20.5")
    reversed_one = an_outcome(cast.ben, "won", MID, days=1)
    an_outcome(cast.ben, "won", MID, days=1, deal=reversed_one.deal, reverses=reversed_one)
    assert value(Scope.team(cast.north), "sales_cycle") == D("20.5")
    assert value(Scope.person(cast.ben), "sales_cycle") is None


def test_activities_count_in_all_and_by_kind(cast: Cast) -> None:
    an_activity(cast.ana, MID)
    an_activity(cast.ana, MID, "meeting")
    an_activity(cast.cleo, MID, "meeting")
    assert value(Scope.company(), "activities") == 3
    assert value(Scope.company(), "activities.meeting") == 2
    assert value(Scope.team(cast.north), "activities") == 2


def test_pipeline_goes_with_who_owns_it_today_and_coverage_is_met_when_no_gap_is_left(cast: Cast) -> None:
    a_deal(cast.ana, "400", close=date(2026, 6, 30), opened_on=START)
    a_deal(cast.ana, "9", close=END, opened_on=START)
    a_quota(cast.ana, "1000", START, END)
    a_credit(cast.ana, "800", MID)
    for scope in (Scope.person(cast.ana), Scope.team(cast.north), Scope.company()):
        assert value(scope, "pipeline") == 400
        assert value(scope, "coverage") == 2
    a_credit(cast.ana, "200", MID)
    refresh()
    met = figure(scope=Scope.person(cast.ana), measure="coverage", period=Q2, as_of=MID)
    assert (met.value, met.note) == (None, "met")


def test_pace_counts_working_days_and_says_what_is_needed_on_each_that_is_left(cast: Cast) -> None:
    a_quota(cast.ana, "6100", START, END)
    a_credit(cast.ana, "1000", date(2026, 4, 7))
    refresh()
    now = pace(scope=Scope.person(cast.ana), period=Q2, as_of=MID)
    assert now.quota == 6100
    assert now.expected == D("3096.92")  # 33 of 65 weekdays
    assert now.status == "at_risk"
    assert (now.gap, now.days_left, now.needed_per_day) == (5100, 32, D("159.38"))


def test_a_team_is_the_sum_over_the_sum(cast: Cast) -> None:
    a_quota(cast.ana, "6500", START, END)
    a_quota(cast.ben, "13000", START, END)
    a_quota(None, "6500", START, END, team=cast.north, kind="vacant")
    a_credit(cast.ana, "6500", MID)
    refresh()
    team = pace(scope=Scope.team(cast.north), period=Q2, as_of=MID)
    assert (team.quota, team.credited, team.attainment) == (26000, 6500, D("0.25"))
    assert team.expected == 4 * pace(scope=Scope.person(cast.ana), period=Q2, as_of=MID).expected


def test_no_quota_is_unknown_and_never_zero_or_a_hundred_percent(cast: Cast) -> None:
    a_credit(cast.ana, "6500", MID)
    refresh()
    now = pace(scope=Scope.person(cast.ana), period=Q2, as_of=MID)
    assert (now.quota, now.expected, now.pace, now.attainment, now.gap, now.needed_per_day) == (None,) * 6
    assert now.status == "unknown"


def test_attainment_is_not_capped(cast: Cast) -> None:
    a_quota(cast.ana, "100", START, END)
    a_credit(cast.ana, "180", MID)
    assert value(Scope.person(cast.ana), "attainment") == D("1.8")


@pytest.mark.parametrize(
    ("now", "status"),
    [
        (None, "unknown"),
        ("1.05", "ahead"),
        ("1.0499", "on_pace"),
        ("0.95", "on_pace"),
        ("0.8", "behind"),
        ("0.79", "at_risk"),
    ],
)
def test_statuses_begin_where_they_say(now: str | None, status: str) -> None:
    assert status_of(None if now is None else D(now)) == status


def test_standings_say_the_same_as_figures_in_three_queries(cast: Cast) -> None:
    a_quota(cast.ana, "6100", START, END)
    a_credit(cast.ana, "100", MID)
    a_credit(cast.ana, "5", MID, kind="overlay")
    an_outcome(cast.ana, "won", MID)
    an_activity(cast.ben, MID)
    a_deal(cast.ben, "44", close=date(2026, 6, 1))
    refresh()
    ids = [cast.ana.pk, cast.ben.pk]
    with CaptureQueriesContext(connection) as queries:
        ana, ben = standings(person_ids=ids, period=Q2, as_of=MID)
    assert len(queries) == 3
    alone = pace(scope=Scope.person(cast.ana), period=Q2, as_of=MID)
    assert (ana.credited, ana.quota, ana.expected, ana.pace, ana.days_left, ana.needed_per_day) == (
        alone.credited, alone.quota, alone.expected, alone.pace, alone.days_left, alone.needed_per_day,
    )  # fmt: skip
    assert (ana.person, ana.team, ana.won, ana.win_rate) == (cast.ana, cast.north, 1, 1)
    assert (ben.activities, ben.pipeline, ben.open_deals, ben.quota) == (1, 44, 1, None)


def test_team_standings_hold_all_below_in_four_queries(cast: Cast) -> None:
    a_quota(cast.ana, "6100", START, END)
    a_credit(cast.ana, "100", MID)
    a_credit(cast.cleo, "10", MID)
    a_deal(cast.cleo, "44", close=date(2026, 6, 1))
    refresh()
    ids = list(Team.objects.values_list("pk", flat=True))
    with CaptureQueriesContext(connection) as queries:
        found = {row.team.name: row for row in team_standings(team_ids=ids, period=Q2, as_of=MID)}
    assert len(queries) == 4
    assert found["Company"].credited == 110
    assert found["North"].credited == 100
    assert found["South"].pipeline == found["Company"].pipeline == 44
    assert found["South"].status == "unknown"
    assert found["North"].pace == pace(scope=Scope.team(cast.north), period=Q2, as_of=MID).pace
    assert found["Company"].days_left == found["North"].days_left > 0


def test_a_series_gives_each_day_and_sums_to_the_figure(cast: Cast) -> None:
    a_credit(cast.ana, "100", date(2026, 4, 1))
    a_credit(cast.ana, "7", MID)
    an_outcome(cast.ana, "won", MID, days=4)
    refresh()
    team = Scope.team(cast.north)
    days = series(scope=team, measure="bookings", period=Q2, as_of=MID)
    assert len(days) == 45
    assert days[0] == (START, 100)
    assert sum(v for _, v in days) == 107
    assert [v for _, v in series(scope=team, measure="bookings", period=Q2, as_of=MID, by="month")] == [100, 7]
    assert sum(v for _, v in series(scope=team, measure="bookings", period=Q2, as_of=MID, by="week")) == 107
    assert series(scope=team, measure="sales_cycle", period=Q2, as_of=MID)[-1] == (MID, 4)
    assert series(scope=team, measure="win_rate", period=Q2, as_of=MID)[0] == (START, None)


def test_the_pace_chart_has_a_band_only_with_enough_of_a_past(cast: Cast) -> None:
    a_quota(cast.ana, "6100", START, END)
    for back in range(1, 4):
        quarter = Q2.shift(-back)
        a_credit(cast.ana, "100", quarter.start)
        a_credit(cast.ana, str(100 + back), quarter.last_day)
    a_credit(cast.ana, "100", START)
    refresh()
    chart = pace_series(scope=Scope.person(cast.ana), period=Q2, as_of=MID)
    assert chart.target[-1].value == 6100
    assert chart.actual[-1].value == 100
    assert not chart.band
    a_credit(cast.ana, "100", Q2.shift(-4).start)
    a_credit(cast.ana, "104", Q2.shift(-4).last_day)
    refresh()
    chart = pace_series(scope=Scope.person(cast.ana), period=Q2, as_of=MID)
    assert chart.forecast[-1].value == D("202.5")
    assert chart.band[-1].low < D("202.5") < chart.band[-1].high


def test_every_measure_can_be_asked_for_everybody_even_of_nothing(cast: Cast) -> None:
    for scope in (Scope.company(), Scope.team(cast.north), Scope.person(cast.ana)):
        found = figures(scope=scope, measures=list(MEASURES), period=Q2, as_of=MID)
        assert found["bookings"].value == 0
        assert found["pace"].value is None


@pytest.mark.parametrize(
    ("who", "seen", "unseen"),
    [
        (
            "vera",
            ["company", "team:North", "person:E-Ana", "person:Cleo"],
            ["team:West", "nonsense", "company:x", "team:"],
        ),
        (
            "maya",
            ["team:North", "person:Ana", "person:E-Ben", "person:Maya"],
            ["company", "team:South", "team:Company", "person:Cleo"],
        ),
        ("ana", ["person:Ana"], ["company", "team:North", "person:Ben", "person:E-Maya"]),
    ],
)
def test_whose_figures_one_may_ask_for(cast: Cast, who: str, seen: list[str], unseen: list[str]) -> None:
    user = getattr(cast, who).user
    for text in seen:
        assert Scope.parse(text, user).name
    for text in unseen:
        with pytest.raises(ObjectDoesNotExist):
            Scope.parse(text, user)


def test_people_of_one_name_are_told_apart_by_their_links(cast: Cast) -> None:
    people = [Person.objects.create(name="Ana Kern", hired_on=date(2024, 1, 1)) for _ in range(2)]
    for person in people:
        assert Scope.parse(Scope.person(person).key, cast.vera.user).pk == person.pk
        with pytest.raises(ObjectDoesNotExist):
            Scope.parse(Scope.person(person).key, cast.omar.user)
    people[0].external_id = f"#{people[1].pk}"
    people[0].save(update_fields=["external_id"])
    assert Scope.parse(Scope.person(people[0]).key, cast.vera.user).pk == people[0].pk
    assert Scope.person(cast.ana).key == "person:E-Ana"
