"""What is given out is what import takes: back unchanged here, whole elsewhere."""

import csv
import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from sales.models import Activity, Contact, Credit, Deal, Order
from salesmgmt.exchange.exports import write_table
from salesmgmt.exchange.kinds import kinds
from targets.models import QuotaEntry
from teams.models import Person, Posting
from tests.cast import Cast

from .test_kinds import counts, take

TABLES = {
    "leave": "person,kind,from,until\nAna,vacation,2026-06-01,2026-06-05\n",
    "ramps": "name,month,percent\nNew rep,1,25\n",
    "seasons": "period,bucket,percent\n2026-Q3,2026-07,30\n2026-Q3,2026-08,30\n2026-Q3,2026-09,40\n",
    "rates": "currency,rate,from\nUSD,0.9,2026-01-01\nUSD,0.95,2026-04-01\n",
    "accounts": "external_id,name,owner,revenue,parent\nA1,Acme,Ana,10.50,A2\nA2,\"=Mother, Inc\",Ben,,\n",
    "contacts": "external_id,name,email,account\nC1,Kim,kim@example.com,Acme\nC2,Kim,,Acme\n",
    "products": "name,list_price\nTick,1234.5678\n",
    "deals": (
        "external_id,owner,account,product,stage,status,amount,opened_on,closed_on,lost_reason\n"
        "D1,Ana,Acme,Tick,Proposal,won,100.01,2026-04-01,2026-05-01,\nD2,Ben,,Tick,,lost,5,,2026-05-02,price\n"
        "D3,Cleo,Acme,,Proposal,open,7,2026-05-03,,\n"
    ),
    "activities": "owner,kind,occurred_at,deal,notes\nAna,call,2026-05-03T10:00:00Z,D1,\"two\nlines\"\n",
    "orders": "number,owner,account,amount,currency,ordered_on\nN1,Ana,Acme,50,USD,2026-05-04\n",
    "credits": "order,person,share,overlay\nN1,Ana,40,\nN1,Ben,60,\nN1,Cleo,,10\n",
    "refunds": "external_id,order,amount,occurred_on\nR1,N1,20,2026-05-05\nR2,D1,1,2026-05-05\n",
    "leads": "external_id,name,company,owner,campaign,status,created_at\nL1,Lee,Acme,Ana,Spring,qualified,2026-05-01\n",
    "order_lines": "order,product,quantity,unit_price,discount,amount\nN1,Tick,2,30,20,48\nN1,,1,2,,2\n",
    "deal_changes": "deal,changed_at,field,value\nD3,2026-05-03T09:00Z,amount,5\nD3,2026-05-04T09:00Z,amount,7\n",
    "contracts": "external_id,account,owner,starts_on,ends_on,value\nK1,Acme,Ana,2026-01-01,2026-12-31,1000\n",
    "feedback": "account,kind,score,given_on,order,comment\nAcme,nps,9,2026-05-09,N1,=good\n",
    "territories": "name,parent\nNorth,Europe\nEurope,\n",
    "calendars": "region,on,name\nDE,2026-05-01,Labour Day\n",
    "quotas": "person,period,amount\nAna,2026-Q3,1000\nBen,2026-Q3,2000\n",
}  # fmt: skip


@pytest.fixture
def filled(cast: Cast) -> Cast:
    for kind, text in TABLES.items():
        answer = take(kind, text)
        assert answer.refused == 0, answer.refusals
    return cast


def test_every_kind_comes_back_unchanged(filled: Cast) -> None:
    for kind in kinds().values():
        out = io.StringIO()
        written = write_table(kind, out)
        answer = take(kind.key, out.getvalue())
        assert (kind.key, counts(answer)) == (kind.key, (0, 0, written, 0)), answer.refusals


def test_an_empty_organisation_takes_it_whole(filled: Cast, tmp_path: Path) -> None:
    call_command("export_records", "all", "--out", str(tmp_path))
    sums = figures()
    with transaction.atomic():
        empty()
        assert figures() != sums
        out = io.StringIO()
        call_command("import_records", "all", str(tmp_path), "--format", "json", stdout=out)
        answers = json.loads(out.getvalue())
        assert {answer["kind"] for answer in answers} == kinds().keys() - {"quotas"}  # told by their ledger
        assert not [answer["refusals"] for answer in answers if answer["refusals"]]
        assert figures() == sums


def empty() -> None:
    """As if nothing had ever been taken in; ledgers and all."""
    from django.db import connection

    from teams.models import ExchangeRate, Leadership, Leave, Team

    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "TRUNCATE teams_person, teams_team, sales_product, targets_seasonshare, teams_exchangerate CASCADE"
        )
    assert not any(one.objects.exists() for one in (Person, Team, Posting, Leadership, Leave, ExchangeRate, Deal))


def figures() -> dict[str, object]:
    return {
        "credit": {
            name: Credit.objects.filter(person__name=name, kind="primary").total() for name in ("Ana", "Ben", "Cleo")
        },
        "quota": sum(QuotaEntry.objects.values_list("amount", flat=True)),
        "orders": Order.objects.present().count(),
        "deals": sorted(Deal.objects.present().values_list("external_id", "status", "amount", "closed_on")),
        "contacts": Contact.objects.present().count(),
        "activities": list(Activity.objects.present().values_list("occurred_on", "notes")),
        "teams": sorted(
            Posting.objects.values_list("person__name", "team__name", "role").filter(during__endswith=None)
        ),
    }


def test_ledgers_are_given_out_as_they_stand(filled: Cast, tmp_path: Path) -> None:
    call_command("export_records", "credit_entries", "--out", str(tmp_path / "credit.csv"))
    with (tmp_path / "credit.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[:9] == [
        "order",
        "person",
        "team",
        "occurred_on",
        "posted_on",
        "kind",
        "amount",
        "currency",
        "reverses",
    ]
    assert len(rows) == Credit.objects.count()
    call_command("export_records", "quota_entries", "--out", str(tmp_path / "quota.csv"))
    with (tmp_path / "quota.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["person"], row["team"], row["from"], row["until"], row["kind"], row["amount"]) for row in rows] == [
        ("E-Ana", "North", "2026-07-01", "2026-10-01", "base", "1000.00"),
        ("E-Ben", "North", "2026-07-01", "2026-10-01", "base", "2000.00"),
    ]


def test_an_unknown_kind_is_a_sentence(db: None) -> None:
    with pytest.raises(CommandError, match=r"There is no kind “dreams”; there is .*teams, people"):
        call_command("export_records", "dreams")
    with pytest.raises(CommandError, match=r"x\.csv can't be read: No such file"):
        call_command("import_records", "teams", "x.csv")
