"""What every ledger has in common: rows are appended, never updated, never deleted (house, "Ledgers")."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypeVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

APPEND_ONLY = pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)


BROUGHT_OVER = r"^([A-Z][a-z ]+; )?(Import (of |[0-9]+: )|Demo company$)"
"""What imports and the seed give as the reason of their entries, and of those that follow from them, such as a ramp's.

The undoing of an import is an act of its own day.
"""


def known_by(moment: datetime) -> Q:
    """Entries that were known at a moment: entered live, those recorded by then; brought over, by their own dates."""
    return Q(recorded_at__lt=moment) | Q(reason__regex=BROUGHT_OVER)


class LedgerEntry(models.Model):
    """A signed amount that happened. A mistake is put right by a further entry that names what it `reverses`."""

    amount = models.DecimalField(max_digits=18, decimal_places=2)
    currency = models.CharField(max_length=3)
    rate = models.DecimalField(max_digits=18, decimal_places=8, default=1, help_text="One unit in reporting currency")
    reporting_amount = models.DecimalField(max_digits=18, decimal_places=2)
    recorded_at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=200)
    reverses = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="reversed_by")

    class Meta:
        abstract = True
        triggers = [APPEND_ONLY]


Entry = TypeVar("Entry", bound=LedgerEntry)
OF_THE_ACT = {"id", "external_id", "amount", "reporting_amount", "recorded_at", "by", "reason", "reverses"}


def reversals(entries: Iterable[Entry], *, by: Any, at: datetime, reason: str) -> list[Entry]:
    """The entries, still to be appended, that take these back: alike but for the sign, each naming its own."""
    made = []
    for entry in entries:
        same = {
            one.attname: getattr(entry, one.attname)
            for one in entry._meta.concrete_fields
            if one.name not in OF_THE_ACT
        }
        taken = {"amount": -entry.amount, "reporting_amount": -entry.reporting_amount}
        made.append(type(entry)(**same, **taken, recorded_at=at, by=by, reason=reason[:200], reverses=entry))
    return made
