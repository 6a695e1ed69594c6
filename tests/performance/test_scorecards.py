"""Scorecards: parts make up the total exactly, nothing is capped, lower may be better, the past keeps its weights."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D

import pytest
from django.core.management import call_command
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from performance.analysis.scorecards import points, score
from performance.models import MeasureDefinition, Scorecard
from performance.selectors import MEASURES, Scope, figure
from performance.selectors.scorecards import Card, Part, card, cards
from performance.services import rebuild
from performance.services.scorecards import Weighed, set_scorecard
from sales.models import Deal, Outcome, Pipeline, Stage
from sales.services import change_deal, log_activity, open_deal
from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from salesmgmt.lib.refusals import Refused, Stale
from teams.models import Look, Organisation, Person
from teams.services import appoint_manager
from tests.answers import content_of
from tests.cast import Cast
from tests.recognition.test_boards import book, quota

AT = datetime(2026, 7, 1, 9, tzinfo=UTC)
ON = date(2026, 7, 1)
Q3 = Period.parse("2026-Q3")
END = Q3.last_day
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
WEIGHTS = st.lists(st.integers(1, 10_000), min_size=1, max_size=8)


def put(
    cast: Cast, *parts: tuple[str, str, str], role: str = "rep", on: date = ON, version: int | None = None
) -> Scorecard:
    last = Scorecard.objects.standing().filter(role=role).order_by("-during").first()
    return set_scorecard(
        role=role, parts=[Weighed(key, D(weight), D(goal)) for key, weight, goal in parts], starts_on=on,
        reason="As agreed", version=(last.pk if last else 0) if version is None else version,
        by=cast.olga.user, at=AT, on=on,
    )  # fmt: skip


def card_of(person: Person, period: Period = Q3, as_of: date = END) -> Card:
    list(rebuild())
    found = card(person=person, period=period, as_of=as_of, organisation=Organisation.get())
    assert found
    return found


def decide(person: Person, status: str, on: date, opened: date | None = None) -> None:
    stage = Stage.objects.filter(pipeline=Pipeline.objects.earliest("pk")).earliest("position")
    deal = Deal.objects.create(
        name="Probes",
        owner=person,
        stage=stage,
        status=status,
        closed_on=on,
        opened_on=opened,
        currency="EUR",
        amount=100,
    )
    Outcome.objects.create(
        deal=deal, person=person, team=person.postings.get().team, occurred_on=on, posted_on=on, status=status, count=1,
        amount=100, recorded_at=AT, reason="Closed", cycle_days=(on - opened).days if opened else None,
    )  # fmt: skip


@QUICK
@given(WEIGHTS, st.lists(st.decimals(-50, 50, places=6), min_size=8, max_size=8))
def test_parts_sum_exactly_to_the_total(weights: list[int], scores: list[D]) -> None:
    """To the cent with what is shown, and never further from the exact sum than half a cent for each part."""
    told = [(D(weight) / 100, reached) for weight, reached in zip(weights, scores, strict=False)]
    parts = tuple(
        Part(MEASURES["pace"], weight, D(1), None, False, reached, points(weight, reached)) for weight, reached in told
    )
    found = Card(None, "rep", None, Q3, END, parts)
    assert found.total == sum(part.points for part in parts)
    assert found.total == found.total.quantize(D("0.01"))
    assert abs(found.total - sum(weight * reached for weight, reached in told)) <= D("0.005") * len(parts)
    unknown = Part(MEASURES["win_rate"], D(1), D(1), None, False, None, None, "nothing decided")
    assert Card(None, "rep", None, Q3, END, (*parts, unknown)).total is None


@QUICK
@given(st.decimals(0, 10**6, places=2), st.decimals("0.01", 10**6, places=2))
def test_a_score_is_continuous_and_uncapped_on_both_sides(value: D, goal: D) -> None:
    step = goal / 1000
    assert abs(score(value + step, goal) - score(value, goal) - D("0.001")) < D("1e-9")
    assert abs(
        score(value, goal, is_lower_better=True) - score(value + step, goal, is_lower_better=True) - D("0.001")
    ) < D("1e-9")
    assert score(goal, goal) == score(goal, goal, is_lower_better=True) == 1


def test_a_card_shows_each_part_with_what_it_brings(cast: Cast) -> None:
    put(cast, ("attainment", "60", "1"), ("win_rate", "25", "0.4"), ("sales_cycle", "15", "40"))
    quota(cast.ana, 1000)
    book(cast.ana, 1800)
    for status in ("won", "won", "lost", "lost"):
        decide(cast.ana, status, date(2026, 8, 3), date(2026, 7, 14))
    found = card_of(cast.ana)
    assert [(part.measure.key, part.points) for part in found.parts] == [
        ("attainment", D("108.00")),  # 60 × 180 %
        ("win_rate", D("31.25")),  # 25 × 0.5 ÷ 0.4
        ("sales_cycle", D("22.50")),  # 15 × (2 − 20 ÷ 40)
    ]
    assert found.total == D("161.75")


def test_there_is_no_score_where_a_part_is_unknown_and_the_card_says_which(cast: Cast) -> None:
    put(cast, ("attainment", "60", "1"), ("win_rate", "40", "0.4"))
    quota(cast.ana, 1000)
    book(cast.ana, 500)
    found = card_of(cast.ana)
    assert found.total is None
    assert [part.measure.key for part in found.unknown] == ["win_rate"]
    assert found.parts[0].points == D("30.00")


def test_a_measure_that_is_no_longer_worked_out_leaves_no_score_without_it(cast: Cast) -> None:
    put(cast, ("attainment", "60", "1"), ("nps", "40", "30"))
    quota(cast.ana, 1000)
    book(cast.ana, 500)
    MeasureDefinition.objects.filter(key="nps").update(is_active=False)
    found = card_of(cast.ana)
    assert found.total is None
    assert [(part.measure.key, part.why) for part in found.unknown] == [("nps", "no longer worked out")]


def test_the_goal_of_a_count_is_for_the_days_somebody_was_there(cast: Cast) -> None:
    put(cast, ("activities", "100", "10"))
    week = Period.parse("2026-W36")
    for day in range(5):
        for _ in range(2):
            log_activity(
                owner=cast.ana, kind="call", at=datetime(2026, 8, 31, 9, tzinfo=UTC) + timedelta(days=day), by=None
            )
    assert card_of(cast.ana, week, date(2026, 9, 6)).total == D("100.00")
    assert card_of(cast.ana, week, date(2026, 9, 1)).total == D("100.00")  # two days of five: a goal of 4
    assert card_of(cast.ana, week, date(2026, 9, 6)).parts[0].goal == D(10)


def test_whoever_leads_is_scored_by_their_team(cast: Cast) -> None:
    put(cast, ("attainment", "100", "1"), role="manager")
    for person, amount in ((cast.ana, 900), (cast.ben, 300), (cast.cleo, 5000)):
        quota(person, 1000)
        book(person, amount)
    found = card_of(cast.maya)
    assert (found.total, found.scope.name) == (D("60.00"), "North")


def test_many_cards_take_as_many_queries_as_one(cast: Cast, django_assert_max_num_queries: object) -> None:
    organisation = Organisation.get()
    everybody = list(Person.objects.all())
    with django_assert_max_num_queries(22):  # type: ignore[operator]
        found = cards(people=everybody, period=Q3, as_of=END, organisation=organisation)
    assert {cast.ana.pk, cast.maya.pk} <= set(found)


def test_the_past_keeps_its_weights(cast: Cast) -> None:
    was = put(cast, ("attainment", "100", "1"))
    put(cast, ("attainment", "50", "1"), ("win_rate", "50", "0.3"), on=date(2026, 10, 1))
    was.refresh_from_db()
    assert (was.starts_on, was.until) == (ON, date(2026, 10, 1))
    assert len(card_of(cast.ana).parts) == 1
    assert len(card_of(cast.ana, Q3.shift(1), date(2026, 10, 5)).parts) == 2


def test_new_weights_do_not_reach_back_over_the_running_period(cast: Cast) -> None:
    put(cast, ("attainment", "100", "1"))
    put(cast, ("attainment", "50", "1"), ("win_rate", "50", "0.3"), on=date(2026, 8, 3))
    assert [len(card_of(cast.ana, one).parts) for one in (Q3, Period.parse("2026-08"), Period.parse("2026-09"))] == [
        1, 1, 2,
    ]  # fmt: skip


def test_a_word_on_the_same_day_takes_the_place_of_the_one_before(cast: Cast) -> None:
    was = put(cast, ("attainment", "100", "1"))
    now = put(cast, ("pace", "100", "1"))
    was.refresh_from_db()
    assert was.superseded_at == AT
    assert list(Scorecard.objects.standing().filter(role="rep").on(ON)) == [now]


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([("pace", "60", "1")], "The weights come to 60 %: make them 100 %."),
        ([], "The weights come to 0 %: make them 100 %."),
        ([("pace", "50", "1"), ("pace", "50", "1")], "Each measure stands in a scorecard once."),
        ([("nonsense", "100", "1")], "“nonsense” can't be scored: choose a measure of the list."),
        ([("quota", "100", "1")], "“quota” can't be scored: choose a measure of the list."),
        ([("pace", "100", "0")], "The goal of pace is above 0."),
    ],
)
def test_what_makes_no_sense_is_refused(cast: Cast, parts: list[tuple[str, str, str]], said: str) -> None:
    with pytest.raises(Refused, match=said.replace("(", r"\(")):
        put(cast, *parts)


def test_weights_are_set_by_operations_not_backwards_not_by_ones_own_role_and_not_on_top_of_another_word(
    cast: Cast,
) -> None:
    part = [Weighed("pace", D(100), D(1))]
    common = {"parts": part, "reason": "x", "at": AT, "on": ON}
    with pytest.raises(Refused, match="Operations and the admin"):
        set_scorecard(role="rep", starts_on=ON, version=0, by=cast.maya.user, **common)
    with pytest.raises(Refused, match="Days gone by"):
        set_scorecard(role="rep", starts_on=date(2026, 6, 30), version=0, by=cast.olga.user, **common)
    with pytest.raises(Refused, match="own role"):
        set_scorecard(role="operations", starts_on=ON, version=0, by=cast.olga.user, **common)
    with pytest.raises(Stale):
        set_scorecard(role="rep", starts_on=ON, version=0, by=cast.olga.user, **common)


def client_of(person: Person) -> Client:
    client = Client()
    client.force_login(person.user)
    return client


def test_pages_show_ones_own_and_ones_peoples(cast: Cast) -> None:
    assert "Your scorecard" in client_of(cast.ana).get("/scorecards/").content.decode()
    assert client_of(cast.ana).get(f"/scorecards/{cast.ben.pk}/").status_code == 404
    page = client_of(cast.maya).get("/scorecards/?period=2026-Q3").content.decode()
    assert "Ana" in page
    assert "Cleo" not in page
    assert client_of(cast.maya).get("/scorecards/?period=2026-X3").status_code == 404
    file = content_of(client_of(cast.maya).get("/scorecards/?period=2026-Q3&export=csv")).decode()
    assert file.splitlines()[0].startswith("person,role,period,as_of,measure")
    assert set(Look.objects.values_list("person__name", "page")) == {("Ana", "scorecard"), ("Ben", "scorecard")}
    client_of(cast.vera).get(f"/scorecards/{cast.cleo.pk}/?period=2026-Q3&export=csv")
    assert Look.objects.get(person=cast.cleo).viewer == cast.vera.user


def test_the_form_sets_weights_once_and_names_what_is_wrong(cast: Cast) -> None:
    client = client_of(cast.olga)
    assert client_of(cast.maya).get("/scorecards/weights/rep/").status_code == 404
    last = Scorecard.objects.standing().get(role="rep")
    today = clock.today("Europe/Berlin")
    said = {
        "starts_on": today.isoformat(),
        "reason": "New year",
        "version": last.pk,
        "measure_0": "pace",
        "weight_0": "70",
        "goal_0": "1",
    }
    answer = client.post("/scorecards/weights/rep/", said)
    assert answer.status_code == 422
    assert "make them 100 %" in answer.content.decode()
    answer = client.post("/scorecards/weights/rep/", said | {"weight_0": "100", "goal_0": ""})
    assert "Part 1 needs a measure, a weight and a goal" in answer.content.decode()
    done = said | {"weight_0": "100", "idempotency_key": "k1"}
    for _ in range(2):
        assert client.post("/scorecards/weights/rep/", done).status_code == 302
    assert Scorecard.objects.filter(role="rep").count() == 2
    assert client.post("/scorecards/weights/rep/", done | {"idempotency_key": "k2"}).status_code == 422  # stale


def test_a_quarter_that_is_over_is_scored_by_the_pipeline_of_its_own_close(cast: Cast) -> None:
    for role in ("rep", "manager"):
        put(cast, ("pipeline", "100", "1000"), role=role)
    deal = open_deal(
        owner=cast.ana, name="Probes", amount=D(100), by=None, at=datetime(2026, 7, 10, 9, tzinfo=UTC),
        expected_close_on=date(2026, 9, 15),
    )  # fmt: skip
    change_deal(deal=deal, by=None, at=datetime(2026, 10, 2, 9, tzinfo=UTC), amount=D(300))
    call_command("refresh_rollups", verbosity=0)
    for person, scope in ((cast.ana, Scope.person(cast.ana)), (cast.maya, Scope.team(cast.north))):
        for as_of in (END, date(2026, 10, 20)):
            shown = card_of(person, as_of=as_of).parts[0].figure
            assert shown.value == 100
            assert shown == figure(scope=scope, measure="pipeline", period=Q3, as_of=END)


def test_the_score_of_who_leads_two_teams_opens_to_the_records_of_both(cast: Cast) -> None:
    put(cast, ("bookings", "100", "1000"), role="manager")
    for person in (cast.ana, cast.cleo):
        book(person, 500)
    appoint_manager(team=cast.south, person=cast.maya, on=date(2026, 7, 1), by=cast.olga.user)
    part = card_of(cast.maya).parts[0]
    assert part.figure.value == 1000
    opened = client_of(cast.maya).get(part.figure.records).context["opened"]
    assert (opened.figure.value, opened.records.count) == (1000, 2)
