"""What selling may cost, what it did and what it brought; and what more people would bring."""

from datetime import UTC, date, datetime
from decimal import Decimal as D
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.test import Client

from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from salesmgmt.lib.refusals import Refused
from targets.models import BudgetEntry, Expense, Position, RampProfile, RampStep
from targets.selectors import Spending, capacity_of, spending_of
from targets.services import (
    close_position,
    make_plan,
    propose_allocation,
    record_expense,
    set_budget,
    take_back_expense,
)
from teams.models import Person, Team, User
from tests.cast import Cast

from .test_plan import credit

AT = datetime(2026, 8, 20, 9, tzinfo=UTC)
Q3 = Period.parse("2026-Q3")
MIDDLE = date(2026, 8, 15)  # 46 of 92 days are over at its end


def login(person: Person) -> User:
    assert person.user is not None
    return person.user


def give(team: Team, amount: str, by: User, cost: str = "travel", period: Period = Q3) -> BudgetEntry | None:
    return set_budget(team=team, period=period, cost=cost, amount=D(amount), reason="The plan", by=by, at=AT)


def spend(team: Team, amount: str, by: User, on: date = date(2026, 8, 3)) -> Expense:
    return record_expense(
        team=team, cost="travel", amount=D(amount), spent_on=on, reason="Trains", by=by, at=AT, on=MIDDLE
    )


def of(team: Team, period: Period = Q3) -> Spending:
    (row,) = spending_of([team], start=period.start, end=period.end, as_of=MIDDLE)
    return row.total


def test_a_budget_is_the_sum_of_its_entries_and_setting_it_again_adds_the_difference(cast: Cast) -> None:
    give(cast.north, "9000", cast.admin)
    assert give(cast.north, "9000", cast.admin) is None
    more = give(cast.north, "9200.50", cast.admin)
    assert more is not None
    assert more.amount == D("200.50")
    assert of(cast.north).budget == D("9200.50")


def test_spending_counts_up_the_tree_beside_what_it_brought(cast: Cast) -> None:
    give(cast.north, "9200", cast.admin)
    give(cast.south, "4600", cast.admin)
    spend(cast.north, "2000", cast.admin)
    spend(cast.south, "1000", cast.admin)
    credit(cast.ana, date(2026, 8, 1), 60_000)
    north, company = of(cast.north), of(cast.company)
    assert (north.budget, north.expected, north.spent, north.left) == (D(9200), D(4600), D(2000), D(7200))
    assert (company.budget, company.spent, company.booked) == (D(13800), D(3000), D(60000))
    assert company.cost_of_sales == D("0.05")
    assert north.per_unit == D(60000) / D(9200)


def test_a_budget_of_a_year_counts_with_its_days_in_a_quarter(cast: Cast) -> None:
    give(cast.north, "36500", cast.admin, period=Period.parse("2026-FY"))
    assert of(cast.north).budget == D(9200)
    with pytest.raises(Refused, match="planned from 1 Jan 2026 until 1 Jan 2027"):
        give(cast.north, "1", cast.admin)


def test_nobody_sets_the_budget_of_the_team_they_lead(cast: Cast) -> None:
    with pytest.raises(Refused, match="Who leads above North"):
        give(cast.north, "1", login(cast.maya))
    with pytest.raises(Refused, match="Who leads above South"):
        give(cast.south, "1", login(cast.maya))


def test_who_leads_a_team_notes_what_it_spends_and_takes_back_what_was_wrong(cast: Cast) -> None:
    wrong = spend(cast.north, "200", login(cast.maya))
    take_back_expense(expense=wrong, by=login(cast.maya), at=AT)
    assert of(cast.north).spent == 0
    with pytest.raises(Refused, match="taken back already"):
        take_back_expense(expense=wrong, by=login(cast.maya), at=AT)
    with pytest.raises(Refused, match="still to come"):
        spend(cast.north, "1", login(cast.maya), on=date(2026, 8, 16))
    with pytest.raises(Refused, match="notes what it spends"):
        spend(cast.south, "1", login(cast.maya))


@pytest.mark.parametrize("model", [BudgetEntry, Expense])
def test_what_was_entered_is_never_changed(cast: Cast, model: type[BudgetEntry] | type[Expense]) -> None:
    give(cast.north, "100", cast.admin)
    spend(cast.north, "10", cast.admin)
    with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
        model.objects.update(amount=1)


def test_capacity_is_people_times_ramp_times_attainment_less_attrition() -> None:
    """Quotas of 800,000 at 90 % are 720,000; a quarter of 10 % a year loses half of 2.5 %, 9,000. Who is hired in the
    second month with a ramp of 25 % and 50 % brings (1/3 × 25 % + 1/3 × 50 %) of a 100,000 seat, × 90 %: 22,500.
    """
    found = capacity_of(
        target=D(900_000),
        quotas=D(800_000),
        seat=D(100_000),
        months=[D(1) / 3] * 3,
        years=D("0.25"),
        attainment=D("0.9"),
        attrition=D("0.1"),
        hires=2,
        hired_in=1,
        ramp={1: D(25), 2: D(50)},
    )
    assert (found.people, found.attrition, found.per_hire, found.hires) == (D(720_000), D(9_000), D(22_500), D(45_000))
    assert found.total == D(756_000)
    assert found.people_short == 7  # 144,000 ÷ 22,500 = 6.4


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(login(person))
    return client


def test_the_pages_show_enter_and_refuse_in_words(cast: Cast) -> None:
    maya, vera = signed_in(cast.maya), signed_in(cast.vera)
    here = f"/budgets/{cast.north.pk}/"
    said = {"cost": "travel", "amount": "500", "reason": "Fairs"}
    assert vera.post(f"{here}set/?period=2026-Q3", said).status_code == 302
    today = clock.today("UTC").isoformat()
    spent = {"cost": "travel", "amount": "120.50", "spent_on": today, "reason": "Train to Ghent"}
    assert maya.post(f"{here}expenses/", spent).status_code == 302
    assert "Train to Ghent" in maya.get(here).content.decode()
    refused = maya.post(f"{here}expenses/", spent | {"amount": "0"})
    assert refused.status_code == 422
    assert maya.post(f"{here}set/", said).status_code == 404
    assert signed_in(cast.omar).get(here).status_code == 404
    assert signed_in(cast.ana).get("/budgets/").status_code == 404
    expense = Expense.objects.get()
    assert signed_in(cast.omar).post(f"/expenses/{expense.pk}/take-back/").status_code == 404
    assert maya.post(f"/expenses/{expense.pk}/take-back/").status_code == 303
    lines = vera.get("/budgets/?period=2026-Q3&export=csv").getvalue().decode().splitlines()  # type: ignore[attr-defined]
    assert "North,2026-Q3,travel,500.00" in lines[2]


def test_what_if_answers_a_plan(cast: Cast) -> None:
    plan = make_plan(name="Q3", period=Q3, amount=D(100_000), by=cast.admin, at=AT)
    propose_allocation(plan=plan, by=cast.admin, at=AT, on=date(2026, 6, 20))
    vera = signed_in(cast.vera)
    assert "short of" in vera.get(f"/plans/{plan.pk}/capacity/?attainment=80&hires=0").content.decode()
    assert vera.get(f"/plans/{plan.pk}/capacity/?attainment=many").status_code == 422
    assert signed_in(cast.maya).get(f"/plans/{plan.pk}/capacity/").status_code == 404


def test_the_gap_in_people_opens_positions_that_count_until_they_are_closed(cast: Cast) -> None:
    """A seat of 33,333.33 for the quarter, months of 31, 31 and 30 of 92 days: from August, with 25 % in the first
    month, 31/92 × 25 % + 30/92 of it, 13,677.54."""
    ramp = RampProfile.objects.create(name="Slow")
    RampStep.objects.create(profile=ramp, month=1, percent=25)
    plan = make_plan(name="Q3", period=Q3, amount=D(100_000), by=cast.admin, at=AT)
    propose_allocation(plan=plan, by=cast.admin, at=AT, on=date(2026, 6, 20))
    vera, url = signed_in(cast.vera), f"/plans/{plan.pk}/"
    said = {"team": cast.north.pk, "hires": 2, "hired_in": 1, "ramp": ramp.pk, "reason": "The gap in people"}
    assert "€13,677.54" not in vera.get(f"{url}capacity/").content.decode()
    assert vera.post(f"{url}positions/", said | {"idempotency_key": "k"}).status_code == 302
    assert vera.post(f"{url}positions/", said | {"idempotency_key": "k"}).status_code == 302
    first, second = Position.objects.order_by("pk")
    assert (first.opens_on, first.plan, first.ramp) == (date(2026, 8, 1), plan, ramp)
    page = vera.get(f"{url}capacity/").content.decode()
    assert "€27,355.08" in page
    assert "North, from 1 Aug" in page
    close = f"{url}positions/{first.pk}/close/"
    assert vera.post(close, {"reason": " "}).status_code == 303
    assert Position.objects.open().count() == 2
    assert vera.post(close, {"reason": "Filled by Dora"}).status_code == 303
    with pytest.raises(Refused, match="closed already"):
        close_position(position=first, reason="Again", by=login(cast.vera), at=AT)
    assert "€13,677.54" in vera.get(f"{url}capacity/").content.decode()
    wrong = vera.post(f"{url}positions/", said | {"hires": 0})
    assert wrong.status_code == 422
    assert "greater than or equal to 1" in wrong.content.decode()
    maya = signed_in(cast.maya)
    assert maya.post(f"{url}positions/", said).status_code == 404
    rows = maya.get("/api/v1/positions/?is_open=true").json()["results"]
    assert [row["id"] for row in rows] == [second.pk]
    asked = {"team": cast.north.pk, "opens_on": "2026-09-01", "reason": "Growth"}
    answer = maya.post("/api/v1/positions/", asked, content_type="application/json")
    assert answer.status_code == 409
    answer = vera.post("/api/v1/positions/", asked | {"count": 2}, content_type="application/json")
    assert answer.status_code == 201
    answer = vera.post(
        f"/api/v1/positions/{second.pk}/close/", {"reason": "No budget"}, content_type="application/json"
    )
    assert answer.json()["closed_why"] == "No budget"


def test_budgets_and_expenses_come_in_by_file_once(cast: Cast, tmp_path: Path) -> None:
    folder = tmp_path
    (folder / "budgets.csv").write_text("team,period,cost,amount\nNorth,2026-Q3,travel,5000\nNorth,2026-Q3,snacks,1\n")
    (folder / "expenses.csv").write_text(
        "id,team,category,date,amount,description\nX1,North,travel,2026-08-03,12.30,Taxi\nX2,Nowhere,travel,2026-08-03,1,\n"
    )
    for _ in range(2):
        call_command("import_records", "budgets", str(folder / "budgets.csv"), stdout=StringIO())
        call_command("import_records", "expenses", str(folder / "expenses.csv"), stdout=StringIO())
    assert of(cast.north).budget == D(5000)
    assert [(one.external_id, one.amount) for one in Expense.objects.all()] == [("X1", D("12.30"))]


def test_the_api_notes_and_takes_back(cast: Cast) -> None:
    maya = signed_in(cast.maya)
    said = {"team": cast.north.pk, "cost": "tools", "amount": "99.00", "spent_on": "2026-08-03", "reason": "Licence"}
    made = maya.post("/api/v1/expenses/", said, content_type="application/json")
    assert made.status_code == 201, made.content
    refused = maya.post("/api/v1/expenses/", said | {"team": cast.south.pk}, content_type="application/json")
    assert refused.status_code in (400, 409)
    assert maya.post(f"/api/v1/expenses/{made.json()['id']}/take-back/").status_code == 201
    assert maya.post(f"/api/v1/expenses/{made.json()['id']}/take-back/").status_code == 409
    assert signed_in(cast.omar).get("/api/v1/expenses/").json()["results"] == []
