"""1:1s, their agendas and what is promised in them."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from salesmgmt.desk.audit import audited
from teams.models import Person, Viewer, access_of

from .cases import Case, PairQuerySet
from .meetings import Meeting


class OneOnOneQuerySet(PairQuerySet):
    """That a talk is planned, held or skipped is seen up the line; its words are the two's (`of_pair`)."""

    coach_path = "manager"

    def of_pair(self, user: Viewer) -> Self:
        """Those the user takes part in."""
        me = access_of(user).person_id
        return self.filter(Q(person=me) | Q(manager=me)) if me else self.none()

    def missed(self, day_began: datetime) -> Self:
        """Still planned after their day: nobody said that they took place. `day_began`: today at midnight."""
        return self.filter(state=OneOnOne.State.PLANNED, starts_at__lt=day_began)

    def skipped(self, day_began: datetime) -> Self:
        """Missed, or called off for no reason that excuses it (leave, a new manager)."""
        called_off = Q(state=OneOnOne.State.CANCELLED, is_excused=False)
        return self.filter(called_off | Q(state=OneOnOne.State.PLANNED, starts_at__lt=day_began))


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
    rhythm_on = models.DateField(
        null=True, blank=True, editable=False, help_text="The day of the pair's rhythm it stands for, wherever it moved"
    )
    state = models.CharField(max_length=9, choices=State, default=State.PLANNED)
    is_excused = models.BooleanField(default=False, db_default=False, help_text="Called off for leave or a new manager")
    planned_at = models.DateTimeField()
    prepared_at = models.DateTimeField(null=True, editable=False)
    held_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    objects = OneOnOneQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(person=models.F("manager")), name="nobody_coaches_themselves"),
            models.UniqueConstraint(fields=["person", "manager", "starts_at"], name="one_talk_at_a_time"),
            models.UniqueConstraint(fields=["person", "manager", "rhythm_on"], name="one_talk_per_day_of_a_rhythm"),
        ]
        indexes = [
            models.Index(fields=["person", "-starts_at"], name="one_on_one_by_person"),
            models.Index(fields=["manager", "-starts_at"], name="one_on_one_by_manager"),
            models.Index(fields=["starts_at"], condition=Q(state="planned"), name="one_on_one_to_come"),
        ]


class PairsWordsQuerySet(models.QuerySet):
    """What the two of a talk said to each other: theirs alone."""

    def visible_to(self, user: Viewer) -> Self:
        me = access_of(user).person_id
        return self.filter(Q(one_on_one__person=me) | Q(one_on_one__manager=me)) if me else self.none()


class OneOnOneChange(models.Model):
    """What happened to a talk: planned, moved, held, called off; the reason is the two's."""

    class Kind(models.TextChoices):
        PLANNED = "planned", "Planned"
        MOVED = "moved", "Moved"
        HELD = "held", "Held"
        CANCELLED = "cancelled", "Called off"

    one_on_one = models.ForeignKey(OneOnOne, models.CASCADE, related_name="changes")
    kind = models.CharField(max_length=9, choices=Kind)
    starts_at = models.DateTimeField(help_text="As it stood then")
    reason = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = PairsWordsQuerySet.as_manager()


class AgendaItem(models.Model):
    """A point to talk about: prepared from flags, promises and changes, or added by either."""

    class Source(models.TextChoices):
        FLAG = "flag", "Flag"
        PROMISE = "promise", "Promise"
        LEFT = "left", "Left over from last time"
        CHANGE = "change", "Change since last time"
        WIN = "win", "Win"
        MANUAL = "manual", "Added"

    one_on_one = models.ForeignKey(OneOnOne, models.CASCADE, related_name="agenda")
    source = models.CharField(max_length=7, choices=Source, default=Source.MANUAL)
    about = models.CharField(max_length=60, blank=True, db_default="", help_text="What a prepared point is known by")
    text = models.CharField(max_length=500)
    link = models.CharField(max_length=300, blank=True)
    position = models.PositiveSmallIntegerField()
    is_done = models.BooleanField(default=False)
    added_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")

    objects = PairsWordsQuerySet.as_manager()


class ActionItemQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """Of who gave it, whom it is about and whom it was promised to; of a meeting, its team's; of a case, of those
        who read the case: who coached somebody before no longer does. Never admin's or operations' for being that."""
        access = access_of(user)
        if access.person_id is None:
            return self.none()
        me = access.person_id
        mine = Q(person=me) | Q(owner=me) | Q(coach=me, case=None) | Q(meeting__in=Meeting.objects.visible_to(user))
        return self.filter(mine | Q(case__in=Case.objects.read_by(user)))


class ActionItem(models.Model):
    """A promise with an owner and a due date; what was not done comes back at the next 1:1."""

    one_on_one = models.ForeignKey(OneOnOne, models.PROTECT, null=True, blank=True, related_name="action_items")
    case = models.ForeignKey(Case, models.PROTECT, null=True, blank=True, related_name="action_items")
    meeting = models.ForeignKey(Meeting, models.PROTECT, null=True, blank=True, related_name="action_items")
    person = models.ForeignKey(Person, models.PROTECT, related_name="action_items", help_text="Whom it is about")
    owner = models.ForeignKey(Person, models.PROTECT, related_name="owned_action_items", help_text="Who does it")
    coach = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", help_text="Who coaches the person in it"
    )
    text = models.CharField(max_length=300)
    due_on = models.DateField()
    made_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    result = models.CharField(max_length=300, blank=True, db_default="", help_text="What came of it")

    objects = ActionItemQuerySet.as_manager()

    class Meta:
        triggers = audited("text", "result")
        indexes = [
            models.Index(fields=["owner", "due_on"], condition=Q(done_at=None), name="open_action_by_owner"),
            models.Index(fields=["coach", "due_on"], condition=Q(done_at=None), name="open_action_by_coach"),
        ]

    def __str__(self) -> str:
        return self.text
