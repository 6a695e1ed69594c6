"""Every list gives out what it shows: as text, and as a workbook in which nothing is calculated."""

import io
from decimal import Decimal

from django.test import Client
from openpyxl import load_workbook

from sales.models import Account
from salesmgmt.lib import xlsxout
from tests.answers import content_of
from tests.cast import Cast


def test_a_list_is_given_out_as_a_workbook_with_its_text_typed_as_text(cast: Cast, client: Client) -> None:
    for name in ("=1+1", "Plain & Co"):
        Account.objects.create(name=name, owner=cast.ana)
    Account.objects.create(name="Not hers", owner=cast.cleo)
    client.force_login(cast.ana.user)
    answer = client.get("/accounts/?export=csv&file=xlsx")
    assert answer["Content-Type"] == xlsxout.EXCEL
    assert answer["Content-Disposition"].endswith('.xlsx"')
    sheet = load_workbook(io.BytesIO(content_of(answer))).active
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {"=1+1", "Plain & Co"} <= {cell.value for cell in cells}
    assert "Not hers" not in {cell.value for cell in cells}
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert b"=1+1" in content_of(client.get("/accounts/?export=csv"))


def test_a_table_without_rows_and_with_odd_signs_is_a_workbook_too() -> None:
    with xlsxout.book("", ["a", "b"], []) as empty:
        assert load_workbook(empty).active["B1"].value == "b"
    with xlsxout.book("x", ["a"], [["\x00\x08bell"], [Decimal("1.50")], [None], [True]]) as odd:
        cells = [row[0].value for row in load_workbook(odd).active.iter_rows(min_row=2)]
    assert cells == ["bell", 1.5, None, True]
