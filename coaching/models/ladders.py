"""The accountability ladder: training, coaching, an improvement plan, a decision; and what exits teach."""

from datetime import date, timedelta
from typing import Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from salesmgmt.desk.audit import audited
from salesmgmt.lib.ranges import Dated, is_a_range
from teams.models import Access, Person, Role, Viewer, access_of, led_by, led_by_others

from .cases import Case
from .courses import Enrolment
from .plans import CoachingPlan

READ_NOTHING = frozenset({"admin", Role.OPERATIONS})  # they may know that there is a ladder, and read no word of it


def may_lead(access: Access, person: Person) -> bool:
    """Whether somebody is up the line of a person today; never oneself, never for being admin or operations."""
    if access.person_id in (None, person.pk) or access.role in READ_NOTHING:
        return False
    is_below = access.role == Role.EXECUTIVE or (access.leads and person.pk in access.people)
    return is_below and not led_by_others(access).filter(pk=person.pk).exists()


class LadderQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """The person, the line above them today, and HR once it has come to an improvement plan, or before where HR
        alone can bear witness to a step that nobody reads."""
        access = access_of(user)
        if access.person_id is None:
            return self.none()
        seen = Q(person=access.person_id)
        if access.role == Role.EXECUTIVE:
            seen |= ~Q(person__in=led_by_others(access).values("pk"))
        elif access.leads and access.role not in READ_NOTHING:
            seen |= led_by(access)
        if access.role == Role.HR:
            theirs = Q(kind__gte=LadderStep.Kind.IMPROVEMENT) | Q(witness_asked_at__isnull=False)
            seen |= Q(Exists(LadderStep.objects.filter(theirs, ladder=OuterRef("pk"))))
        return self.filter(seen)

    def open(self) -> Self:
        return self.filter(closed_at=None)


class Ladder(models.Model):
    """One person's way from training to a decision. It never moves by itself, and no step is left out."""

    class Outcome(models.TextChoices):
        MET = "met", "Goals met"
        ROLE_CHANGED = "role_changed", "Role changed"
        ENDED = "ended", "Employment ended"
        WITHDRAWN = "withdrawn", "Taken back"
        LEFT = "left", "Left the company"

    person = models.ForeignKey(Person, models.PROTECT, related_name="ladders")
    case = models.ForeignKey(Case, models.SET_NULL, null=True, blank=True, related_name="ladders")
    reason = models.CharField(max_length=500, help_text="What is lacking, as a fact")
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=12, choices=Outcome, blank=True)
    closing = models.CharField(max_length=500, blank=True, help_text="What came of it, in words")

    objects = LadderQuerySet.as_manager()

    class Meta:
        triggers = [
            *audited("reason", "closing"),
            pgtrigger.Trigger(
                name="hard_outcomes_need_consent",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("outcome"),
                condition=pgtrigger.Condition("NEW.outcome IN ('role_changed', 'ended')"),
                func="""
                    IF NOT EXISTS (
                        SELECT FROM coaching_ladderdecision made JOIN coaching_ladderstep step ON step.id = made.step_id
                         WHERE step.ladder_id = NEW.id AND made.state = 'consented' AND made.outcome = NEW.outcome
                    ) THEN
                        RAISE EXCEPTION 'HR has not consented to this outcome.' USING ERRCODE = 'check_violation',
                            CONSTRAINT = 'a_hard_outcome_has_consent';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]
        indexes = [models.Index(fields=["-opened_at", "-id"], name="ladder_by_opening")]
        constraints = [
            models.UniqueConstraint(fields=["person"], condition=Q(closed_at=None), name="one_open_ladder_per_person"),
            models.CheckConstraint(
                condition=Q(closed_at=None, outcome="") | (Q(closed_at__isnull=False) & ~Q(outcome="")),
                name="a_closed_ladder_has_an_outcome",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="a_ladder_says_why"),
        ]

    def __str__(self) -> str:
        return f"Ladder of {self.person}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


class OfLadderQuerySet(models.QuerySet):
    """Parts of a ladder are for who sees it."""

    path = "ladder"

    def visible_to(self, user: Viewer) -> Self:
        return self.filter(**{f"{self.path}__in": Ladder.objects.visible_to(user)})


class OfStepQuerySet(OfLadderQuerySet):
    path = "step__ladder"


class LadderStep(Dated):
    """A step with its dates; goals and support belong to it. What is changed after reading is to be read again."""

    class Kind(models.IntegerChoices):
        TRAINING = 1, "Training"
        COACHING = 2, "Coaching"
        IMPROVEMENT = 3, "Improvement plan"
        DECISION = 4, "Decision"

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"
        ACKNOWLEDGED = "acknowledged", "Acknowledged"
        COMPLETE = "complete", "Complete"

    ladder = models.ForeignKey(Ladder, models.CASCADE, related_name="steps")
    kind = models.PositiveSmallIntegerField(choices=Kind)
    state = models.CharField(max_length=12, choices=State, default=State.DRAFT)
    text = models.TextField(blank=True, max_length=5000, help_text="What is expected, and how it is helped")
    edition = models.PositiveIntegerField(default=1, help_text="Counts what the person has to read anew")
    made_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)
    witness_asked_at = models.DateTimeField(
        null=True, editable=False, help_text="When HR was asked to bear witness: nobody else above may"
    )
    finished_at = models.DateTimeField(null=True)
    is_met = models.BooleanField(null=True)
    result = models.CharField(max_length=500, blank=True)

    objects = OfLadderQuerySet.as_manager()

    class Meta:
        triggers = [
            *audited("text", "result"),
            pgtrigger.Trigger(
                name="steps_follow_each_other",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Condition("NEW.kind > 1"),
                func="""
                    IF NOT EXISTS (
                        SELECT FROM coaching_ladderstep before
                         WHERE before.ladder_id = NEW.ladder_id AND before.kind = NEW.kind - 1
                           AND before.state = 'complete' AND NOT before.is_met
                    ) THEN
                        RAISE EXCEPTION 'The step before is not complete.' USING ERRCODE = 'check_violation',
                            CONSTRAINT = 'no_step_is_skipped';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="complete_stays_complete",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.kind <> NEW.kind OR OLD.ladder_id <> NEW.ladder_id OR (OLD.state = 'complete' AND"
                    " (NEW.state <> 'complete' OR OLD.is_met <> NEW.is_met OR OLD.during <> NEW.during))"
                ),
                func="""
                    RAISE EXCEPTION 'A complete step stays as it is.' USING ERRCODE = 'check_violation',
                        CONSTRAINT = 'a_complete_step_stays';
                """,
            ),
        ]
        constraints = [
            is_a_range("ladder_step_is_a_range"),
            models.UniqueConstraint(fields=["ladder", "kind"], name="each_step_once_per_ladder"),
            models.CheckConstraint(condition=Q(during__endswith__isnull=False), name="a_step_has_a_last_day"),
            models.CheckConstraint(condition=Q(kind__range=(1, 4)), name="a_ladder_has_four_steps"),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(published_at__isnull=False), name="a_step_is_published_first"
            ),
            models.CheckConstraint(
                condition=Q(state="complete", finished_at__isnull=False, is_met__isnull=False)
                | (~Q(state="complete") & Q(finished_at=None, is_met=None)),
                name="a_complete_step_has_a_result",
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()

    @property
    def last_day(self) -> date:
        assert self.until is not None
        return self.until - timedelta(days=1)

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT

    @property
    def is_complete(self) -> bool:
        return self.state == self.State.COMPLETE

    @property
    def waits_for_reading(self) -> bool:
        return self.state == self.State.PUBLISHED


class StepGoal(Dated):
    """What a step is to bring: a measure of the person, from where to where, in which days."""

    step = models.ForeignKey(LadderStep, models.CASCADE, related_name="goals")
    measure = models.CharField(max_length=60)
    was = models.DecimalField("From", max_digits=18, decimal_places=4, null=True)
    aim = models.DecimalField("To", max_digits=18, decimal_places=4)
    reached = models.DecimalField(max_digits=18, decimal_places=4, null=True, help_text="Frozen as the step ended")

    objects = OfStepQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [
            is_a_range("step_goal_is_a_range"),
            models.UniqueConstraint(fields=["step", "measure"], name="one_goal_per_measure"),
        ]

    @property
    def last_day(self) -> date:
        assert self.until is not None
        return self.until - timedelta(days=1)


class StepSupport(models.Model):
    """Help that is promised with a step: who, what, by when; given, said not to be, or no longer needed."""

    step = models.ForeignKey(LadderStep, models.CASCADE, related_name="support")
    owner = models.ForeignKey(Person, models.PROTECT, related_name="+", help_text="Who gives it")
    text = models.CharField(max_length=300)
    due_on = models.DateField()
    enrolment = models.ForeignKey(
        Enrolment, models.SET_NULL, null=True, related_name="+", help_text="The course that it is, if it is one"
    )
    coaching_plan = models.ForeignKey(
        CoachingPlan, models.SET_NULL, null=True, related_name="+", help_text="The help that it is, if it is planned"
    )
    made_at = models.DateTimeField()
    given_at = models.DateTimeField(null=True)
    denied_at = models.DateTimeField(null=True, help_text="The person says that it was not given")
    waived_at = models.DateTimeField(null=True, help_text="The person says that it is no longer needed")
    confirmed_at = models.DateTimeField(null=True, help_text="The person, or HR for who doesn't answer: it was given")

    objects = OfStepQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "step support"
        triggers = audited("text")
        constraints = [
            models.CheckConstraint(
                condition=Q(denied_at=None) | Q(given_at__isnull=False), name="only_given_support_is_denied"
            ),
            models.CheckConstraint(
                condition=Q(enrolment=None) | Q(coaching_plan=None), name="support_is_one_course_or_one_plan"
            ),
        ]

    def __str__(self) -> str:
        return self.text

    def lacks_on(self, day: date) -> str:
        """What its course or plan shows to be lacking on a day; empty: nothing, or it is tied to none.

        A course is given once it is passed, or once its day has come: nobody holds the others up by not taking it.
        """
        if self.enrolment is not None:
            taken = self.enrolment
            if taken.withdrawn_at is not None:
                return f"the course “{taken.course}” was taken back"
            if taken.passed_at is None and taken.due_on > day:
                return f"the course “{taken.course}” goes on until {taken.due_on:%-d %b %Y}"
        if self.coaching_plan is not None:
            plan = self.coaching_plan
            if plan.cancelled_at is not None:
                return f"“{plan.get_kind_display()}” was cancelled"
            if plan.until > day:
                return f"“{plan.get_kind_display()}” goes on until {plan.until - timedelta(days=1):%-d %b %Y}"
        return ""

    @property
    def may_be_given(self) -> bool:
        """Nobody has said so, or not since the person denied it."""
        return self.given_at is None or (self.denied_at is not None and self.given_at < self.denied_at)

    @property
    def is_kept(self) -> bool:
        return self.waived_at is not None or (self.given_at is not None and self.denied_at is None)


class StepPause(Dated):
    """Leave that was counted: so many working days were lost, and the step ends that much later."""

    step = models.ForeignKey(LadderStep, models.CASCADE, related_name="pauses")
    days = models.PositiveSmallIntegerField(help_text="Working days")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = OfStepQuerySet.as_manager()

    class Meta:
        constraints = [is_a_range("step_pause_is_a_range")]


class StepReading(models.Model):
    """The person has read an edition of a step, and says what they think of it. Reading is not agreeing."""

    step = models.ForeignKey(LadderStep, models.CASCADE, related_name="readings")
    edition = models.PositiveIntegerField()
    comment = models.TextField(blank=True, max_length=5000)
    at = models.DateTimeField()
    witness = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        help_text="They did not answer: who handed it over beside the coach",
    )

    objects = OfStepQuerySet.as_manager()

    class Meta:
        triggers = audited("comment")
        constraints = [models.UniqueConstraint(fields=["step", "edition"], name="an_edition_is_read_once")]


class LadderDecision(models.Model):
    """How it is to end, said by somebody up the line who doesn't coach the person; nothing without HR's consent."""

    class Outcome(models.TextChoices):
        MET = "met", "Goals met"
        EXTENDED = "extended", "Extended"
        ROLE_CHANGED = "role_changed", "Role changed"
        ENDED = "ended", "Employment ended"

    class State(models.TextChoices):
        PROPOSED = "proposed", "Waits for HR"
        CONSENTED = "consented", "HR consents"
        WITHHELD = "withheld", "HR does not consent"
        WITHDRAWN = "withdrawn", "Taken back before HR answered"

    step = models.ForeignKey(LadderStep, models.CASCADE, related_name="decisions")
    outcome = models.CharField(max_length=12, choices=Outcome)
    reason = models.TextField(max_length=5000)
    until = models.DateField(null=True, help_text="Of an extension: its last day")
    state = models.CharField(max_length=9, choices=State, default=State.PROPOSED)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=500, blank=True)

    objects = OfStepQuerySet.as_manager()

    class Meta:
        triggers = audited("reason", "answer")
        constraints = [
            models.UniqueConstraint(
                fields=["step"], condition=Q(state="proposed"), name="one_decision_waits_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["proposed", "withdrawn"], answered_at=None)
                | (~Q(state__in=["proposed", "withdrawn"]) & Q(answered_at__isnull=False, answered_by__isnull=False)),
                name="hr_answers_once",
            ),
            models.CheckConstraint(
                condition=Q(answered_by=None) | ~Q(answered_by=F("decided_by")), name="two_people_decide"
            ),
            models.CheckConstraint(
                condition=Q(outcome="extended", until__isnull=False) | (~Q(outcome="extended") & Q(until=None)),
                name="only_an_extension_has_a_new_date",
            ),
        ]

    @property
    def is_answered(self) -> bool:
        """What HR has not answered holds for nobody, and the person it is about doesn't read which it was."""
        return self.state in {self.State.CONSENTED, self.State.WITHHELD}


class LadderEvent(models.Model):
    """What happened on a ladder: by whom, when, and the reason where one was asked for."""

    class Kind(models.TextChoices):
        OPENED = "opened", "Opened"
        CHANGED = "changed", "Changed"
        PUBLISHED = "published", "Published"
        ACKNOWLEDGED = "acknowledged", "Acknowledged"
        PAUSED = "paused", "Paused"
        EXTENDED = "extended", "Extended"
        SUPPORT = "support", "Support"
        COMPLETED = "completed", "Completed"
        PROPOSED = "proposed", "Decision proposed"
        ANSWERED = "answered", "HR answered"
        CLOSED = "closed", "Closed"

    ladder = models.ForeignKey(Ladder, models.CASCADE, related_name="events")
    step = models.ForeignKey(LadderStep, models.CASCADE, null=True, related_name="events")
    kind = models.CharField(max_length=12, choices=Kind)
    text = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = OfLadderQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["ladder", "at"], name="ladder_event_by_ladder")]


class ExitQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """HR, and the person; everybody else sees sums."""
        access = access_of(user)
        if access.person_id is None:
            return self.none()
        return self.all() if access.role == Role.HR else self.filter(person=access.person_id)


class Exit(models.Model):
    """Why somebody left, and what the interview taught."""

    class Reason(models.TextChoices):
        GROWTH = "growth", "No growth"
        PAY = "pay", "Pay"
        MANAGER = "manager", "The manager"
        TARGETS = "targets", "Targets or territory"
        WORK = "work", "The work itself"
        PRIVATE = "private", "Private reasons"
        RESULTS = "results", "Results"
        POSITION = "position", "The position was cut"
        RETIREMENT = "retirement", "Retirement"
        OTHER = "other", "Something else"

    person = models.OneToOneField(Person, models.PROTECT, related_name="exit")
    ladder = models.OneToOneField(Ladder, models.PROTECT, null=True, blank=True, related_name="exit")
    left_on = models.DateField("First day no longer here")
    reason = models.CharField(max_length=10, choices=Reason)
    interviewed_on = models.DateField("Day of the interview", null=True, blank=True)
    interview = models.TextField(blank=True, max_length=10_000)
    lesson = models.CharField(blank=True, max_length=500, help_text="What to learn from it, naming nobody")
    would_return = models.BooleanField(null=True, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    version = models.PositiveIntegerField(default=1)

    objects = ExitQuerySet.as_manager()

    class Meta:
        triggers = audited("interview", "lesson")
        indexes = [models.Index(fields=["-left_on", "-id"], name="exit_by_day")]

    def __str__(self) -> str:
        return f"{self.person} left"
