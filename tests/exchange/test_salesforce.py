"""A real export of another CRM, by its preset: ids of 18 characters, ISO moments, one owner without a file."""

import io
import json
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from sales.models import Account, Activity, Contact, Credit, Deal, Lead, Order, Outcome
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
    kinds = Counter(Activity.objects.values_list("kind", flat=True))
    assert kinds == {"email": 18, "call": 17, "meeting": 12, "task": 28}
    assert set(Activity.objects.values_list("outcome", flat=True)) == {"Not Started"}
    assert Activity.objects.exclude(contact=None).count() == 60


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
