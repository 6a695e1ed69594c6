"""Questions about cases."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, QuerySet

from coaching.models import ActionItem, Case, Note, OneOnOne
from teams.models import User

from .reach import name_of


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a case's story."""

    at: datetime
    who: str
    what: str


def cases_of(user: User) -> QuerySet[Case]:
    return Case.objects.visible_to(user).select_related("person", "owner", "flag")


def case_with_parts(user: User) -> QuerySet[Case]:
    """A case with its talks, promises, and the notes this user may read: a fixed number of queries."""
    return cases_of(user).prefetch_related(
        Prefetch("one_on_ones", OneOnOne.objects.visible_to(user).order_by("starts_at")),
        Prefetch("action_items", ActionItem.objects.select_related("owner").order_by("due_on", "pk")),
        Prefetch("notes", Note.objects.visible_to(user).select_related("author").order_by("at", "pk")),
    )


def story_of(case: Case) -> list[Moment]:
    """What happened to a case and to the flag behind it, oldest first."""
    moments = [
        Moment(change.at, name_of(change.by), change.what) for change in case.changes.select_related("by__person")
    ]
    if case.flag is not None:
        events = case.flag.events.select_related("by__person")
        moments += [
            Moment(event.at, name_of(event.by), f"{event.get_kind_display()}: {event.text}") for event in events
        ]
    return sorted(moments, key=lambda moment: moment.at)
