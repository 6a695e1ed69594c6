"""What a role is scored by: a further version from a day on. The past keeps the weights it had."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused, Stale
from teams.models import Organisation, Posting, Role, User, access_of

from ..models import Scorecard, ScorecardPart
from ..selectors.scorecards import scorable

WHOLE = Decimal(100)


@dataclass(frozen=True, slots=True)
class Weighed:
    """A measure with its weight in percent, and its goal."""

    measure: str
    weight: Decimal
    goal: Decimal


@transaction.atomic
def set_scorecard(
    *, role: str, parts: Sequence[Weighed], starts_on: date, reason: str, version: int, by: User, at: datetime, on: date
) -> Scorecard:
    """Score a role by these parts from a day on. `version` is the number of the scorecard one has looked at, or 0."""
    access = access_of(by)
    if access.role not in {"admin", Role.OPERATIONS}:
        raise Refused("Operations and the admin set scorecards.")
    if role not in Role.values:
        raise Refused(f"“{role}” is no role.", field="role")
    if access.person_id and Posting.objects.on(on).filter(person=access.person_id, role=role).exists():
        raise Refused("What one’s own role is scored by is set by somebody else.")
    if not reason.strip():
        raise Refused("Say why it changes.", field="reason")
    if starts_on < on:
        raise Refused(f"Days gone by keep their weights: begin on {on:%-d %b %Y} or later.", field="starts_on")
    _check(parts)
    Organisation.objects.select_for_update(no_key=True).get(pk=1)  # one change of scorecards at a time
    standing = Scorecard.objects.standing().filter(role=role)
    last = standing.order_by("-during").first()
    if version != (last.pk if last else 0):
        raise Stale("Somebody changed this scorecard meanwhile: look at it again.")
    standing.filter(during__startswith__gte=starts_on).update(superseded_at=at)
    for before in standing.overlapping(starts_on, date.max):
        before.during = half_open(before.starts_on, starts_on)
        before.save(update_fields=["during"])
    made = Scorecard.objects.create(
        role=role, during=half_open(starts_on), made_at=at, made_by=by, reason=reason.strip()
    )
    ScorecardPart.objects.bulk_create(
        ScorecardPart(scorecard=made, measure=part.measure, weight=part.weight, goal=part.goal, position=place)
        for place, part in enumerate(parts)
    )
    return made


def _check(parts: Sequence[Weighed]) -> None:
    known = {measure.key for measure in scorable()}
    for part in parts:
        if part.measure not in known:
            raise Refused(f"“{part.measure}” can't be scored: choose a measure of the list.")
        if not 0 < part.weight <= WHOLE:
            raise Refused(f"The weight of {part.measure} is above 0 and at most 100 %.")
        if part.goal <= 0:
            raise Refused(f"The goal of {part.measure} is above 0.")
    if len({part.measure for part in parts}) < len(parts):
        raise Refused("Each measure stands in a scorecard once.")
    whole = sum((part.weight for part in parts), Decimal(0))
    if whole != WHOLE:
        raise Refused(f"The weights come to {whole.normalize():f} %: make them 100 %.")
