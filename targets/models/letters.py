"""What people are told of a plan and say to it: strategy, announcements, responses, answers; only added to."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from sales.models import Account
from salesmgmt.lib.ledger import APPEND_ONLY
from teams.models import Person, Team, Viewer, access_of

from .plans import Plan


class StrategyQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """That of the plans one sees."""
        return self.filter(plan__in=Plan.objects.visible_to(user))


class Strategy(models.Model):
    """The strategy of a plan in words, one row per version; the first is the plan's own unless a row says otherwise."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="strategies")
    version = models.PositiveSmallIntegerField()
    text = models.TextField(max_length=10_000)
    reason = models.CharField(max_length=500, blank=True, help_text="Why it changed")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = StrategyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "strategies"
        triggers = [APPEND_ONLY]
        constraints = [
            models.UniqueConstraint(fields=["plan", "version"], name="one_strategy_per_version"),
            models.CheckConstraint(condition=Q(version=1) | ~Q(reason=""), name="a_changed_strategy_says_why"),
        ]

    def __str__(self) -> str:
        return f"Strategy of {self.plan}, version {self.version}"


class AnnouncementQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """Those one made, that concern one's own figure, or somebody's one leads."""
        access = access_of(user)
        if access.sees_all:
            return self.all()
        concerned = AnnouncedFigure.objects.filter(person__in=access.people)
        return self.filter(Q(pk__in=concerned.values("announcement")) | Q(by=user.pk))


class Announcement(models.Model):
    """A change during a plan's period, told as the plan was: what changed, whose figures, which strategy now holds."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="announcements")
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="+", help_text="With those below"
    )
    person = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    headline = models.CharField(max_length=200)
    results = models.TextField(blank=True, max_length=2000, help_text="What changed in results")
    economy = models.TextField(blank=True, max_length=2000, help_text="What changed in the economy")
    competition = models.TextField(blank=True, max_length=2000, help_text="What changed in competition")
    strategy = models.ForeignKey(Strategy, models.PROTECT, null=True, blank=True, related_name="announcements")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = AnnouncementQuerySet.as_manager()

    class Meta:
        triggers = [APPEND_ONLY]
        indexes = [models.Index(fields=["plan", "at"], name="announcement_by_plan")]
        constraints = [
            models.CheckConstraint(
                condition=Q(team=None) | Q(person=None), name="an_announcement_is_for_a_team_or_a_person"
            ),
            models.CheckConstraint(
                condition=~Q(results="", economy="", competition=""), name="an_announcement_says_what_changed"
            ),
        ]

    def __str__(self) -> str:
        return self.headline


class FigureQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        access = access_of(user)
        return self.all() if access.sees_all else self.filter(person__in=access.people)


class AnnouncedFigure(models.Model):
    """Whom an announcement is for, with their figure as they knew it and as it is now."""

    announcement = models.ForeignKey(Announcement, models.PROTECT, related_name="figures")
    person = models.ForeignKey(Person, models.PROTECT, related_name="announced_figures")
    before = models.DecimalField(max_digits=18, decimal_places=2)
    after = models.DecimalField(max_digits=18, decimal_places=2)

    objects = FigureQuerySet.as_manager()

    class Meta:
        triggers = [APPEND_ONLY]
        constraints = [models.UniqueConstraint(fields=["announcement", "person"], name="one_figure_per_announcement")]


class ResponseQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """One's own and those of the people one leads."""
        access = access_of(user)
        return self.all() if access.sees_all else self.filter(person__in=access.people)


class Response(models.Model):
    """A person says how they will get to their figure, and accepts it or objects."""

    class Stance(models.TextChoices):
        ACCEPTS = "accepts", "Accepts"
        OBJECTS = "objects", "Objects"

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="responses")
    announcement = models.ForeignKey(
        Announcement, models.PROTECT, null=True, related_name="responses", help_text="Empty: to the plan as published"
    )
    person = models.ForeignKey(Person, models.PROTECT, related_name="responses")
    stance = models.CharField(max_length=7, choices=Stance)
    quota = models.DecimalField(max_digits=18, decimal_places=2, help_text="The figure it is about")
    strategy_version = models.PositiveSmallIntegerField(help_text="The strategy that was read beside it")
    approach = models.TextField(blank=True, max_length=5000, help_text="How they will get there")
    activities = models.JSONField(default=dict, help_text="Planned per week: kind of activity and how many")
    help_needed = models.CharField(max_length=250, blank=True)
    statement = models.TextField(blank=True, max_length=5000, help_text="What they object to")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    accounts: "models.ManyToManyField[Account, ResponseAccount]" = models.ManyToManyField(
        Account, through="ResponseAccount", related_name="+"
    )

    objects = ResponseQuerySet.as_manager()

    class Meta:
        triggers = [APPEND_ONLY]
        indexes = [models.Index(fields=["plan", "person"], name="response_by_plan")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(stance="objects") | ~Q(statement=""), name="an_objection_has_a_statement"
            )
        ]


class ResponseAccount(models.Model):
    """An account that a response counts on."""

    response = models.ForeignKey(Response, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")

    class Meta:
        triggers = [APPEND_ONLY]
        constraints = [models.UniqueConstraint(fields=["response", "account"], name="one_account_per_response")]


class AnswerQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        return self.filter(response__in=Response.objects.visible_to(user))


class Answer(models.Model):
    """What a manager says to a response: the figure stands, it is changed, or the next manager up is asked."""

    class Kind(models.TextChoices):
        STANDS = "stands", "The figure stands"
        CHANGED = "changed", "The figure is changed"
        ASKED_UP = "asked_up", "The next manager up is asked"

    response = models.ForeignKey(Response, models.PROTECT, related_name="answers")
    kind = models.CharField(max_length=8, choices=Kind)
    text = models.TextField(max_length=5000)
    was = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    amount = models.DecimalField(max_digits=18, decimal_places=2, null=True, help_text="The figure from then on")
    asked = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", help_text="The next manager up")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = AnswerQuerySet.as_manager()

    class Meta:
        triggers = [APPEND_ONLY]
        indexes = [models.Index(fields=["response", "at"], name="answer_by_response")]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="changed", amount__isnull=False, was__isnull=False)
                | (~Q(kind="changed") & Q(amount=None, was=None)),
                name="a_changed_figure_is_named",
            ),
            models.CheckConstraint(condition=Q(kind="asked_up") | Q(asked=None), name="only_who_is_asked_is_named"),
            models.CheckConstraint(condition=Q(amount=None) | ~Q(amount=F("was")), name="a_changed_figure_differs"),
        ]
