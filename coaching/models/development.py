"""Where somebody wants to go, who helps them, and how a newcomer arrives."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from salesmgmt.desk.audit import audited
from salesmgmt.lib.ranges import Dated, is_a_range, one_at_a_time
from teams.models import Person, Role, Skill, Viewer, access_of, led_by

from .courses import Course


def read_by_the_line(user: Viewer, path: str = "person") -> Q:
    """The person, who leads them, and executives; never admin or operations."""
    access = access_of(user)
    if access.person_id is None:
        return Q(pk=None)
    if access.role == Role.EXECUTIVE:
        return Q(pk__isnull=False)  # an empty condition would vanish beside an `or`
    return led_by(access, path) if access.people else Q(**{path: access.person_id})


class DevelopmentPlanQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        return self.filter(read_by_the_line(user))


class DevelopmentPlan(models.Model):
    """The next role or level somebody is heading for. Both sign it; a change asks both again."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="development_plans")
    aim = models.CharField(max_length=200, help_text="The next role or level")
    aim_role = models.CharField(max_length=12, choices=Role, blank=True)
    path = models.TextField(max_length=5000, blank=True, help_text="The steps there")
    review_on = models.DateField()
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    person_signed_at = models.DateTimeField(null=True, blank=True)
    manager_signed_at = models.DateTimeField(null=True, blank=True)
    manager = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = DevelopmentPlanQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(closed_at=None), name="one_development_plan_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(manager=None) | ~Q(manager=F("person")), name="nobody_signs_as_their_own_manager"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.aim}"


class GrowthStepQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """What a role asks is for everybody to read."""
        return self.none() if access_of(user).role == "none" else self.all()

    def standing(self) -> Self:
        return self.filter(ended_at=None)


class GrowthStep(models.Model):
    """A step on the path to a role: what is learned or done, and a skill or course that goes with it."""

    role = models.CharField(max_length=12, choices=Role, help_text="The one it leads to")
    months = models.PositiveSmallIntegerField(help_text="From setting out until it is done")
    text = models.CharField(max_length=300)
    skill = models.ForeignKey(Skill, models.PROTECT, null=True, blank=True, related_name="+")
    level = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Of the skill")
    course = models.ForeignKey(Course, models.PROTECT, null=True, blank=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = GrowthStepQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [
            models.CheckConstraint(condition=Q(months__range=(1, 60)), name="a_growth_step_takes_five_years_at_most"),
            models.CheckConstraint(
                condition=Q(level=None) | Q(level__range=(1, 5), skill__isnull=False), name="a_level_is_of_a_skill"
            ),
            models.UniqueConstraint(
                fields=["role", "text"], condition=Q(ended_at=None), name="a_growth_step_stands_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()}: {self.text}"


class GoalQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        return self.filter(read_by_the_line(user, "plan__person"))


class Goal(models.Model):
    """A goal of the person's own: a measure where there is one, a day, and what came of it."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        REACHED = "reached", "Reached"
        DROPPED = "dropped", "Dropped"

    plan = models.ForeignKey(DevelopmentPlan, models.CASCADE, related_name="goals")
    step = models.ForeignKey(GrowthStep, models.SET_NULL, null=True, blank=True, related_name="goals")
    text = models.CharField(max_length=300)
    measure = models.CharField(max_length=60, blank=True)
    wanted = models.CharField(max_length=60, blank=True, help_text="Of the measure: “45 %”, “3 a week”")
    due_on = models.DateField()
    state = models.CharField(max_length=7, choices=State, default=State.OPEN)
    state_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    objects = GoalQuerySet.as_manager()

    class Meta:
        triggers = audited()


class MentorshipQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """The two, who leads the mentored, and executives."""
        me = access_of(user).person_id
        return self.filter(read_by_the_line(user) | Q(mentor=me)) if me is not None else self.none()


class Mentorship(Dated):
    """Somebody stands by another for a while, if they agree to it."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="mentorships")
    mentor = models.ForeignKey(Person, models.PROTECT, related_name="mentored")
    focus = models.CharField(max_length=300)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    agreed_at = models.DateTimeField(null=True, blank=True)
    declined_at = models.DateTimeField(null=True, blank=True)

    objects = MentorshipQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [
            is_a_range("mentorship_is_a_range"),
            models.CheckConstraint(condition=~Q(person=F("mentor")), name="nobody_mentors_themselves"),
            models.CheckConstraint(
                condition=Q(agreed_at=None) | Q(declined_at=None), name="a_mentor_agrees_or_declines"
            ),
            one_at_a_time("one_mentorship_of_two_at_a_time", "person", "mentor", condition=Q(declined_at=None)),
        ]


class OnboardingStepQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        return self.none() if access_of(user).role == "none" else self.all()


class OnboardingStep(models.Model):
    """What a newcomer of a role does, in a week from their start."""

    role = models.CharField(max_length=12, choices=Role, default=Role.REP)
    week = models.PositiveSmallIntegerField(help_text="1 is the first week")
    text = models.CharField(max_length=300)
    course = models.ForeignKey(Course, models.PROTECT, null=True, blank=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = OnboardingStepQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [models.CheckConstraint(condition=Q(week__range=(1, 104)), name="onboarding_lasts_two_years")]
        indexes = [models.Index(fields=["role", "week"], name="onboarding_step_by_role")]

    def __str__(self) -> str:
        return f"{self.get_role_display()}, week {self.week}: {self.text}"


class OnboardingTick(models.Model):
    """A newcomer's step is done; taken back by removing it."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="onboarding_ticks")
    step = models.ForeignKey(OnboardingStep, models.PROTECT, related_name="ticks")
    done_at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        triggers = audited()
        constraints = [models.UniqueConstraint(fields=["person", "step"], name="an_onboarding_step_is_done_once")]
