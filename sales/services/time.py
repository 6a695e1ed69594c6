"""Time that went into something else than selling."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Sum

from sales.models import TimeEntry
from salesmgmt.lib.refusals import Refused
from teams.models import Person, User

from .guards import WITHDRAWN, require_write

CHANGEABLE = frozenset({"on", "kind", "minutes", "note"})
A_DAY = 1440


@transaction.atomic
def add_time_entry(
    *,
    owner: Person,
    on: date,
    kind: str,
    minutes: int,
    by: User | None,
    note: str = "",
    external_id: str | None = None,
) -> TimeEntry:
    """Note how long something else took on a day."""
    require_write(by, owner)
    made = TimeEntry(owner=owner, external_id=external_id)
    return _save(made, {"on": on, "kind": kind, "minutes": minutes, "note": note})


@transaction.atomic
def change_time_entry(*, entry: TimeEntry, by: User | None, **fields: Any) -> TimeEntry:
    """Correct an entry."""
    if unknown := fields.keys() - CHANGEABLE:
        raise TypeError(f"A time entry has no {', '.join(sorted(unknown))} to change.")
    return _save(_locked(entry, by), fields)


@transaction.atomic
def withdraw_time_entry(*, entry: TimeEntry, by: User | None, at: datetime) -> None:
    """Take an entry out of every list and figure."""
    entry = _locked(entry, by)
    entry.withdrawn_at = at
    entry.save(update_fields=["withdrawn_at"])


def _save(entry: TimeEntry, fields: dict[str, Any]) -> TimeEntry:
    for field, value in fields.items():
        setattr(entry, field, value)
    if entry.kind not in TimeEntry.Kind.values:
        raise Refused(f"Time went into one of {', '.join(TimeEntry.Kind.values)}.", field="kind")
    if not 1 <= entry.minutes <= A_DAY:
        raise Refused("A day has from 1 to 1,440 minutes to note.", field="minutes")
    # Whoever notes at the same time waits for the person's row, so that no day gets more than 24 hours.
    Person.objects.select_for_update().only("pk").get(pk=entry.owner_id)
    others = TimeEntry.objects.present().filter(owner=entry.owner_id, on=entry.on).exclude(pk=entry.pk)
    noted = others.aggregate(minutes=Sum("minutes"))["minutes"] or 0
    if noted + entry.minutes > A_DAY:
        raise Refused(
            f"{noted} minutes of that day are noted already; {A_DAY - noted} are left of it.", field="minutes"
        )
    entry.save()
    return entry


def _locked(entry: TimeEntry, by: User | None) -> TimeEntry:
    entry = TimeEntry.objects.select_for_update(of=("self",)).select_related("owner").get(pk=entry.pk)
    require_write(by, entry.owner)
    if entry.withdrawn_at is not None:
        raise Refused(WITHDRAWN)
    return entry
