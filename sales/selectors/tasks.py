"""Questions about tasks."""

from datetime import date, timedelta

from django.db.models import Count, Q, QuerySet

from sales.models import Task
from teams.models import Person, Viewer, access_of
from teams.selectors import next_working_day

TIED = ("owner", "account", "contact", "deal", "lead", "order")


def tasks_of(user: Viewer) -> QuerySet[Task]:
    """Tasks somebody may change: their own and those of the people they lead."""
    access = access_of(user)
    return Task.objects.all() if access.imports else Task.objects.filter(owner__in=access.people)


def open_tasks(user: Viewer, *, owner: int | None) -> QuerySet[Task]:
    """What somebody has to do, the most urgent first; without an owner, of everybody one sees."""
    found = Task.objects.visible_to(user).open().select_related(*TIED).order_by("due_on", "pk")
    return found.filter(owner=owner) if owner else found


def count_tasks(found: QuerySet[Task] | list[Task], day: date) -> tuple[int, int, int]:
    """How many are overdue, due on a day, and due later."""
    if isinstance(found, list):
        due = [task.due_on for task in found]
        return sum(on < day for on in due), due.count(day), sum(on > day for on in due)
    late, now, later = (Q(due_on__lt=day), Q(due_on=day), Q(due_on__gt=day))
    counts = found.order_by().aggregate(
        late=Count("pk", filter=late), now=Count("pk", filter=now), later=Count("pk", filter=later)
    )
    return counts["late"], counts["now"], counts["later"]


def done_tasks(user: Viewer, *, owner: int | None) -> QuerySet[Task]:
    """What was done, the latest first."""
    found = Task.objects.visible_to(user).filter(done_at__isnull=False).select_related(*TIED)
    return (found.filter(owner=owner) if owner else found).order_by("-done_at", "-pk")


def day_meant(when: str, owner: Person, today: date) -> date | None:
    """`tomorrow` is the next day one works, `week` a week from today or the first day one works after it."""
    if when == "tomorrow":
        return next_working_day(owner, today)
    return next_working_day(owner, today + timedelta(days=6)) if when == "week" else None
