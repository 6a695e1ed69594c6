"""Scorecards, reports and boards as scripts read them."""

from datetime import date

from performance.models import Report
from performance.services import rebuild
from tests.api.test_api import Api
from tests.cast import Cast
from tests.performance.test_reports import AT, OCTOBER, ON
from tests.performance.test_works import decide_many
from tests.recognition.test_boards import Q3, book, quota, rep


def test_a_score_comes_with_its_parts_and_only_for_whom_one_may_see(cast: Cast) -> None:
    quota(cast.ana, 1000)
    book(cast.ana, 500)
    list(rebuild())
    maya = Api(cast.maya.user)
    found = maya("GET", "scorecards/?of=person:E-Ana&period=2026-Q3&as_of=2026-09-30").json()
    assert (found["person_name"], found["role"], found["total"]) == ("Ana", "rep", None)
    assert [(part["measure"], part["points"]) for part in found["parts"]] == [
        ("pace", "30.00"), ("win_rate", None), ("activities", "0.00"),
    ]  # fmt: skip
    assert found["parts"][1]["note"]
    assert maya("GET", "scorecards/?of=person:E-Cleo").status_code == 404
    assert maya("GET", "scorecards/?of=team:North").status_code == 400


def test_a_report_is_commented_sent_once_and_read_up_the_line(cast: Cast) -> None:
    report = Report.objects.create(team=cast.north, period=OCTOBER.key, made_at=AT, due_on=ON)
    maya, vera = Api(cast.maya.user), Api(cast.vera.user)
    assert vera("POST", f"reports/{report.pk}/comment/", {"comment": "x", "version": 1}).status_code == 409
    assert maya("POST", f"reports/{report.pk}/comment/", {"comment": "Slow", "version": 9}).status_code == 409
    assert maya("POST", f"reports/{report.pk}/comment/", {"comment": "Slow", "version": 1}).json()["version"] == 2
    sent = maya("POST", f"reports/{report.pk}/send/").json()
    assert (sent["state"], sent["comment"], sent["figures"]["credited"]) == ("sent", "Slow", "0.00")
    assert maya("POST", f"reports/{report.pk}/send/").status_code == 409
    assert vera("GET", "reports/?sent=true").json()["results"][0]["sentence"].startswith("North booked 0 EUR")
    assert Api(cast.omar.user)("GET", f"reports/{report.pk}/").status_code == 404


def test_a_board_names_the_top_and_ones_own_distance(cast: Cast) -> None:
    others = [(rep(f"Rep {n}", cast.north), 300) for n in range(3)]
    for person, amount in ((cast.ana, 900), (cast.ben, 100), *others):
        quota(person, 1000)
        book(person, amount, date(2026, 8, 3))
    list(rebuild())
    found = Api(cast.ben.user)("GET", f"boards/?period={Q3.key}").json()
    assert [(place["rank"], place["name"]) for place in found["places"]][:1] == [(1, "Ana")]
    assert (found["own"]["rank"], found["own"]["to_next"]) == (None, "200.000000")
    assert Api(cast.ben.user)("GET", f"boards/?team={cast.south.pk}").status_code == 404
    assert Api(cast.ben.user)("GET", "boards/?by=nonsense").status_code == 400
    assert Api(cast.ben.user)("GET", "boards/?period=2026-X").status_code == 400


def test_what_works_comes_with_its_ranges(cast: Cast) -> None:
    decide_many(cast.ana, "Referral", 35, 10)
    decide_many(cast.cleo, "Website", 10, 35)
    ana = Api(cast.ana.user)
    rows = {(row["cut"], row["value"]): row for row in ana("GET", "what-works/").json()}
    row = rows["source", "Referral"]
    assert (row["deals"], row["won"], row["is_enough"], row["wins_differ"]) == (45, 35, True, True)
    assert row["difference"]["low"] > 0.3
    assert ana("GET", "what-works/?since=2020-01-01&until=2020-02-01").json() == []
    assert ana("GET", f"what-works/?team={cast.south.pk}").status_code == 404
    assert ana("GET", "what-works/?since=nonsense").status_code == 400
