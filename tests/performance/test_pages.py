"""The pages of performance: what is behind a figure, and a flag."""

import re
from datetime import date
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.test import Client

from performance.models import Flag, FlagEvent
from performance.selectors import MEASURES, Scope, catalogue, figure, figures
from performance.selectors.drill import drill
from performance.selectors.records import records
from performance.services import answer_flag
from salesmgmt.desk.models import Notice
from salesmgmt.lib import clock
from salesmgmt.lib.money import to_cents
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused
from teams.models import Person, Posting
from tests.answers import content_of
from tests.cast import Cast
from tests.performance.records import a_credit, a_deal, a_quota, an_activity, an_outcome

Q2 = Period.parse("2026-Q2")
MID, TODAY = date(2026, 5, 15), date(2026, 11, 21)
D = Decimal


@pytest.fixture
def busy(cast: Cast) -> Cast:
    """Records of every kind; cleo moved to North on 1 May, and Ana left it then."""
    for person in (cast.ana, cast.cleo):
        Posting.objects.filter(person=person).update(during=half_open(date(2024, 1, 1), date(2026, 5, 1)))
    Posting.objects.create(person=cast.ana, team=cast.south, during=half_open(date(2026, 5, 1)))
    Posting.objects.create(person=cast.cleo, team=cast.north, during=half_open(date(2026, 5, 1)))
    for person, amount in ((cast.ana, "100.10"), (cast.ben, "7.35"), (cast.cleo, "0.01")):
        for on in (date(2026, 4, 7), MID):
            a_credit(person, amount, on)
            a_credit(person, "1", on, kind="overlay")
            an_outcome(person, "won", on, amount=amount, days=on.day)
            an_outcome(person, "lost", on, amount=amount, counts=on == MID)
            an_activity(person, on, "meeting")
        a_deal(person, amount, close=date(2026, 5, 3), opened_on=Q2.start)
        a_quota(person, "1000", Q2.start, Q2.end)
    a_credit(cast.ben, "50", date(2026, 3, 31), posted=date(2026, 4, 2))
    call_command("refresh_rollups")
    return cast


ADDITIVE = (
    "bookings", "overlay", "deals_won", "deals_lost", "won_value", "activities", "activities.meeting", "pipeline",
    "expected",
)  # fmt: skip


@pytest.mark.parametrize("basis", ["restated", "reported"])
def test_the_rows_behind_a_figure_sum_to_it(busy: Cast, basis: str) -> None:
    teams, people = (busy.north, busy.company), (busy.ana, busy.ben)
    days = {"period": Q2, "as_of": Q2.last_day, "today": TODAY}
    for scope in (Scope.company(), *map(Scope.team, teams), *map(Scope.person, people)):
        for measure in ADDITIVE:
            shown = figure(scope=scope, measure=measure, period=Q2, as_of=Q2.last_day, basis=basis).value
            behind = records(scope=scope, measure=measure, **days, user=busy.vera.user, basis=basis)
            assert behind.total.quantize(D("0.01")) == shown
            assert sum(behind.line(row).value for row in behind.rows) == pytest.approx(shown, abs=D("0.5"))


def test_the_win_rate_and_the_average_follow_from_their_rows(busy: Cast) -> None:
    company = Scope.company()
    won_and_lost = records(scope=company, measure="win_rate", period=Q2, user=busy.vera.user, as_of=MID, today=MID)
    rate = figure(scope=company, measure="win_rate", period=Q2, as_of=MID)
    assert won_and_lost.total == rate.denominator == 9


def test_a_manager_opens_the_rows_of_todays_people_and_one_line_says_the_rest(busy: Cast, client: Client) -> None:
    client.force_login(busy.maya.user)
    asked = {"measure": "bookings", "of": "team:North", "from": "2026-04-01", "until": "2026-07-01"}
    page = client.get("/records/", asked)
    text = re.sub(r"\s+", " ", page.content.decode())
    assert "€114.81" in text  # Ana in April 100.10, Ben 7.35 twice, Cleo from May 0.01
    assert "and 1 record of people who have left your team: €100.10" in text
    assert "Ana" not in text.replace("Analys", "")
    shown = figure(scope=Scope.team(busy.north), measure="bookings", period=Q2, as_of=Q2.last_day)
    assert shown.value == D("114.81")
    file = client.get("/records/", asked | {"format": "csv"})
    lines = content_of(file).decode().splitlines()
    assert lines[0] == "on,person,kind,record,value,currency"
    assert lines[-1] == ",,,and 1 record of people who have left your team,100.10,EUR"
    assert sum(D(line.split(",")[-2]) for line in lines[1:]) == D("114.81")


def test_every_figure_opens_to_itself(busy: Cast, client: Client) -> None:
    """In the middle of a period, whoever asks: of a team by their pages, else by what is behind them."""
    for person, scope, keys in (
        (busy.vera, Scope.company(), set(catalogue()) - set(MEASURES)),
        (busy.maya, Scope.team(busy.north), MEASURES),
        (busy.ana, Scope.person(busy.ana), MEASURES),
    ):
        client.force_login(person.user)
        shown = figures(scope=scope, measures=keys, period=Q2, as_of=MID)
        for key, one in shown.items():
            if scope.kind == "team":
                opened = client.get(one.records).context["opened"]
            else:
                opened = drill(scope=scope, measure=key, period=Q2, as_of=MID, user=person.user, today=TODAY)
            assert opened.figure == one, key
            value = one.value if one.numerator is None else one.numerator
            if key == "gap":
                quota, bookings = opened.made_of
                assert quota.value - bookings.value == one.value
            elif one.unit in {"money", "ratio"} and key not in {"win_rate", "win_rate_value", "median_deal"}:
                assert to_cents(opened.records.total - opened.records.outside) == to_cents(value or D(0)), key


NOT_FOUND = (
    {"of": "company"}, {"of": "team:North"}, {"of": "person:Ben"}, {"measure": "nonsense"}, {"from": "soon"},
    {"until": "2020-01-01"}, {"basis": "guessed"}, {"of": "team:\x00"}, {"of": "person:\x00"},
    {"of": "person:" + "x" * 5000},
)  # fmt: skip


def test_what_one_may_not_see_and_what_makes_no_sense_is_not_found(busy: Cast, client: Client) -> None:
    client.force_login(busy.ana.user)
    assert client.get("/records/").status_code == 200
    for asked in NOT_FOUND:
        assert client.get("/records/", asked).status_code == 404, asked


def test_a_long_list_is_paged(busy: Cast, client: Client) -> None:
    for n in range(60):
        a_credit(busy.ben, str(n), date(2026, 6, 1))
    client.force_login(busy.ben.user)
    page = client.get("/records/", {"measure": "bookings", "from": "2026-06-01", "until": "2026-06-02"})
    assert page.content.decode().count('<th scope="row"><a class="row-link" href="/orders/') == 50
    cursor = page.context["page"].next
    page = client.get(
        "/records/", {"measure": "bookings", "from": "2026-06-01", "until": "2026-06-02", "cursor": cursor}
    )
    assert page.content.decode().count('<th scope="row"><a class="row-link" href="/orders/') == 10


# ── A flag ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def flag(cast: Cast) -> Flag:
    return Flag.objects.create(
        person=cast.ana, team=cast.north, measure="bookings", period="2026-Q2", raised_on=MID, behind_since=Q2.start,
        expected=D(100), actual=D(40), gap=D(60), severity="at_risk", cause="activity", as_of=MID, expires_on=Q2.end,
        sentence="Half as many meetings as in recent quarters; win rate unchanged.",
        evidence={"figures": [{"label": "Calls", "value": 5, "before": 10, "unit": "count", "records": "/records/"}]},
    )  # fmt: skip


def test_the_person_sees_and_answers_a_flag_and_the_manager_is_told(cast: Cast, flag: Flag, client: Client) -> None:
    client.force_login(cast.ana.user)
    assert "Half as many meetings" in client.get(f"/flags/{flag.pk}/").content.decode()
    flag.refresh_from_db()
    assert flag.seen_by_person_at is not None
    assert client.post(f"/flags/{flag.pk}/", {"text": "  "}).status_code == 200
    answer = client.post(f"/flags/{flag.pk}/", {"text": "Two big deals close <in> June."})
    assert answer.status_code == 303
    assert FlagEvent.objects.get(flag=flag, kind="answered").text == "Two big deals close <in> June."
    assert Notice.objects.get(user=cast.maya.user).link == f"/flags/{flag.pk}/"
    client.force_login(cast.maya.user)
    page = client.get(f"/flags/{flag.pk}/").content.decode()
    assert "Two big deals close &lt;in&gt; June." in page
    assert "Plan 1:1" in page


def test_a_managers_look_does_not_count_as_the_persons_and_only_the_person_answers(
    cast: Cast, flag: Flag, client: Client
) -> None:
    client.force_login(cast.maya.user)
    client.get(f"/flags/{flag.pk}/")
    flag.refresh_from_db()
    assert flag.seen_by_person_at is None
    assert client.post(f"/flags/{flag.pk}/", {"text": "x"}).status_code == 404
    with pytest.raises(Refused):
        answer_flag(flag=flag, by=cast.maya.user, at=clock.now(), text="x")


def test_peers_and_other_managers_do_not_find_it(cast: Cast, flag: Flag, client: Client) -> None:
    for person in (cast.ben, cast.cleo, cast.omar):
        client.force_login(person.user)
        assert client.get(f"/flags/{flag.pk}/").status_code == 404
    assert Person.objects.count() == 7
