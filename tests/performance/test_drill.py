"""A figure opens: by the API, over time, and all of them at once."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from performance.selectors import Scope, figures
from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from teams.models import Look, Organisation, Person, User
from tests.answers import content_of
from tests.cast import Cast
from tests.performance.records import a_credit, a_deal, a_quota, an_activity, an_outcome
from tests.performance.test_known import credit

MID = date(2026, 5, 15)


@pytest.fixture
def busy(cast: Cast) -> Cast:
    for number in range(3):
        credit(cast.ana, "100", date(2026, 4, 7 + number), date(2026, 4, 7))
    credit(cast.ana, "10", date(2026, 4, 8), date(2026, 6, 1))
    a_credit(cast.ana, "5", MID, kind="overlay")
    a_quota(cast.ana, "1000", date(2026, 4, 1), date(2026, 7, 1))
    an_activity(cast.ana, MID)
    an_outcome(cast.ana, "won", MID)
    call_command("refresh_rollups", verbosity=0)
    return cast


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=person.user_id))
    return client


def asked(client: Client, **query: Any) -> dict[str, Any]:
    answer = client.get("/api/v1/records/", {"of": "team:North", "measure": "bookings", "period": "2026-Q2"} | query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_the_api_opens_a_figure_with_all_that_the_page_says(busy: Cast) -> None:
    client = signed_in(busy.maya)
    said = asked(client, as_of="2026-05-15")
    assert Decimal(said["figure"]["value"]) == Decimal(said["total"]) == 310
    assert (said["start"], said["until"]) == ("2026-04-01", "2026-05-16")
    assert said["left_out"] == [
        {"count": 1, "amount": "5.00", "why": "overlay credit on top, in no total of a team or the company"}
    ]
    told = said["told"]
    assert [Decimal(told[name]) for name in ("then", "now", "difference")] == [300, 310, 10]
    assert (told["on"], told["source"]) == ("2026-05-15", "ledger")
    assert Decimal(asked(client, as_of="2026-05-15", known="2026-05-15")["total"]) == 300
    since = asked(client, as_of="2026-05-15", since="2026-05-15")
    assert [Decimal(row["value"]) for row in since["results"]] == [10]
    assert since["results"][0]["record"] == "order"


def test_the_records_of_the_api_are_paged(busy: Cast) -> None:
    client = signed_in(busy.maya)
    first = asked(client, as_of="2026-05-15", page_size=3)
    assert first["next"]
    second = client.get(first["next"]).json()
    values = [Decimal(row["value"]) for page in (first, second) for row in page["results"]]
    assert (len(values), sum(values)) == (first["count"], Decimal(first["total"]))
    assert second["next"] is None


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"known": "yesterday"}, "known"),
        ({"page_size": "0"}, "page_size"),
        ({"measure": "luck"}, "measure"),
        ({"period": "2026-Q9"}, "period"),
        ({"basis": "guessed"}, "basis"),
        ({"known": "2026-03-01"}, "as_of"),
    ],
)
def test_a_question_that_makes_no_sense_is_answered_by_a_sentence(busy: Cast, query: Any, field: str) -> None:
    query = {"of": "team:North", "measure": "bookings", "period": "2026-Q2"} | query
    answer = signed_in(busy.maya).get("/api/v1/records/", query)
    assert answer.status_code == 400
    assert field in answer.content.decode()


def test_others_figures_are_not_found(busy: Cast) -> None:
    for client, of in ((signed_in(busy.omar), "team:North"), (signed_in(busy.ben), f"person:{busy.ana.name}")):
        assert client.get("/api/v1/records/", {"of": of, "measure": "bookings"}).status_code == 404
        assert client.get("/figures/", {"of": of}).status_code == 404
        assert client.get("/figures/series/", {"of": of, "measure": "bookings"}).status_code == 404


def test_all_figures_are_a_page_and_a_file(busy: Cast) -> None:
    client = signed_in(busy.maya)
    address = "/figures/?of=team:North&period=2026-Q2&as_of=2026-05-15"
    page = client.get(address)
    assert page.status_code == 200
    assert "€310" in page.content.decode()
    for live in (address, "/records/?of=team:North", "/pipeline/?of=team:North"):
        part = client.get(live, headers={"HX-Request": "true"}).content.decode()
        assert part.startswith(f'<div id="{live.split("/")[1]}" data-live="{live.split("=")[0]}=team')
        assert 'data-live-token="' in part
        assert part.rstrip().endswith("</div>")
    for noun, live in (
        ("forecast", "/forecast/"), ("calls", "/calls/"), ("scorecards", "/scorecards/"),
        ("scorecard", f"/scorecards/{busy.ana.pk}/"),
    ):  # fmt: skip
        part = client.get(live, headers={"HX-Request": "true"}).content.decode()
        assert part.startswith(f'<div id="{noun}" data-live="{live}"')
        assert part.rstrip().endswith("</div>")
        assert "<body data-live-token=" in client.get(live).content.decode()
    assert Look.objects.filter(page=Look.Page.SCORECARD).count() == 1  # a refresh is no further look
    lines = content_of(client.get(f"{address}&format=csv")).decode().splitlines()
    assert any("bookings,Bookings,310.00,money,EUR" in line for line in lines)
    assert client.get(f"{address}&format=csv&file=xlsx").status_code == 200
    for nonsense in ("period=nonsense", "as_of=nonsense"):
        assert client.get(f"/figures/?of=team:North&{nonsense}").status_code == 404


def test_every_page_of_comparing_is_a_file_too(busy: Cast) -> None:
    client = signed_in(busy.maya)
    for path in ("backtest", "flags/costs", "forecast", "measures", "redistributions", "reports", "scorecards"):
        lines = content_of(client.get(f"/{path}/?export=csv")).decode().splitlines()
        assert "," in lines[0]
        assert client.get(f"/{path}/?export=csv&file=xlsx")["Content-Type"].endswith("sheet")
        if path == "measures":
            assert {"bookings", "win_rate"} <= {line.split(",")[0] for line in lines}
        if path == "flags/costs":
            assert any(line.startswith("miss,") for line in lines)


def test_a_figure_over_time_is_a_page_and_a_file(busy: Cast) -> None:
    client = signed_in(busy.maya)
    address = "/figures/series/?of=team:North&measure=bookings&period=2026-Q2&as_of=2026-06-30"
    for by in ("day", "week", "month"):
        assert client.get(f"{address}&by={by}").status_code == 200
    lines = content_of(client.get(f"{address}&by=month&format=csv")).decode().splitlines()
    assert "2026-04-01,310.00,money,EUR" in lines[1]
    for nonsense in ("by=hour", "measure=luck", "measure=pace"):
        assert client.get(f"/figures/series/?of=team:North&{nonsense}").status_code == 404


def test_a_figure_of_the_running_quarter_opens_to_itself(cast: Cast) -> None:
    """Its quota is that of the whole quarter, its pipeline what is due until its end, on whichever day one asks."""
    today = clock.today(Organisation.get().time_zone)
    quarter, year = (Period.of(today, kind) for kind in ("quarter", "year"))
    a_quota(cast.ana, "3650", year.start, year.end, reason="Plan")
    a_quota(cast.ana, "-365", year.start, year.end, kind="relief", reason="Illness at home")
    credit(cast.ana, "50", quarter.start, quarter.start)
    for due in (quarter.start, quarter.last_day):
        a_deal(cast.ana, close=due, opened_on=quarter.start, next_step="Call", next_step_on=today)
    call_command("refresh_rollups", verbosity=0)
    keys = ("attainment", "gap", "pace", "coverage", "quota", "expected", "pipeline", "bookings", "next_steps")
    for person, scope in ((cast.maya, Scope.team(cast.north)), (cast.ana, Scope.person(cast.ana))):
        client = signed_in(person)
        for key, one in figures(scope=scope, measures=keys, period=quarter, as_of=today).items():
            opened = client.get(one.records).context["opened"]
            assert (opened.figure.value, opened.figure.denominator) == (one.value, one.denominator), key
            behind = opened.records
            if key in {"pipeline", "coverage", "next_steps"}:
                assert behind.count == 2
            elif key == "quota":
                assert (behind.total - behind.outside, behind.count) == (one.value, 2)
                assert behind.outside > 0
                assert "Illness at home" in behind.line(behind.rows.order_by("-pk")[0]).what
        said = asked(client, of=scope.key, measure="attainment", period=quarter.key)
        credited, quota = (Decimal(one["value"]) for one in said["made_of"])
        assert round(credited / quota, 6) == Decimal(said["figure"]["value"])


def test_a_file_says_what_it_has_no_room_for_and_sums_to_the_figure(
    busy: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("performance.views.records.EXPORTED", 2)
    page = signed_in(busy.maya).get("/records/?of=team:North&from=2026-04-01&until=2026-07-01&format=csv")
    lines = content_of(page).decode().splitlines()
    assert "and 2 records more, for which a file of 2 has no room" in lines[-1]
    assert sum(Decimal(line.split(",")[-2]) for line in lines[1:]) == 310


def test_pages_offer_what_was_reported_beside_what_is_known_now(busy: Cast) -> None:
    a_credit(busy.ana, "7", date(2026, 3, 31), posted=date(2026, 4, 2))
    call_command("refresh_rollups", verbosity=0)
    client = signed_in(busy.maya)
    days = "from=2026-04-01&until=2026-07-01"
    for address in ("/figures/?of=team:North&period=2026-Q2", f"/records/?of=team:North&{days}"):
        restated = client.get(address).content.decode()
        assert '<option value="reported">' in restated
        assert "€310" in restated
        assert "€317" in client.get(f"{address}&basis=reported").content.decode()
        assert client.get(f"{address}&basis=guessed").status_code == 404
    week = client.get("/figures/?of=team:North&period=2026-W20&basis=reported").content.decode()
    assert "kept by months" in week
