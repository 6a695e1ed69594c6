"""Quotas as spreadsheets have them: a line per person, a column per month or quarter."""

import csv
import io
from datetime import date
from decimal import Decimal as D
from typing import Any

import pytest
from django.test import Client

from salesmgmt.exchange.reader import Unreadable
from salesmgmt.exchange.services.rejected import rejects
from salesmgmt.exchange.services.taking import first_refusals
from salesmgmt.exchange.wide import period_of
from salesmgmt.lib import xlsxout
from salesmgmt.lib.periods import CALENDAR_YEARS, FiscalCalendar, SetUp
from targets.models import BudgetEntry, QuotaEntry, Target
from targets.selectors import quota_of
from tests.cast import Cast

from .test_kinds import counts, reasons, take, undo
from .test_page import act, admin, files, form_of, uploaded

__all__ = ["admin", "files"]

MONTHS = "Rep,Jan 2027,Feb 2027,Mar 2027\n"
Q1 = (date(2027, 1, 1), date(2027, 4, 1))


def quotas(*people: Any, start: date = Q1[0], end: date = Q1[1]) -> list[D | None]:
    found = quota_of(person_ids=[one.pk for one in people], start=start, end=end)
    return [found.get(one.pk) for one in people]


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("Jan 2027", "2027-01"), ("2027-01", "2027-01"), ("Jan-27", "2027-01"), ("01/2027", "2027-01"),
        ("1.2027", "2027-01"), ("2027/1", "2027-01"), ("2027-01-01", "2027-01"), ("January 2027", "2027-01"),
        ("2027 Jan", "2027-01"), ("Mrz. 2027", "2027-03"), ("MÄRZ 2027", "2027-03"), ("févr. 2027", "2027-02"),
        ("ene-27", "2027-01"), ("mag 2027", "2027-05"), ("Q1 2027", "2027-Q1"), ("2027-Q1", "2027-Q1"),
        ("Q1/27", "2027-Q1"), ("Q1 FY27", "2027-Q1"), ("FY2027 Q3", "2027-Q3"), ("FY 2027", "2027-FY"),
        ("2027", "2027-FY"), ("Rep", ""), ("Jan", ""), ("Q5 2027", ""), ("13/2027", ""), ("Team 27", ""), ("", ""),
    ],
)  # fmt: skip
def test_a_header_is_the_period_that_people_read_in_it(header: str, key: str) -> None:
    period = period_of(header, CALENDAR_YEARS)
    assert (period.key if period else "") == key


def test_a_period_of_weeks_is_read_in_a_calendar_that_has_it() -> None:
    weeks = FiscalCalendar((SetUp(2027, date(2027, 1, 4), "4-4-5"),))
    for header in ("P07 2027", "2027-P07", "P7 27"):
        period = period_of(header, weeks)
        assert period is not None
        assert period.key == "2027-P07"
    assert period_of("P07 2027", CALENDAR_YEARS) is None


def test_each_cell_becomes_a_quota_and_empty_ones_none(cast: Cast) -> None:
    table = MONTHS + 'Ana,"10,000","€12,000",-\nBen,,8\'500,"9 000.50"\n'
    answer = take("quotas", table)
    assert counts(answer) == (4, 0, 0, 0)
    assert quotas(cast.ana, cast.ben) == [D(22000), D("17500.50")]
    assert quotas(cast.ana, cast.ben, end=date(2027, 2, 1)) == [D(10000), None]
    assert answer.found["wide"]["periods"] == [[one, one] for one in ("Jan 2027", "Feb 2027", "Mar 2027")]
    assert answer.found["wide"]["empty_cells"] == 2


def test_a_second_import_of_a_wide_table_changes_nothing_and_undo_takes_it_back(cast: Cast) -> None:
    table = MONTHS + "Ana,1000,2000,3000\n"
    first = take("quotas", table)
    assert counts(first) == (3, 0, 0, 0)
    entries = QuotaEntry.objects.count()
    assert counts(take("quotas", table)) == (0, 0, 3, 0)
    assert QuotaEntry.objects.count() == entries
    undo(first)
    assert quotas(cast.ana) in ([None], [D(0)])


def test_a_wide_table_is_read_in_utf_16_with_tabs_and_points_between_thousands(cast: Cast) -> None:
    table = "Mitarbeiter\tTeam\tJän 2027\tFebruar 2027\tGesamt\r\nAna\tNorth\t1.234\t10.000\t11.234\r\n"
    answer = take("quotas", table.encode("utf-16"), mapping={"columns": {"person": "Mitarbeiter", "team": "Team"}})
    assert counts(answer) == (2, 0, 0, 0)
    assert answer.notes == []
    assert quotas(cast.ana) == [D(11234)]


def test_a_workbook_whose_headers_are_quarters_is_taken(cast: Cast) -> None:
    with xlsxout.book("Quotas", ["Rep", "Q1 2027", "Q2 2027"], [["Ana", D("9000"), D("9500.25")]]) as book:
        answer = take("quotas", book.read())
    assert counts(answer) == (2, 0, 0, 0)
    assert quotas(cast.ana, end=date(2027, 7, 1)) == [D("18500.25")]


def test_totals_are_left_out_and_one_that_differs_is_said_with_line_and_column(cast: Cast) -> None:
    table = (
        "Rep,Jan 2027,Feb 2027,Mar 2027,Q1 2027,Total\n"
        "Ana,100,200,300,600,600\nBen,100,,,100,90\nNorth total,200,200,300,700,700\nCleo,50,50,50,150,150\n"
        "Grand total,250,999,350,850,850\n"
    )
    answer = take("quotas", table)
    assert counts(answer) == (7, 0, 0, 0)
    assert answer.found["wide"]["totals"] == ["Q1 2027", "Total"]
    assert answer.found["wide"]["total_rows"] == 2
    assert answer.notes == [
        "Line 3, Total: the total says 90, its figures come to 100.",
        "Line 6, Q1 2027: the total says 850, its figures come to 1,599.",
        "Line 6, Total: the total says 850, its figures come to 1,599.",
        "Line 6, Feb 2027: the total says 999, its figures come to 250.",
    ]
    assert quotas(cast.ana, cast.ben, cast.cleo) == [D(600), D(100), D(150)]


def test_a_refused_cell_is_named_by_its_line_and_column_and_the_rest_is_taken(cast: Cast) -> None:
    table = MONTHS + "Ana,1000,x,3000\nNobody,1,2,3\nBen,-5,1,1\n"
    answer = take("quotas", table)
    assert counts(answer) == (4, 0, 0, 5)
    assert [(line, column) for line, column, _ in reasons(answer)] == [
        (2, "Feb 2027"), (3, "Rep"), (4, "Jan 2027"),
    ]  # fmt: skip
    file = rejects(file=io.BytesIO(table.encode()), name="a.csv", mapping={}, refusals=first_refusals(answer.refusals))
    rows = list(csv.reader(io.StringIO(file.decode("utf-8-sig"))))
    assert rows[0] == ["refused_line", "refused_column", "refused_reason", "Rep", "Jan 2027", "Feb 2027", "Mar 2027"]
    assert [row[:2] + row[3:] for row in rows[1:]] == [
        ["2", "Feb 2027", "Ana", "1000", "x", "3000"],
        ["3", "Rep", "Nobody", "1", "2", "3"],
        ["4", "Jan 2027", "Ben", "-5", "1", "1"],
    ]
    mended = file.decode("utf-8-sig").replace("Ana,1000,x", "Ana,1000,2000")
    assert counts(take("quotas", mended)) == (1, 0, 4, 4)


def test_nobody_sets_their_own_quota_by_a_wide_table(cast: Cast) -> None:
    assert cast.olga.user
    answer = take("quotas", MONTHS + "Olga,1,2,3\nAna,1,2,3\n", by=cast.olga.user)
    assert counts(answer) == (3, 0, 0, 3)
    assert "Nobody sets their own quota" in answer.refusals[0].reason


def test_a_header_in_doubt_is_refused_with_a_sentence(cast: Cast) -> None:
    for header, sentence in {
        "Rep,Jan,Feb": "“Jan” names no year",
        "Rep,Jan 2027,2027-01": "“Jan 2027” and “2027-01” share days",
        "Rep,Period,Jan 2027": "“Period” stands beside columns that are periods",
    }.items():
        with pytest.raises(Unreadable, match=sentence):
            take("quotas", f"{header}\nAna,1,2\n")
    with pytest.raises(Unreadable, match="“layout” must be “long” or “wide”"):
        take("quotas", MONTHS, mapping={"layout": "sideways"})
    with pytest.raises(Unreadable, match="deals are that"):
        take("deals", MONTHS, mapping={"layout": "wide"})
    with pytest.raises(Unreadable, match="no column is a period"):
        take("quotas", "person,period,amount\nAna,2027-Q1,5\n", mapping={"layout": "wide"})


def test_a_mapping_can_say_that_a_table_is_long_or_that_a_month_is_the_amount(cast: Cast) -> None:
    table = "person,period,amount,2026\nAna,2027-Q1,5000,4000\n"
    assert counts(take("quotas", table)) == (1, 0, 0, 0)
    told = {"columns": {"person": "Rep", "amount": "Jan 2027", "period": {"const": "2027-02"}}}
    assert counts(take("quotas", MONTHS + "Ben,7,8,9\n", mapping=told)) == (1, 0, 0, 0)
    assert quotas(cast.ana, cast.ben) == [D(5000), D(7)]


def test_targets_and_budgets_of_teams_may_stand_in_columns_too(cast: Cast) -> None:
    assert counts(take("targets", "Team,Q1 2027,Q2 2027\nNorth,1000,-\n")) == (1, 0, 0, 0)
    assert Target.objects.get().amount == D(1000)
    assert counts(take("budgets", "Team,Cost,Q1 2027,Q2 2027,Total\nNorth,travel,10,20,30\n")) == (2, 0, 0, 0)
    assert sorted(BudgetEntry.objects.values_list("amount", flat=True)) == [D(10), D(20)]


def test_the_page_says_which_columns_are_periods_and_the_mapping_can_change(cast: Cast, admin: Client) -> None:
    batch = uploaded(admin, "quotas", (MONTHS + "Ana,1000,,3000\nBen,5,5,x\n").encode())
    page = admin.get(f"/imports/{batch.pk}/").content.decode()
    assert "A column for each period: Jan 2027, Feb 2027, Mar 2027." in page
    assert (batch.created, batch.refused) == (4, 1)
    assert "Mar 2027: It is not a number." in page
    batch = act(admin, batch, "map", form_of(batch, layout="wide"))
    assert batch.mapping["layout"] == "wide"
    batch = act(admin, batch, "map", form_of(batch, layout="long"))
    assert "no column for “amount”" in batch.message
    batch = act(admin, batch, "map", form_of(batch, layout=""))
    batch = act(admin, batch, "take")
    assert (batch.created, batch.refused) == (4, 1)
    refused = admin.get(f"/imports/{batch.pk}/rejects/").content.decode("utf-8-sig")
    assert refused.splitlines()[0].endswith("Rep,Jan 2027,Feb 2027,Mar 2027")
    assert quotas(cast.ana, cast.ben) == [D(4000), D(10)]
