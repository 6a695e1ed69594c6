"""Entries of the credit and outcome ledgers taken back as they stand (undoing an import of a ledger)."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from sales.models import Credit, Outcome
from teams.models import User


@transaction.atomic
def reverse_credits(*, entry_ids: Iterable[int], by: User | None, at: datetime, reason: str) -> int:
    """Take credit back, each entry, whatever its sign, by one that names it."""
    same = ("order_id", "person_id", "team_id", "kind", "occurred_on", "posted_on", "currency", "rate", "plan_rate")
    entries = Credit.objects.filter(pk__in=list(entry_ids)).order_by("pk")
    made = Credit.objects.bulk_create(
        Credit(
            **{name: getattr(entry, name) for name in same},
            amount=-entry.amount,
            reporting_amount=-entry.reporting_amount,
            plan_amount=None if entry.plan_amount is None else -entry.plan_amount,
            recorded_at=at,
            by=by,
            reason=reason,
            reverses=entry,
        )
        for entry in entries
    )
    return len(made)


@transaction.atomic
def reverse_outcomes(*, entry_ids: Iterable[int], by: User | None, at: datetime, reason: str) -> int:
    """Take decisions back, each entry by one that names it, with what had taken them back."""
    same = (
        "deal_id", "person_id", "team_id", "status", "occurred_on", "posted_on", "currency", "rate", "cycle_days",
        "counts",
    )  # fmt: skip
    entries = Outcome.objects.filter(pk__in=list(entry_ids), count=1, reversed_by=None).order_by("pk")
    made = Outcome.objects.bulk_create(
        Outcome(
            **{name: getattr(entry, name) for name in same},
            count=-1,
            amount=-entry.amount,
            recorded_at=at,
            by=by,
            reason=reason,
            reverses=entry,
        )
        for entry in entries
    )
    return len(made)
