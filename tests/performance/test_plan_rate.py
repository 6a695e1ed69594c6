"""Edge case “Currency”: both rates stay on each credit; attainment is at the plan's, the actual beside it (R13)."""

from datetime import UTC, date, datetime
from decimal import Decimal as D
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from performance.selectors import Scope, figures, pace, standings, team_standings
from performance.selectors.drill import drill
from performance.selectors.known import known
from performance.services import rollups
from performance.services.snapshots import drain_all
from sales import services
from sales.models import Credit, Order
from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import half_open
from teams.models import ExchangeRate, Organisation
from tests.cast import Cast
from tests.performance.records import a_deal, a_quota

Q2, MAY = Period.parse("2026-Q2"), date(2026, 5, 5)
END, AT = Q2.last_day, datetime(2026, 5, 5, 9, tzinfo=UTC)
TODAY = clock.today("Europe/Berlin")
LATER = datetime(2026, 7, 1, 9, tzinfo=UTC)


def refresh() -> None:
    call_command("refresh_rollups", verbosity=0)
    assert [str(difference) for difference in rollups.rebuild(write=False)] == []


@pytest.fixture
def abroad(cast: Cast) -> Order:
    """Ana sold what her quota asked for in dollars, which have risen since the plan was made."""
    for kind, rate in (("plan", "0.80"), ("actual", "0.90")):
        ExchangeRate.objects.create(currency="USD", rate=D(rate), kind=kind, during=half_open(date(2026, 1, 1)))
    a_quota(cast.ana, "80", start=Q2.start, end=Q2.end)
    order = services.book_order(
        owner=cast.ana, amount=D(100), currency="USD", ordered_on=MAY, by=cast.admin, at=AT
    )  # fmt: skip
    services.share_credit(order=order, shares={cast.ana: D(100)}, overlays={cast.ben: D(10)}, by=cast.admin, at=AT)
    a_deal(cast.ana, "1000", close=END, currency="USD", opened_on=MAY)
    services.book_order(owner=cast.cleo, amount=D(7), ordered_on=MAY, by=cast.admin, at=AT)
    refresh()
    return order


def test_currency_attainment_is_at_the_plan_rate_and_the_actual_rate_stands_beside_it(
    cast: Cast, abroad: Order
) -> None:
    own = Credit.objects.get(person=cast.ana)
    assert (own.rate, own.reporting_amount, own.plan_rate, own.plan_amount) == (D("0.9"), 90, D("0.8"), 80)
    assert Credit.objects.get(person=cast.cleo).plan_rate is None
    for scope, more in ((Scope.person(cast.ana), 0), (Scope.team(cast.north), 0), (Scope.company(), 7)):
        told = pace(scope=scope, period=Q2, as_of=END)
        assert (told.credited, told.credited_actual, told.gap) == (80 + more, 90 + more, -more)
        assert (told.attainment, told.attainment_actual) == (D(80 + more) / 80, D(90 + more) / 80)
        found = figures(scope=scope, measures=["bookings", "attainment", "pace", "gap"], period=Q2, as_of=END)
        assert (found["bookings"].value, found["bookings"].beside) == (90 + more, 80 + more)
        assert (found["gap"].value, found["gap"].beside) == (-more, -10 - more)
        assert found["attainment"].value == round(D(80 + more) / 80, 6)
        assert found["attainment"].beside == found["pace"].beside == round(D(90 + more) / 80, 6)
        for key, figure in found.items():
            told_of_it = known(scope=scope, measure=key, period=Q2, on=END)
            if told_of_it.then is not None:
                assert (told_of_it.then.value, told_of_it.then.beside) == (figure.value, figure.beside)
    [row] = standings(person_ids=[cast.ana.pk], period=Q2, as_of=END)
    [team] = team_standings(team_ids=[cast.north.pk], period=Q2, as_of=END)
    assert row.attainment == team.attainment == 1
    assert row.attainment_actual == team.attainment_actual == D("1.125")
    for day in (TODAY, END):  # as it is, and as the snapshot kept it
        found = figures(scope=Scope.team(cast.north), measures=["pipeline", "coverage"], period=Q2, as_of=day)
        assert (found["pipeline"].value, found["pipeline"].beside) == (D(800), D(900))
        if day == TODAY:
            a_deal(cast.ana, "1", close=END, opened_on=TODAY)
            drain_all()
    overlay = figures(scope=Scope.person(cast.ben), measures=["overlay"], period=Q2, as_of=END)["overlay"]
    assert (overlay.value, overlay.beside) == (9, 8)


def test_records_page_and_api_say_the_same(cast: Cast, abroad: Order) -> None:
    assert cast.vera.user
    for measure, total in (("attainment", 80), ("bookings", 90)):
        opened = drill(
            scope=Scope.person(cast.ana), measure=measure, period=Q2, user=cast.vera.user,
            today=END, organisation=Organisation.get(),
        )  # fmt: skip
        assert (opened.records.total, opened.records.line(opened.records.rows.get()).value) == (total, total)
    client = Client()
    client.force_login(cast.vera.user)

    def get(url: str, **asked: Any) -> Any:
        answer = client.get(url, {"period": "2026-Q2"} | asked)
        assert answer.status_code == 200
        return answer

    for url in (f"/people/{cast.ana.pk}/", f"/teams/{cast.north.pk}/"):
        assert "112.5% at actual rates" in get(url).content.decode()
    assert "121.3% at actual rates" in get("/").content.decode()
    page = get("/figures/", of="team:North", as_of="2026-06-30").content.decode()
    assert "112.5% at actual rates" in page
    assert "€80 at the plan’s rates" in page
    told = get("/api/v1/pace/", of="team:North", as_of="2026-06-30").json()
    assert (told["credited"], told["credited_actual"]) == ("80.00", "90.00")
    assert (D(told["attainment"]), D(told["attainment_actual"])) == (1, D("1.125"))
    assert get("/api/v1/figures/", of="team:North", measure="bookings", as_of="2026-06-30").json()["beside"] == "80.00"


def test_a_plan_rate_corrected_later_moves_nothing_and_a_refund_goes_back_at_it(cast: Cast, abroad: Order) -> None:
    ExchangeRate.objects.filter(kind="plan").update(rate=D("0.5"))
    assert services.recredit_orders(order_ids=[abroad.pk], by=None, at=AT, reason="Again") == 0
    services.refund_order(order=abroad, amount=D("33.33"), on=date(2026, 5, 20), by=cast.admin, at=LATER, reason="")
    refresh()
    told = pace(scope=Scope.person(cast.ana), period=Q2, as_of=END)
    assert (told.credited, told.credited_actual) == (D("53.34"), D("60.00"))
    services.cancel_order(order=abroad, on=date(2026, 6, 1), by=cast.admin, at=LATER, reason="Not needed")
    refresh()
    told = pace(scope=Scope.person(cast.ana), period=Q2, as_of=END)
    assert (told.credited, told.credited_actual) == (0, 0)
