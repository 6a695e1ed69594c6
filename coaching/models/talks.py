"""1:1s, their agendas and what is promised in them."""

from django.db import models
from django.db.models import Q

from teams.models import Person

from .cases import Case, PairQuerySet


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
