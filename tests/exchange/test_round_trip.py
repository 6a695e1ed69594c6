"""The demo company given out, taken into an empty installation: the same figures, and the same story of each deal."""

import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from sales.models import Account, Contact, Credit, Deal, DealChange, Order, Outcome, Product
from salesmgmt.pages.demo import Size, seed
from targets.models import QuotaEntry
from teams.models import Organisation, Person

from .everything import differences, everything

TODAY = date(2026, 11, 20)
ROLLUPS = """
    SELECT coalesce(p.external_id, ''), coalesce(t.name, ''), r."on", r.posted_month, r.measure, r.bucket, r.total,
           r.count
      FROM performance_rollup r
      LEFT JOIN teams_person p ON p.id = r.person_id LEFT JOIN teams_team t ON t.id = r.team_id
     ORDER BY 1, 2, 3, 4, 5, 6
"""


def rows_of(statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


def rollups() -> list[tuple[Any, ...]]:
    call_command("refresh_rollups", stdout=io.StringIO())
    return rows_of(ROLLUPS)


def stories() -> list[tuple[Any, ...]]:
    """Each change of each deal; people, accounts and products by the ids that move along."""
    named = {
        field: {str(one.pk): one.external_id for one in model.objects.all()}
        for field, model in (("owner", Person), ("account", Account), ("contact", Contact), ("product", Product))
    }
    changes = DealChange.objects.order_by("deal__external_id", "changed_at", "field", "id")
    return [
        (deal, at, field, *(named.get(field, {}).get(text, text) for text in (was, value)))
        for deal, at, field, was, value in changes.values_list(
            "deal__external_id", "changed_at", "field", "was", "value"
        )
    ]


def ledgers() -> dict[str, list[tuple[Any, ...]]]:
    same = ("team__name", "occurred_on", "posted_on", "amount", "recorded_at", "reason")
    return {
        "credit": sorted(
            Credit.objects.values_list(
                "order__external_id", "person__external_id", "kind", "currency", "rate", "reporting_amount",
                "reverses__amount", *same
            ), key=str,
        ),
        "outcomes": sorted(
            Outcome.objects.values_list(
                "deal__external_id", "person__external_id", "status", "count", "cycle_days", "counts",
                "reverses__occurred_on", *same
            ), key=str,
        ),
        "quota": sorted(
            QuotaEntry.objects.values_list(
                "person__external_id", "seat__external_id", "team__name", "during", "measure", "kind", "amount",
                "currency", "reporting_amount", "reason",
            ), key=str,
        ),
        "orders": sorted(
            Order.objects.values_list(
                "external_id", "number", "deal__external_id", "amount", "cancelled_on", "delivered_on",
                "is_booked_by_win",
            ), key=str,
        ),
        "deals": sorted(
            Deal.objects.values_list("external_id", "status", "stage__name", "amount", "closed_on", "lost_reason__key"),
            key=str,
        ),
    }  # fmt: skip


def empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "TRUNCATE teams_person, teams_team, sales_product, sales_account, targets_seasonshare,"
            " targets_rampprofile, teams_exchangerate, teams_holiday, teams_territory, performance_rollup,"
            " performance_rollupsum, performance_dealversion,"
            " performance_pipelineflow, desk_mark CASCADE"
        )
    Organisation.objects.update(name="New", currency="USD", time_zone="UTC", holiday_region="", fiscal_month=4)


@pytest.mark.django_db
def test_the_demo_company_comes_back_with_equal_figures_and_stories(tmp_path: Path) -> None:
    seed(size=Size(people=14, accounts=40, deals=500, activities=900, years=1), today=TODAY)
    figures, told, entries, tables = rollups(), stories(), ledgers(), everything()
    assert len({row[4] for row in figures}) > 8
    assert any(one.count < 0 for one in Outcome.objects.all())
    call_command("export_records", "all", "--out", str(tmp_path))
    empty()
    assert not Person.objects.exists()
    out = io.StringIO()
    call_command("import_records", "all", str(tmp_path), "--format", "json", stdout=out)
    answers = json.loads(out.getvalue())
    assert {answer["kind"]: answer["refusals"] for answer in answers if answer["refused"]} == {}
    for kind, rows in ledgers().items():
        assert rows == entries[kind], kind
    assert stories() == told
    assert rollups() == figures
    assert differences(tables, everything()) == {}
    # and once more: nothing
    out = io.StringIO()
    call_command("import_records", "all", str(tmp_path), "--format", "json", stdout=out)
    again = json.loads(out.getvalue())
    assert [(one["kind"], one["created"], one["changed"]) for one in again if one["created"] or one["changed"]] == []
    assert rollups() == figures
