"""Positions opened where a plan lacks people, and closed once somebody is found or nobody is wanted."""

from datetime import date, datetime

from django.db import transaction

from salesmgmt.lib.refusals import Refused
from targets.models import Plan, Position, RampProfile
from targets.services.plans import plans_for_all
from teams.models import Team, User

MOST_AT_ONCE = 100


@transaction.atomic
def open_positions(
    *,
    team: Team,
    opens_on: date,
    count: int,
    reason: str,
    by: User,
    at: datetime,
    ramp: RampProfile | None = None,
    plan: Plan | None = None,
) -> list[Position]:
    """Want so many people more in a team from a day on."""
    plans_for_all(by)
    if not 1 <= count <= MOST_AT_ONCE:
        raise Refused(f"Open from 1 to {MOST_AT_ONCE} positions at once, not {count}.", field="hires")
    if not reason.strip():
        raise Refused("Say why somebody is wanted.", field="reason")
    if team.withdrawn_at is not None:
        raise Refused(f"{team} is no longer there.", field="team")
    return Position.objects.bulk_create(
        Position(
            team=team, plan=plan, opens_on=opens_on, ramp=ramp, reason=reason.strip(), opened_at=at, opened_by=by
        )
        for _ in range(count)
    )  # fmt: skip


@transaction.atomic
def close_position(*, position: Position, reason: str, by: User, at: datetime) -> Position:
    """Somebody holds it now, or nobody is wanted any more; it counts in no capacity from here on."""
    plans_for_all(by)
    held = Position.objects.select_for_update(of=("self",)).get(pk=position.pk)
    if not held.is_open:
        raise Refused("This position is closed already.")
    if not reason.strip():
        raise Refused("Say why it is closed.", field="reason")
    held.closed_at, held.closed_by, held.closed_why = at, by, reason.strip()
    held.save(update_fields=["closed_at", "closed_by", "closed_why"])
    return held
