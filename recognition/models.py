"""What is celebrated? Awards, the suggestions they come from, and kudos on a wall."""

from typing import Self

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from coaching.models import Dispute
from salesmgmt.desk.audit import audited
from teams.models import Person, Role, Team, Viewer, access_of


class AwardKind(models.TextChoices):
    QUOTA_REACHED = "quota_reached", "Quota reached"
    BEST_MONTH = "best_month", "Best month"
    MOST_IMPROVED = "most_improved", "Most improved"
    STREAK = "streak", "Streak"
    IMPROVED = "improved", "Clearly improved"
    OTHER = "other", "Award"


class SuggestionQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """For those who may confirm them: who leads the person, or sees all. Never the person themselves."""
        access = access_of(user)
        if access.sees_all:
            return self.exclude(person=access.person_id)
        return self.filter(person__in=access.people - {access.person_id})

    def waiting(self) -> Self:
        return self.filter(decided_at=None)


class Suggestion(models.Model):
    """The system's finding that somebody earned praise; counts only once a manager confirms it in their own words."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="suggestions")
    kind = models.CharField(max_length=14, choices=AwardKind)
    key = models.CharField(max_length=60, help_text="What makes it unique: the period or day it is about")
    sentence = models.CharField(max_length=300)
    evidence = models.JSONField(default=dict)
    made_on = models.DateField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    is_confirmed = models.BooleanField(null=True)

    objects = SuggestionQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "kind", "key"], name="suggested_once")]


class WallQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """The wall is for everybody who works here."""
        return self.filter(taken_down_at=None) if access_of(user).role != "none" else self.none()


class Award(models.Model):
    """Praise given by a manager, in a sentence of their own."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="awards")
    kind = models.CharField(max_length=14, choices=AwardKind)
    title = models.CharField(max_length=200)
    sentence = models.CharField(max_length=500)
    suggestion = models.OneToOneField(Suggestion, models.SET_NULL, null=True, blank=True, related_name="award")
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    given_at = models.DateTimeField()
    taken_down_at = models.DateTimeField(null=True)

    objects = WallQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["-given_at"], name="award_by_time")]


class Kudos(models.Model):
    """A thank-you from one colleague to another."""

    giver = models.ForeignKey(Person, models.PROTECT, related_name="kudos_given")
    receiver = models.ForeignKey(Person, models.PROTECT, related_name="kudos_received")
    text = models.CharField(max_length=500)
    at = models.DateTimeField()
    taken_down_at = models.DateTimeField(null=True)

    objects = WallQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "kudos"
        constraints = [
            models.CheckConstraint(condition=~Q(giver=models.F("receiver")), name="nobody_praises_themselves")
        ]
        indexes = [models.Index(fields=["-at"], name="kudos_by_time")]


class Applause(models.Model):
    """Somebody joins in: one clap per person for an award or a kudos."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    award = models.ForeignKey(Award, models.CASCADE, null=True, related_name="applause")
    kudos = models.ForeignKey(Kudos, models.CASCADE, null=True, related_name="applause")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "award"], name="one_clap_per_award"),
            models.UniqueConstraint(fields=["person", "kudos"], name="one_clap_per_kudos"),
            models.CheckConstraint(
                condition=Q(award=None, kudos__isnull=False) | Q(award__isnull=False, kudos=None),
                name="applause_is_for_one",
            ),
        ]


class PersonalBestQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """One's own, and those of the people one leads."""
        access = access_of(user)
        return self.all() if access.sees_all else self.filter(person__in=access.people)


class PersonalBest(models.Model):
    """The best week, month or quarter somebody has had in a measure. The next best one is a further row, told once."""

    class Kind(models.TextChoices):
        WEEK = "week", "Week"
        MONTH = "month", "Month"
        QUARTER = "quarter", "Quarter"

    person = models.ForeignKey(Person, models.CASCADE, related_name="bests")
    measure = models.CharField(max_length=40)
    kind = models.CharField(max_length=7, choices=Kind)
    period = models.CharField(max_length=8)
    value = models.DecimalField(max_digits=38, decimal_places=2)
    before = models.DecimalField(max_digits=38, decimal_places=2, help_text="The best until then")
    found_on = models.DateField()

    objects = PersonalBestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "measure", "kind", "period"], name="best_is_told_once"),
            models.CheckConstraint(condition=Q(value__gt=models.F("before")), name="best_is_better_than_before"),
        ]


class BoardKind(models.TextChoices):
    ATTAINMENT = "attainment", "Attainment"
    RAMPED = "ramped", "% of ramped target"
    IMPROVEMENT = "improvement", "Improvement"
    CSAT = "csat", "Customer satisfaction"
    DISCOUNT = "discount", "Least discount"


class ScreenQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """The admin hangs screens up."""
        return self.all() if access_of(user).role == "admin" else self.none()


class Screen(models.Model):
    """A wall screen that turns between boards of a team, opened by a secret address. Dark until it is switched on."""

    name = models.CharField(max_length=100)
    team = models.ForeignKey(Team, models.PROTECT, related_name="+")
    boards = ArrayField(models.CharField(max_length=12, choices=BoardKind), help_text="In this order")
    seconds = models.PositiveSmallIntegerField(default=20, help_text="Before it turns to the next")
    digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the secret; empty: revoked")
    is_on = models.BooleanField(default=False)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    version = models.PositiveIntegerField(default=1)

    objects = ScreenQuerySet.as_manager()

    class Meta:
        triggers = audited("digest")
        constraints = [
            models.UniqueConstraint(fields=["digest"], condition=~Q(digest=""), name="one_screen_per_secret"),
            models.CheckConstraint(condition=Q(seconds__range=(5, 300)), name="screen_turns_in_5_to_300_seconds"),
            models.CheckConstraint(condition=Q(is_on=False) | ~Q(digest=""), name="a_revoked_screen_is_dark"),
        ]

    def __str__(self) -> str:
        return self.name


class PaySettlementQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """One's own; operations, who settle pay, and HR see all. Nobody sees it for leading somebody."""
        access = access_of(user)
        if access.person_id is None:
            return self.none()
        return self.all() if access.role in {Role.OPERATIONS, Role.HR} else self.filter(person=access.person_id)


class PaySettlement(models.Model):
    """Pay that a dispute granted and somebody has settled: that it was paid or taken back, by whom and when."""

    dispute = models.ForeignKey(Dispute, models.PROTECT, related_name="settlements")
    person = models.ForeignKey(Person, models.PROTECT, related_name="pay_settlements")
    amount = models.DecimalField(max_digits=18, decimal_places=2, help_text="Below zero: given back")
    currency = models.CharField(max_length=3)
    note = models.CharField(max_length=200, help_text="With which payroll or statement")
    settled_at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = PaySettlementQuerySet.as_manager()

    class Meta:
        triggers = [
            *audited("note"),
            pgtrigger.Protect(
                name="append_only",
                operation=pgtrigger.UpdateOf("dispute_id", "person_id", "amount", "currency", "settled_at")
                | pgtrigger.Delete,
            ),
        ]
        indexes = [models.Index(fields=["-settled_at", "-id"], name="pay_settlement_by_moment")]
        constraints = [models.UniqueConstraint(fields=["dispute", "person"], name="pay_is_settled_once")]

    def __str__(self) -> str:
        return f"{self.person}: {self.amount} {self.currency}"
