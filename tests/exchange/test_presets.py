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

from sales.models import Activity, Contact, Deal, Stage, Task
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


# ── The headers of real exports ─────────────────────────────────────────────────────────────────────────────────


def test_deals_of_hubspot_come_with_the_number_of_their_company_and_a_pipeline_of_its_own(cast: Cast) -> None:
    """Columns as HubSpot's own export writes them: `Associated Company IDs (Primary)` beside the name."""
    companies = (
        "Record ID,Company name,Company Domain Name,City,Country/Region,Company owner,Create Date\n"
        "555,Brandt Optik,brandt.example,Jena,Germany,Ana,2025-01-05 09:30\n"
    )
    assert take("accounts", companies).found["preset"] == "hubspot"
    contacts = (
        "Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Create Date,Job Title,"
        "Associated Company IDs (Primary),Associated Company (Primary)\n"
        "801,Eva,Brandt,eva@brandt.example,+49 30 1,Ana,2025-01-05 09:30,Owner,555,Brandt Optik (old name)\n"
    )
    assert take("contacts", contacts).created == 1
    kim = Contact.objects.get()
    assert (kim.name, kim.title, kim.account.name) == ("Eva Brandt", "Owner", "Brandt Optik")
    deals = (
        "Record ID,Deal Name,Pipeline,Deal Stage,Amount,Close Date,Create Date,Last Activity Date,Deal owner,"
        "Associated Company IDs (Primary),Associated Company (Primary)\n"
        "9001,Lenses,Sales Pipeline,Appointment Scheduled,1200.5,2026-12-31 17:00,2026-01-05 09:30,,Ana,555,Brandt\n"
        "9002,Frames,Sales Pipeline,Closed Won,800,2026-02-03 17:00,2026-01-05 09:30,,Ana,555,Brandt\n"
    )
    answer = take("deals", deals, create_missing=True)
    assert (answer.created, answer.made, "Pipeline" in answer.found["unused"]) == (
        2, ["stage Appointment Scheduled"], True,
    )  # fmt: skip
    assert {one.account.name for one in Deal.objects.all()} == {"Brandt Optik"}


def test_pipedrive_writes_link_columns_bare_and_work_that_is_not_done_becomes_tasks(cast: Cast) -> None:
    """Columns as the reference of default fields names them, which is what exports follow."""
    organisations = (
        "Organization - Name,Organization - Address - Country of Address,Organization - Owner,"
        "Organization - Creation date,Organization - Pipedrive System ID\nMoveer,US,Ana,2026-01-05 09:00:00,31\n"
    )
    assert take("accounts", organisations).created == 1
    people = (
        "Person - Name,Person - Email (Work),Person - Phone,Organization name,Person - Owner,"
        "Person - Pipedrive System ID\nTony Turner,tony@moveer.example,570-809-7197,Moveer,Ana,7\n"
    )
    assert take("contacts", people).created == 1
    deals = (
        "Deal - Title,Deal - Value,Organization,Contact person,Deal - Owner,Deal - Stage (pipeline),"
        "Deal - Expected close date,Deal - Currency of value,Deal - Creation date,Deal - Closed on,Deal - Lost reason,"
        "Deal - Lost time,Deal - Status,Deal - Won time,Deal - Pipedrive System ID\n"
        "Moveer Deal,100.0,Moveer,Tony Turner,Ana,Proposal,2026-06-01,EUR,2026-01-05 09:00:00,,,,Open,,1\n"
        "Old Deal,50.0,Moveer,Tony Turner,Ana,Proposal,2026-02-01,EUR,2026-01-05 09:00:00,2026-02-06 10:00:00,Price,"
        "2026-02-06 10:00:00,Lost,,2\n"
    )
    assert take("deals", deals).created == 2, take("deals", deals).refusals
    assert Deal.objects.get(external_id="2").closed_on == date(2026, 2, 6)
    work = (
        "Activity - Subject,Activity - Due date,Activity - Assigned to user,Activity - Note,Activity - Type,"
        "Activity - Done,Activity - Due time,Activity - Marked as done time,Deal,Lead,Organization,Contact person,"
        "Activity - Pipedrive System ID\n"
        "First pitch,2026-03-01,Ana,,Call,Done,,2026-03-02 10:00:00,Moveer Deal,,Moveer,Tony Turner,11\n"
        "Second pitch,2026-06-01,Ana,,Call,Undone,,,Moveer Deal,,Moveer,Tony Turner,12\n"
    )
    answer = take("activities", work)
    assert (answer.created, answer.refused) == (2, 0), answer.refusals
    assert Activity.objects.get().occurred_on == date(2026, 3, 2)
    task = Task.objects.get()
    assert (task.text, task.due_on, task.deal.name, task.contact.name) == (
        "Second pitch", date(2026, 6, 1), "Moveer Deal", "Tony Turner",
    )  # fmt: skip


def test_zoho_refers_by_numbers_of_its_own_and_keeps_tasks_in_a_file_of_their_own(cast: Cast) -> None:
    """Columns as Zoho's own export writes them: each look-up twice, as `….id` with zcrm_ and as a name."""
    accounts = (
        "Record Id,Account Owner.id,Account Owner,Account Name,Industry,Created Time\n"
        "zcrm_31,zcrm_1,Ana,Titan,Tools,2026-01-05 09:00:00\n"
    )
    assert take("accounts", accounts).found["preset"] == "zoho"
    contacts = (
        "Record Id,Contact Owner.id,Contact Owner,First Name,Last Name,Account Name.id,Account Name,Email\n"
        "zcrm_41,zcrm_1,Ana,Ben,Bit,zcrm_31,Titan,ben@titan.example\n"
    )
    assert take("contacts", contacts).created == 1
    deals = (
        "Record Id,Deal Owner.id,Deal Owner,Amount,Deal Name,Closing Date,Account Name.id,Account Name,Stage,"
        "Contact Name.id,Contact Name,Lead Source,Created Time,Pipeline.id,Pipeline,Reason For Loss\n"
        "zcrm_51,zcrm_1,Ana,100,Saws,2026-12-01,zcrm_31,Titan Ltd,Needs Analysis,zcrm_41,Ben Bit,Chat,"
        "2026-01-05 09:00:00,zcrm_9,Standard,\n"
    )
    assert take("deals", deals, create_missing=True).created == 1
    deal = Deal.objects.get()
    assert (deal.account.name, deal.contact.name, deal.stage.name) == ("Titan", "Ben Bit", "Needs Analysis")
    tasks = (
        "Record Id,Task Owner.id,Task Owner,Subject,Due Date,Contact Name.id,Contact Name,Connected To.module,"
        "Connected To.id,Connected To,Status,Closed Time\n"
        "zcrm_61,zcrm_1,Ana,Send offer,2026-04-01,,,Deals,zcrm_51,Saws,Completed,2026-04-02 10:00:00\n"
        "zcrm_62,zcrm_1,Ana,Ring,2026-06-01,zcrm_41,Ben Bit,Accounts,zcrm_31,Titan,Not Started,\n"
    )
    answer = take("activities", tasks)
    assert (answer.created, answer.refused) == (2, 0), answer.refusals
    done = Activity.objects.get()
    assert (done.kind, done.deal, done.occurred_on) == ("task", deal, date(2026, 4, 2))
    assert (Task.objects.get().text, Task.objects.get().account.name) == ("Ring", "Titan")
