"""A real export of another CRM, by its preset: ids of 18 characters, ISO moments, one owner without a file."""

import io
import json
from collections import Counter
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from sales.models import Account, Activity, Contact, Credit, Deal, Lead, Order, Outcome, Task
from salesmgmt.exchange.models import Batch
from salesmgmt.exchange.services import undo_batch
from salesmgmt.lib import clock
from teams.models import Organisation, Person

from .conftest import shared

OWNER = "005Ec000004oBPNIA2"
FILES = (
    ("accounts", "Account.csv", 22),
    ("contacts", "Contact.csv", 102),
    ("leads", "Lead.csv", 60),
    ("deals", "Opportunity.csv", 50),
    ("activities", "Task.csv", 75),
)

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def run(db: None, settings: Any, tmp_path: Path) -> Run:
    settings.MEDIA_ROOT = tmp_path
    Organisation.objects.update(name="Bank", currency="USD", time_zone="UTC")
    folder = shared("salesforce-export")

    def command(kind: str, file: str, *options: str) -> dict[str, Any]:
        out = io.StringIO()
        call_command("import_records", kind, str(folder / file), "--format", "json", *options, stdout=out)
        answer: dict[str, Any] = json.loads(out.getvalue())
        assert answer["taken"] + answer["refused"] == answer["read"]
        return answer

    return command


@pytest.mark.parametrize("preset", [("--preset", "salesforce"), ()])
def test_the_whole_export_comes_in_by_its_preset_named_or_seen(run: Run, preset: tuple[str, ...]) -> None:
    for kind, file, count in FILES:
        answer = run(kind, file, *preset, "--create-missing")
        assert (answer["read"], answer["created"], answer["refused"]) == (count, count, 0), answer["refusals"][:3]
        assert answer["found"]["preset"] == "salesforce"
        assert run(kind, file, *preset, "--create-missing")["equal"] == count
    assert sorted(Person.objects.values_list("name", flat=True)) == ["005Ec000004o8yHIAQ", OWNER]
    account = Account.objects.get(external_id="001Ec00000GGw3hIAD")
    assert (account.name, account.country, account.owner.name) == ("Walker Henson and Compton", "United States", OWNER)
    assert Contact.objects.exclude(account=None).count() == 18
    assert Counter(Lead.objects.values_list("status", flat=True)) == {"qualified": 24, "new": 21, "working": 15}
    deals = Deal.objects.all()
    assert Counter(one.status for one in deals) == {"open": 35, "won": 12, "lost": 3}
    assert {one.currency for one in deals} == {"USD"}
    assert all(one.account_id for one in deals)
    won = deals.filter(status="won")
    # closed before they were created: kept, and the cycle is unknown
    assert {one.cycle_days for one in won if one.opened_on > one.closed_on} == {None}
    assert Outcome.objects.filter(status="won", cycle_days=None).count() == sum(
        one.opened_on > one.closed_on for one in won
    ) > 0  # fmt: skip
    assert Credit.objects.total() == sum((one.amount for one in won), Decimal(0))
    assert Order.objects.count() == 12
    # None of its tasks was started: they are to do, not activities.
    assert not Activity.objects.exists()
    tasks = Task.objects.open()
    assert (tasks.count(), tasks.exclude(contact=None).count()) == (75, 60)
    first = tasks.get(external_id="00TEc00000Co1WhMAJ")
    assert (first.text, first.due_on, first.owner.name) == ("Customer Onboarding", date(2023, 12, 25), OWNER)


def test_a_task_that_is_done_since_is_an_activity_and_off_the_list(run: Run, tmp_path: Path) -> None:
    head = "Id,WhoId,WhatId,Subject,ActivityDate,Status,OwnerId,TaskSubtype,SystemModstamp\n"
    file = tmp_path / "Task.csv"
    for status, act, left in (("Not Started", "created", 1), ("In Progress", "equal", 1), ("Completed", "created", 0)):
        file.write_text(f"{head}00T1,,,Ring,2026-03-01,{status},005A,Call,2026-03-01T00:00:00.000+0000\n")
        answer = run("activities", str(file), "--create-missing")
        assert (answer[act], Task.objects.open().count()) == (1, left), answer
    assert (Activity.objects.get().outcome, Task.objects.get().done_at is not None) == ("Completed", True)
    file.write_text(
        f"{head}00T2,,,Ring,2026-03-01,Not Started,005A,Call,\n00T2,,,Write,2026-03-01,Not Started,005A,Call,\n"
    )
    answer = run("activities", str(file), "--create-missing")
    assert (answer["created"], answer["refusals"][0]["reason"]) == (
        1,
        "Line 2 already gives it, and says something else.",
    )
    file.write_text(f"{head}00T2,,,Ring,2026-04-01,Not Started,005A,Call,\n")
    assert run("activities", str(file))["changed"] == 1
    assert Task.objects.get(external_id="00T2").due_on == date(2026, 4, 1)


def test_without_a_file_of_users_each_row_names_the_owner_it_misses(run: Run) -> None:
    answer = run("accounts", "Account.csv", "--preset", "salesforce")
    assert answer["refused"] == 22
    assert (answer["refusals"][0]["column"], answer["refusals"][0]["value"]) == ("OwnerId", "005Ec000004o8yHIAQ")
    reason = "There is no person “005Ec000004o8yHIAQ”. Map it, or have it made (--create-missing)."
    assert answer["refusals"][0]["reason"] == reason


def test_undone_nothing_of_it_is_left(run: Run) -> None:
    for kind, file, _ in FILES:
        run(kind, file, "--create-missing")
    kept = [one for batch in Batch.objects.order_by("-pk") for one in undo_batch(batch=batch, by=None, at=clock.now())]
    assert kept == ["2 stages stay: later records refer to them."]
    assert not any(one.objects.present().exists() for one in (Account, Contact, Lead, Deal, Activity, Person))
    assert Credit.objects.total() == 0
