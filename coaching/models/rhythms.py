"""The rhythm of a pair's 1:1s, and how the person says they are."""

from typing import Self

from django.db import models
from django.db.models import F, Q

from salesmgmt.desk.audit import audited
from teams.models import Person, Viewer, access_of

from .cases import PairQuerySet
from .recurring import Recurring


class RhythmQuerySet(PairQuerySet):
    coach_path = "manager"

    def standing(self) -> Self:
        return self.filter(ended_on=None)

    def of_pair(self, user: Viewer) -> Self:
        """Those the user is one of the two of."""
        me = access_of(user).person_id
        return self.filter(Q(person=me) | Q(manager=me)) if me else self.none()


class Rhythm(Recurring):
    """Every so many weeks, on a weekday at a time: from it the next talks of a pair are planned."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="rhythms")
    manager = models.ForeignKey(Person, models.PROTECT, related_name="led_rhythms")

    objects = RhythmQuerySet.as_manager()

    class Meta:
        triggers = audited()
        indexes = [models.Index(fields=["manager"], condition=Q(ended_on=None), name="standing_rhythm_by_manager")]
        constraints = [
            models.CheckConstraint(condition=~Q(person=F("manager")), name="nobody_has_a_rhythm_with_themselves"),
            models.CheckConstraint(condition=Q(every_weeks__range=(1, 12)), name="rhythm_is_of_one_to_twelve_weeks"),
            models.CheckConstraint(condition=Q(weekday__range=(1, 7)), name="rhythm_has_an_iso_weekday"),
            models.UniqueConstraint(
                fields=["person", "manager"], condition=Q(ended_on=None), name="one_standing_rhythm_per_pair"
            ),
        ]


class PulseQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """One's own, and what people one leads said while one was their manager. Nobody else, up the line or not."""
        access = access_of(user)
        if access.person_id is None:
            return self.none()
        to_me = Q(manager=access.person_id)
        if not access.sees_all:
            to_me &= Q(person__in=access.people)
        return self.filter(Q(person=access.person_id) | to_me)

    def standing(self) -> Self:
        """The last word of each day."""
        return self.order_by("person", "kind", "-on", "-at", "-pk").distinct("person", "kind", "on")


class Pulse(models.Model):
    """How somebody is, in one tap: from 1 to 5, said to the manager of that day. A later tap adds a row."""

    class Kind(models.TextChoices):
        MOOD = "mood", "Mood"
        WORKLOAD = "workload", "Workload"

    WORDS = {
        Kind.MOOD: ("Very low", "Low", "So-so", "Good", "Very good"),
        Kind.WORKLOAD: ("Far too little", "A little light", "About right", "Heavy", "Far too much"),
    }

    person = models.ForeignKey(Person, models.PROTECT, related_name="pulses")
    manager = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", help_text="To whom it was said")
    kind = models.CharField(max_length=8, choices=Kind)
    score = models.PositiveSmallIntegerField(null=True, help_text="Empty: erased")
    on = models.DateField()
    at = models.DateTimeField()

    objects = PulseQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["person", "kind", "-on"], name="pulse_by_person"),
            models.Index(fields=["on"], name="pulse_by_day"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(score=None) | Q(score__range=(1, 5)), name="pulse_is_from_one_to_five")
        ]

    @property
    def word(self) -> str:
        return self.WORDS[self.Kind(self.kind)][self.score - 1] if self.score else "Erased"
