"""The exports of other products by their presets, named or seen, and mappings that join, ask and are kept."""

import io
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from sales.models import Activity, Contact, Deal, Stage
from salesmgmt.exchange import presets
from salesmgmt.exchange.kinds import kind_of, kinds
from salesmgmt.exchange.mapping import Column, by_preset, choose, column_of, parse
from salesmgmt.exchange.models import Mapping
from salesmgmt.exchange.reader import Unreadable, open_table
from tests.cast import Cast

from .test_kinds import take

HUBSPOT = (
    '"Record ID","Deal Name","Deal Stage","Close Date","Deal owner","Amount","Associated Company","Create Date"\n'
    '"9001","Acme - New","Qualification","2026-09-30 10:00","Ana","1000","Acme","2026-01-05 09:00"\n'
    '"9002","Beta - New","Closed Won","2026-03-02 10:00","Ana","2000.50","Beta","2026-01-06 09:00"\n'
    '"9003","Ceta - New","closedlost","2026-03-03 10:00","Ben","300","Acme","2026-01-07 09:00"\n'
)
PIPEDRIVE = (
    "Deal - ID,Deal - Title,Deal - Owner,Deal - Organization,Deal - Stage,Deal - Status,Deal - Value,"
    "Deal - Currency of value,Deal - Deal created,Deal - Won time,Deal - Lost time,Deal - Expected close date,"
    "Deal - Lost reason\n"
    "1,Acme new,Ana,Acme,Proposal,Won,100,EUR,2026-01-05 09:00:00,2026-02-05 09:00:00,,2026-02-01,\n"
    "2,Acme old,Ben,Acme,Proposal,Lost,50,EUR,2026-01-05 09:00:00,,2026-02-06 09:00:00,2026-02-01,Price\n"
    "3,Acme next,Ben,Acme,Proposal,Open,70,EUR,2026-01-05 09:00:00,,,2026-12-01,\n"
)
ZOHO = (
    "Record Id,Deal Name,Deal Owner,Account Name,Stage,Amount,Closing Date,Created Time,Reason For Loss\n"
    "zcrm_1,Acme new,Ana,Acme,Proposal,100,2026-12-01,2026-01-05 09:00:00,\n"
    "zcrm_2,Acme old,Ben,Acme,Closed Lost,50,2026-02-01,2026-01-05 09:00:00,Price\n"
)


@pytest.mark.parametrize(
    ("preset", "text", "outcomes"),
    [
        ("hubspot", HUBSPOT, [("open", None), ("won", date(2026, 3, 2)), ("lost", date(2026, 3, 3))]),
        ("pipedrive", PIPEDRIVE, [("won", date(2026, 2, 5)), ("lost", date(2026, 2, 6)), ("open", None)]),
        ("zoho", ZOHO, [("open", None), ("lost", date(2026, 2, 1))]),
    ],
)
def test_deals_come_in_by_the_export_of_each_product(
    cast: Cast, preset: str, text: str, outcomes: list[tuple[str, date | None]]
) -> None:
    seen = take("deals", text, create_missing=True)
    assert (seen.refused, seen.found["preset"]) == (0, preset), seen.refusals
    assert take("deals", text, mapping={"preset": preset}, create_missing=True).equal == len(outcomes)
    assert list(Deal.objects.order_by("external_id").values_list("status", "closed_on")) == outcomes
    assert Deal.objects.exclude(expected_close_on=None).count() == len(outcomes)
    assert {one.opened_on.month for one in Deal.objects.all()} == {1}


def test_people_and_work_of_pipedrive_are_found_under_their_long_names(cast: Cast) -> None:
    people = "Person - ID,Person - Name,Person - Email - Work,Person - Organization\n7,Kim,k@example.com,\n"
    assert take("contacts", people).found["preset"] == "pipedrive"
    assert Contact.objects.get().email == "k@example.com"
    work = (
        "Activity - ID,Activity - Type,Activity - Subject,Activity - Note,Activity - Due date,Activity - Due time,"
        "Activity - Assigned to user,Activity - Contact person\n1,Call,Asked,Why so?,2026-03-01,09:30,Ana,Kim\n"
        "2,Lunch,Ate,,2026-03-02,,Ana,\n3,Parcel,Sent,,2026-03-02,,Ana,\n"
    )
    assert take("activities", work).created == 3
    first = Activity.objects.get(external_id="1")
    assert (first.kind, first.notes, first.contact.name) == ("call", "Asked\nWhy so?", "Kim")
    assert [one.kind for one in Activity.objects.order_by("external_id")] == ["call", "meeting", "task"]


def test_a_stage_that_we_lack_is_made_only_when_asked_and_outcomes_are_none(cast: Cast) -> None:
    row = "external_id,owner,stage\nD1,Ana,Discovery\nD2,Ana,Won\n"
    assert take("deals", row, mapping={"columns": {}}).refused == 2
    answer = take("deals", row, mapping={"columns": {}}, create_missing=True)
    assert (answer.made, answer.refused) == (["stage Discovery"], 1)
    assert Stage.objects.order_by("-position")[0].name == "Discovery"


def test_every_preset_names_fields_that_there_are() -> None:
    for name, of_kinds in presets.PRESETS.items():
        for kind, fields in of_kinds.items():
            known = kind_of(kind)
            for one, alternatives in fields.items():
                assert known.field(one), (name, kind, one)
                assert [column_of(one, said) for said in alternatives]


@pytest.mark.parametrize("preset", ["salesforce", "hubspot", "pipedrive", "zoho"])
def test_a_file_that_lacks_what_a_preset_needs_says_which_column(cast: Cast, preset: str) -> None:
    with pytest.raises(Unreadable, match=r"a\.csv, line 1: there is no column for “name”, which accounts need"):
        take("accounts", "colour,size\nblue,1\n", mapping={"preset": preset})
    with pytest.raises(Unreadable, match="There is no preset “sugar”; there is native, salesforce, hubspot"):
        take("accounts", "name\nAcme\n", mapping={"preset": "sugar"})


def test_a_mapping_joins_columns_asks_another_and_maps_any_other_word() -> None:
    column = Column(columns=("first", "last"), where={"kind": ("person", "em*")})
    assert column.text({"first": "Ada ", "last": "King", "kind": "Employee"}) == "Ada King"
    assert column.text({"first": "Ada", "last": "", "kind": "PERSON"}) == "Ada"
    assert column.text({"first": "Ada", "last": "King", "kind": "firm"}) == ""
    words = Column("stage", values={"Closed Won": "won", "*": "open"})
    assert [words.text({"stage": text}) for text in ("closed won", "New", "")] == ["won", "open", ""]
    for said in ("name", {"const": "x"}, {"columns": ["a", "b"], "join": "-", "where": {"c": ["d"]}}):
        assert column_of("name", said).content() == said
    wrong: Any
    for wrong in (
        1,
        {"columns": []},
        {"column": "a", "columns": ["b"]},
        {"column": "a", "where": {"b": "c"}},
        {"to": 1},
    ):
        with pytest.raises(Unreadable, match="In the mapping “name” must be a column's name"):
            column_of("name", wrong)


def test_values_tell_what_a_header_does_not() -> None:
    text = b"name,contact,what,money\nKim,kim@example.com,new,EUR\nJoe,joe@example.com,qualified,USD\n"
    table = open_table(io.BytesIO(text), "a.csv")
    columns, _ = choose(parse({}, kind_of("leads")), kind_of("leads"), table)
    assert (columns["email"].column, columns["status"].column) == ("contact", "what")


def test_a_mapping_is_kept_under_a_name_and_used_by_the_command(cast: Cast, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Vorname;Nachname;Umsatz\nAda;King;1,5\n")
    (tmp_path / "m.json").write_text(
        json.dumps({"columns": {"name": {"columns": ["Vorname", "Nachname"]}, "revenue": "Umsatz"}, "decimal": ","})
    )
    told = ("accounts", str(tmp_path / "a.csv"))
    call_command("import_records", *told, "--mapping", str(tmp_path / "m.json"), "--keep-mapping", "Our ERP")
    kept = Mapping.objects.get(kind="accounts", name="Our ERP")
    assert kept.content["columns"]["name"] == {"columns": ["Vorname", "Nachname"], "join": " "}
    out = io.StringIO()
    call_command("import_records", *told, "--mapping", "Our ERP", "--format", "json", stdout=out)
    assert json.loads(out.getvalue())["equal"] == 1
    with pytest.raises(CommandError, match="can't be read: No such file"):
        call_command("import_records", *told, "--mapping", "Theirs")


@given(st.lists(st.text(max_size=12), min_size=1, max_size=8), st.sampled_from(sorted(presets.PRESETS)))
def test_any_header_is_mapped_or_not_but_never_an_error(header: list[str], preset: str) -> None:
    for kind in kinds().values():
        for column in by_preset(preset, kind, header).values():
            assert set(column.sources) <= set(header)
    assert presets.recognised("deals", header) in ("", *presets.PRESETS)


def test_a_workbook_is_given_out_with_its_text_typed_as_text_and_comes_back(cast: Cast, tmp_path: Path) -> None:
    take("accounts", 'external_id,name,revenue\nA1,"=1+1",10.50\nA2,+49 30,\n')
    take("products", "external_id,name,list_price,currency\nP1,Tick,1.2345,EUR\n")
    for kind in ("accounts", "products"):
        for name in (f"{kind}.xlsx", f"{kind}.csv.gz"):
            call_command("export_records", kind, "--out", str(tmp_path / name))
            out = io.StringIO()
            call_command("import_records", kind, str(tmp_path / name), "--format", "json", stdout=out)
            answer = json.loads(out.getvalue())
            assert answer["equal"] == answer["read"] > 0, answer["refusals"]
    from openpyxl import load_workbook

    sheet = load_workbook(tmp_path / "accounts.xlsx").active
    assert [(cell.value, cell.data_type) for cell in sheet["B"]] == [("name", "s"), ("=1+1", "s"), ("+49 30", "s")]
    assert Decimal(sheet["E2"].value) == Decimal("10.50")
