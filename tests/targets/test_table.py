"""A year of quotas as a spreadsheet: within what one sees, and taken back by the import."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal as D

import pytest
from django.test import Client

from targets.models import QuotaEntry
from targets.services import enter_quota
from teams.models import Person, User
from tests.cast import Cast
from tests.exchange.test_kinds import counts, take

AT = datetime(2026, 6, 20, 9, tzinfo=UTC)


@pytest.fixture
def quotas(cast: Cast) -> None:
    for person, amounts in {cast.ana: ("1000", "2000"), cast.ben: ("", "500.50"), cast.cleo: ("700", "")}.items():
        for month, amount in enumerate(amounts, 7):
            if amount:
                span = date(2026, month, 1), date(2026, month + 1, 1)
                enter_quota(
                    person=person, start=span[0], end=span[1], amount=D(amount), reason="P", by=cast.admin, at=AT
                )
    enter_quota(
        person=cast.cleo, start=date(2026, 10, 1), end=date(2027, 1, 1), amount=D(9), reason="P", by=cast.admin, at=AT
    )


def table(who: User | Person, query: str = "") -> str:
    client = Client()
    client.force_login(who.user if isinstance(who, Person) else who)  # type: ignore[arg-type]
    answer = client.get(f"/quotas/table/?period=2026-Q3{query}")
    assert answer.status_code == 200
    return b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]


def test_a_year_of_quotas_has_a_column_for_each_period_that_quotas_are_given_for(cast: Cast, quotas: None) -> None:
    assert list(csv.reader(io.StringIO(table(cast.admin)))) == [
        ["person", "name", "team", "measure", "currency", "2026-07", "2026-08"],
        ["E-Ana", "Ana", "North", "bookings", "EUR", "1000.00", "2000.00"],
        ["E-Ben", "Ben", "North", "bookings", "EUR", "", "500.50"],
        ["E-Cleo", "Cleo", "South", "bookings", "EUR", "700.00", ""],
    ]
    assert table(cast.admin, "&by=quarter").splitlines()[1] == "E-Cleo,Cleo,South,bookings,EUR,9.00"
    client = Client()
    client.force_login(cast.admin)
    assert client.get("/quotas/table/?period=2026-Q3&by=week").status_code == 404


def test_the_table_of_quotas_holds_what_one_may_see(cast: Cast, quotas: None) -> None:
    for person, names in ((cast.maya, {"Ana", "Ben"}), (cast.ana, {"Ana"}), (cast.omar, {"Cleo"})):
        assert {row["name"] for row in csv.DictReader(io.StringIO(table(person)))} == names


@pytest.mark.parametrize("by", ["month", "quarter"])
def test_the_import_takes_the_table_of_quotas_back(cast: Cast, quotas: None, by: str) -> None:
    file = table(cast.admin, f"&by={by}")
    entries = QuotaEntry.objects.count()
    answer = take("quotas", file)
    assert (answer.created, answer.refused, answer.equal) == (0, 0, {"month": 4, "quarter": 1}[by])
    assert QuotaEntry.objects.count() == entries
    changed = file.replace("2000.00", "2500").replace(",9.00", ",12")
    assert counts(take("quotas", changed))[0] == 1
