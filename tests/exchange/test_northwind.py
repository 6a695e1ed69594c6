"""A real set of orders with lines, by mapping files: to the cent with its commas mended, row by row without."""

import io
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import F, Sum
from django.test import Client

from performance.models import Rollup
from sales.models import Account, Contact, Credit, Order, OrderLine
from teams.models import Leadership, Organisation, Person, Posting, User
from teams.selectors import manager_of

from .conftest import shared

HERE = Path(__file__).parent / "northwind"
MENDED = ("--extra-commas", "join:shipAddress")

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def run(db: None, settings: Any, tmp_path: Path) -> Run:
    settings.MEDIA_ROOT = tmp_path
    Organisation.objects.update(name="Northwind", currency="USD", time_zone="UTC")
    folder = shared("northwind")

    def command(kind: str, file: str, *options: str) -> dict[str, Any]:
        out = io.StringIO()
        mapping = ("--mapping", str(HERE / f"{kind}.json"))
        call_command("import_records", kind, str(folder / file), *mapping, "--format", "json", *options, stdout=out)
        answer: dict[str, Any] = json.loads(out.getvalue())
        assert answer["taken"] + answer["refused"] == answer["read"]
        return answer

    return command


def before_orders(run: Run) -> None:
    people = run("people", "employees.csv", "--create-missing")
    assert (people["created"], people["refused"]) == (9, 0)
    for kind, file, count in (
        ("accounts", "customers.csv", 91),
        ("contacts", "customers.csv", 91),
        ("products", "products.csv", 77),
    ):
        answer = run(kind, file)
        assert (answer["created"], answer["refused"]) == (count, 0), answer["refusals"]
    assert (Account.objects.count(), Contact.objects.count()) == (91, 91)


def assert_late(count: int) -> None:
    """So many were shipped late, says the process view, and lists them."""
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    page = client.get("/process/?period=all")
    assert page.context["whole"].late == count
    assert f"{count} orders shipped late" in page.content.decode()
    assert len(client.get("/orders/?step=late&period=all").context["page"].rows) == count
    assert Order.objects.filter(delivered_on__gt=F("promised_on")).count() == count


def test_with_its_commas_mended_every_order_is_credited_to_the_cent(run: Run) -> None:
    before_orders(run)
    orders = run("orders", "orders.csv", *MENDED)
    assert (orders["read"], orders["created"], orders["refused"]) == (830, 830, 0), orders["refusals"][:3]
    assert orders["found"]["mended"] == 176
    lines = run("order_lines", "order-details.csv")
    assert (lines["read"], lines["created"], lines["refused"]) == (2155, 2155, 0), lines["refusals"][:3]
    assert OrderLine.objects.aggregate(sum=Sum("amount"))["sum"] == Decimal("1265793.0395")
    assert Credit.objects.total() == Decimal("1265793.22")
    assert_late(37)
    call_command("refresh_rollups", stdout=io.StringIO())
    assert Rollup.objects.filter(measure="bookings").aggregate(sum=Sum("total"))["sum"] == Decimal("1265793.22")
    # the same files once more
    assert run("orders", "orders.csv", *MENDED)["equal"] == 830
    assert run("order_lines", "order-details.csv")["equal"] == 2155
    assert Credit.objects.total() == Decimal("1265793.22")


def test_unmended_each_row_says_what_is_wrong_and_its_lines_name_the_order_they_miss(run: Run) -> None:
    before_orders(run)
    orders = run("orders", "orders.csv")
    assert (orders["created"], orders["refused"]) == (654, 176)
    first = orders["refusals"][0]
    assert first["line"] == 4
    assert first["reason"].startswith("orders.csv, line 4: 15 cells where the header names 14 columns. A value that")
    assert first["reason"].endswith("such as “extra_commas”: “join:shipAddress”.")
    lines = run("order_lines", "order-details.csv")
    missing = {one["value"] for one in lines["refusals"]}
    assert len(missing) == 176
    assert all(one["reason"] == f"There is no order “{one['value']}”." for one in lines["refusals"])
    assert lines["refusals"][0]["line"] == 7
    assert lines["created"] == 2155 - lines["refused"] == OrderLine.objects.count()
    assert_late(29)


def test_employees_report_to_somebody_further_down_the_file(run: Run) -> None:
    run("people", "employees.csv", "--create-missing")
    fuller, buchanan = Person.objects.get(external_id="2"), Person.objects.get(external_id="5")
    nancy, anne = Person.objects.get(name="Nancy Davolio"), Person.objects.get(name="Anne Dodsworth")
    assert {one.person for one in Leadership.objects.all()} == {fuller, buchanan}
    day = Posting.objects.get(person=anne).starts_on
    assert (manager_of(nancy, day), manager_of(anne, day), manager_of(buchanan, day)) == (fuller, buchanan, fuller)
    assert run("people", "employees.csv", "--create-missing")["equal"] == 9
