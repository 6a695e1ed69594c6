"""Activities: what a rep did with or for a customer."""

from datetime import datetime
from typing import Any

from django.db import transaction

from sales.models import Account, Activity, Contact, Deal, Lead
from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused
from teams.models import Person, User

from .guards import WITHDRAWN, organisation_for, require_current, require_sight, require_write
from .responses import note_response

CHANGEABLE = frozenset(
    {"owner", "kind", "occurred_at", "account", "contact", "deal", "outcome", "duration_minutes", "notes"}
)


@transaction.atomic
def log_activity(
    *,
    owner: Person,
    kind: str,
    at: datetime,
    by: User | None,
    account: Account | None = None,
    contact: Contact | None = None,
    deal: Deal | None = None,
    lead: Lead | None = None,
    outcome: str = "",
    minutes: int | None = None,
    notes: str = "",
    external_id: str | None = None,
    now: datetime | None = None,
) -> Activity:
    """Log that `owner` did something at a moment; its day is the organisation's, whoever looks from wherever.

    A deal brings its account along, and so does a contact. Above `now`, where it is given, nothing was done yet.
    """
    require_write(by, owner)
    require_sight(by, account=account, contact=contact, deal=deal, lead=lead)
    _require_kind(kind)
    _require_minutes(minutes)
    _require_done(at, now)
    activity = Activity.objects.create(
        owner=owner,
        kind=kind,
        occurred_at=at,
        occurred_on=clock.day_of(at, organisation_for(by).time_zone),
        account=account or (deal.account if deal else None) or (contact.account if contact else None),
        contact=contact,
        deal=deal,
        lead=lead,
        outcome=outcome,
        duration_minutes=minutes,
        notes=notes,
        external_id=external_id,
    )
    note_response(activity=activity, by=by)
    return activity


@transaction.atomic
def change_activity(
    *, activity: Activity, by: User | None, version: int | None = None, now: datetime | None = None, **fields: Any
) -> Activity:
    """Change what an activity says. Above `now`, where it is given, nothing was done yet."""
    if unknown := fields.keys() - CHANGEABLE:
        raise TypeError(f"An activity has no {', '.join(sorted(unknown))} to change.")
    activity = _locked(activity, by)
    if activity.withdrawn_at is not None:
        raise Refused(WITHDRAWN)
    require_current(version, activity.version, noun="activity", who=None, when=None)
    if "owner" in fields:
        require_write(by, fields["owner"])
    ties = {name: fields[name] for name in ("account", "contact", "deal") if name in fields}
    require_sight(by, **{name: record for name, record in ties.items() if record != getattr(activity, name)})
    if "kind" in fields:
        _require_kind(fields["kind"])
    _require_minutes(fields.get("duration_minutes"))
    if "occurred_at" in fields:
        _require_done(fields["occurred_at"], now)
        fields["occurred_on"] = clock.day_of(fields["occurred_at"], organisation_for(by).time_zone)
    for field, value in fields.items():
        setattr(activity, field, value)
    activity.version += 1
    activity.save(update_fields=[*fields, "version"])
    return activity


@transaction.atomic
def withdraw_activity(*, activity: Activity, by: User | None, at: datetime) -> None:
    """Take an activity out of every list and figure."""
    activity = _locked(activity, by)
    activity.withdrawn_at = activity.withdrawn_at or at
    activity.save(update_fields=["withdrawn_at"])


@transaction.atomic
def restore_activity(*, activity: Activity, by: User | None) -> None:
    """Undo a withdrawal."""
    activity = _locked(activity, by)
    activity.withdrawn_at = None
    activity.save(update_fields=["withdrawn_at"])


def _locked(activity: Activity, by: User | None) -> Activity:
    activity = Activity.objects.select_for_update(of=("self",)).select_related("owner").get(pk=activity.pk)
    require_write(by, activity.owner)
    return activity


def _require_kind(kind: str) -> None:
    if kind not in Activity.Kind.values:
        raise Refused(f"An activity is one of {', '.join(Activity.Kind.values)}.", field="kind")


def _require_done(at: datetime, now: datetime | None) -> None:
    if now is not None and at > now:
        raise Refused("That moment is still to come.", field="occurred_at")


def _require_minutes(minutes: int | None) -> None:
    if minutes is not None and not 0 <= minutes <= 1440:
        raise Refused("An activity takes from 0 to 1,440 minutes, a day.", field="minutes")
