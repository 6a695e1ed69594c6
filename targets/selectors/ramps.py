"""Ramp profiles: which apply to whom, and whose quota would differ if it were entered today."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, Prefetch, QuerySet, Sum

from targets.models import QuotaEntry, RampProfile, RampStep
from targets.selectors.entries import QuotaLine, due_entries
from teams.models import Person, Team


def ramp_profiles() -> QuerySet[RampProfile]:
    """All of them with their steps in order and how often each was changed."""
    steps = Prefetch("steps", RampStep.objects.order_by("month"))
    return RampProfile.objects.prefetch_related(steps).annotate(times=Count("changes")).order_by("name")


@dataclass(frozen=True, slots=True)
class RampDifference:
    """What the ledger holds of a person's ramp, and what the profiles say now."""

    person: Person
    start: date
    end: date
    stands: Decimal
    due: Decimal

    @property
    def difference(self) -> Decimal:
        return self.due - self.stands


def ramp_differences(on: date) -> list[RampDifference]:
    """Whose ramp in the ledger is not what the profiles say, in quotas that are not over; nothing is changed by it."""
    kind = QuotaEntry.Kind
    bases = (
        QuotaEntry.objects.filter(kind=kind.BASE, plan__isnull=False, during__endswith__gt=on)
        .values_list("person_id", "team_id", "during", "measure")
        .annotate(total=Sum("reporting_amount"))
        .exclude(total=0)
    )
    rows = list(bases.order_by("person_id"))
    people = Person.objects.in_bulk([row[0] for row in rows])
    teams = Team.objects.in_bulk([row[1] for row in rows if row[1]])
    lines = [
        QuotaLine(people[person], during.lower, during.upper, total, "base", teams.get(team), measure=measure)
        for person, team, during, measure, total in rows
        if person in people
    ]
    due: dict[tuple[int, date, date], Decimal] = {}
    for key, sums in due_entries(lines).items():
        if key.kind == kind.RAMP:
            place = key.seat_id, key.start, key.end
            due[place] = due.get(place, Decimal(0)) + sums.reporting
    posted = QuotaEntry.objects.filter(kind=kind.RAMP, person__in=people, during__endswith__gt=on)
    stands = {
        (person, during.lower, during.upper): total
        for person, during, total in posted.values_list("person_id", "during").annotate(total=Sum("reporting_amount"))
    }
    found = [
        RampDifference(
            people[person],
            start,
            end,
            stands.get((person, start, end), Decimal(0)),
            due.get((person, start, end), Decimal(0)),
        )
        for person, start, end in {**stands, **due}
    ]
    return sorted((one for one in found if one.difference), key=lambda one: (one.person.name, one.start))
