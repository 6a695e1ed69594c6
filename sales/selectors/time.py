"""Time that goes into selling, beside time that goes into everything else."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db.models import Count, Q, QuerySet, Sum

from sales.models import Activity, TimeEntry
from salesmgmt.lib.ratios import ratio
from teams.models import Person, Viewer

# What an activity is taken to last where nobody said: stated wherever a figure rests on it.
ASSUMED = {"call": 10, "email": 10, "meeting": 60, "demo": 60, "visit": 120, "task": 15}


@dataclass(slots=True)
class SellingTime:
    """Minutes of one person, or of several together, over some days."""

    person: Person | None
    selling: int = 0
    assumed: int = 0
    """The part of `selling` that nobody noted."""
    other: dict[str, int] = field(default_factory=dict)

    @property
    def elsewhere(self) -> int:
        return sum(self.other.values())

    @property
    def share(self) -> Decimal | None:
        """Of the time that is known; unknown where nothing else was noted: nobody sells all day long."""
        return ratio(self.selling, self.selling + self.elsewhere) if self.elsewhere else None


def time_entries(user: Viewer, *, owner: int | None, start: date, end: date) -> QuerySet[TimeEntry]:
    """Entries somebody may see, of days in `[start, end)`."""
    found = TimeEntry.objects.visible_to(user).filter(on__gte=start, on__lt=end).select_related("owner")
    return (found.filter(owner=owner) if owner else found).order_by("-on", "-pk")


def selling_time(user: Viewer, people: Iterable[Person], *, start: date, end: date) -> list[SellingTime]:
    """Each person's time over `[start, end)`, in two queries."""
    found = {person.pk: SellingTime(person) for person in people}
    done = Activity.objects.visible_to(user).filter(owner__in=found, occurred_on__gte=start, occurred_on__lt=end)
    kinds = done.values("owner", "kind").annotate(
        minutes=Sum("duration_minutes"), unsaid=Count("pk", filter=Q(duration_minutes=None))
    )
    for row in kinds.order_by("owner", "kind"):
        mine, guessed = found[row["owner"]], row["unsaid"] * ASSUMED[row["kind"]]
        mine.selling += (row["minutes"] or 0) + guessed
        mine.assumed += guessed
    noted = TimeEntry.objects.visible_to(user).filter(owner__in=found, on__gte=start, on__lt=end)
    for entry in noted.values("owner", "kind").annotate(total=Sum("minutes")).order_by("owner", "kind"):
        found[entry["owner"]].other[entry["kind"]] = entry["total"]
    return list(found.values())


def together(rows: Iterable[SellingTime]) -> SellingTime:
    """The sum of several people's time."""
    total = SellingTime(None)
    for row in rows:
        total.selling += row.selling
        total.assumed += row.assumed
        for kind, minutes in row.other.items():
            total.other[kind] = total.other.get(kind, 0) + minutes
    return total
