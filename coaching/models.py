"""What do we do about it? Cases, 1:1s, notes and action items."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from performance.models import Flag
from teams.models import Person, Viewer, access_of


class PairQuerySet(models.QuerySet):
    """Rows between a person and the one who coaches them."""

    coach_path = "owner"

    def visible_to(self, user: Viewer) -> Self:
        """Of the two, and up the line of the person: who leads them. Whoever sees all reads, notes excepted."""
        access = access_of(user)
        if access.sees_all:
            return self.all()
        return self.filter(Q(person__in=access.people) | Q(**{self.coach_path: access.person_id}))


class Case(models.Model):
    """The work a flag opens: an owner, a due date, an end."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        CLOSED = "closed", "Closed"

    person = models.ForeignKey(Person, models.PROTECT, related_name="cases")
    owner = models.ForeignKey(Person, models.PROTECT, related_name="owned_cases")
    flag = models.OneToOneField(Flag, models.PROTECT, null=True, blank=True, related_name="case")
    subject = models.CharField(max_length=300)
    state = models.CharField(max_length=6, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField()
    due_on = models.DateField()
    closed_at = models.DateTimeField(null=True)
    result = models.CharField(max_length=500, blank=True)

    objects = PairQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["owner", "state"], name="case_by_owner")]

    def __str__(self) -> str:
        return self.subject


class CaseChange(models.Model):
    """What happened to a case: opened, due date moved, owner changed, closed."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="changes")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    what = models.CharField(max_length=300)


class OneOnOneQuerySet(PairQuerySet):
    coach_path = "manager"


class OneOnOne(models.Model):
    """A planned talk between a person and their manager."""

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        HELD = "held", "Held"
        CANCELLED = "cancelled", "Cancelled"

    person = models.ForeignKey(Person, models.PROTECT, related_name="one_on_ones")
    manager = models.ForeignKey(Person, models.PROTECT, related_name="led_one_on_ones")
    case = models.ForeignKey(Case, models.SET_NULL, null=True, blank=True, related_name="one_on_ones")
    starts_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State, default=State.PLANNED)
    planned_at = models.DateTimeField()
    held_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    objects = OneOnOneQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(person=models.F("manager")), name="nobody_coaches_themselves"),
            models.UniqueConstraint(fields=["person", "manager", "starts_at"], name="one_talk_at_a_time"),
        ]
        indexes = [models.Index(fields=["person", "-starts_at"], name="one_on_one_by_person")]


class AgendaItem(models.Model):
    """A point to talk about: prepared from flags, promises and changes, or added by either."""

    class Source(models.TextChoices):
        FLAG = "flag", "Flag"
        PROMISE = "promise", "Promise"
        CHANGE = "change", "Change since last time"
        MANUAL = "manual", "Added"

    one_on_one = models.ForeignKey(OneOnOne, models.CASCADE, related_name="agenda")
    source = models.CharField(max_length=7, choices=Source, default=Source.MANUAL)
    text = models.CharField(max_length=500)
    link = models.CharField(max_length=300, blank=True)
    position = models.PositiveSmallIntegerField()
    is_done = models.BooleanField(default=False)
    added_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")


class ActionItem(models.Model):
    """A promise with an owner and a due date; overdue ones come back at the next 1:1."""

    one_on_one = models.ForeignKey(OneOnOne, models.PROTECT, null=True, blank=True, related_name="action_items")
    case = models.ForeignKey(Case, models.PROTECT, null=True, blank=True, related_name="action_items")
    person = models.ForeignKey(Person, models.PROTECT, related_name="action_items", help_text="Whom it is about")
    owner = models.ForeignKey(Person, models.PROTECT, related_name="owned_action_items", help_text="Who does it")
    text = models.CharField(max_length=300)
    due_on = models.DateField()
    made_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    objects = PairQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["owner", "due_on"], condition=Q(done_at=None), name="open_action_by_owner")]

    def __str__(self) -> str:
        return self.text


class NoteQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """The two of the pair; up the line of the person only where the note says so. Never admin or operations."""
        access = access_of(user)
        if access.person_id is None:
            return self.none()
        pair = Q(author=access.person_id) | Q(person=access.person_id, is_for_author_only=False)
        if access.role == "executive":
            return self.filter(pair | Q(is_shared_up=True))
        return self.filter(pair | Q(is_shared_up=True, person__in=access.people - {access.person_id}))


class Note(models.Model):
    """What was said or seen: private to the pair, and up the line where it says so."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="coaching_notes")
    author = models.ForeignKey(Person, models.PROTECT, related_name="written_notes")
    case = models.ForeignKey(Case, models.SET_NULL, null=True, blank=True, related_name="notes")
    one_on_one = models.ForeignKey(OneOnOne, models.SET_NULL, null=True, blank=True, related_name="notes")
    text = models.TextField(max_length=10_000)
    is_shared_up = models.BooleanField(default=False)
    is_for_author_only = models.BooleanField(default=False)
    at = models.DateTimeField()

    objects = NoteQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["person", "-at"], name="note_by_person")]
