"""Meetings of a team: an agenda, minutes, who was there, what was decided and what came of it."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q

from salesmgmt.desk.audit import audited
from teams.models import Access, Person, Role, Team, Viewer, access_of

from .recurring import Recurring


def _asked(access: Access, path: str) -> Q:
    """Rows of the team one is posted to, of those one leads and all below, and of the one right above those; an
    executive's all. What leaders talk about is not for everybody below them."""
    if access.person_id is None:
        return Q(pk__in=[])
    if access.role == Role.EXECUTIVE:
        return Q(pk__isnull=False)  # an empty Q beside another says nothing
    led = list(access.led_team_ids)
    found = Q(**{f"{path.removesuffix('_id')}__path__overlap": led})
    found |= Q(**{f"{path}__in": Team.objects.filter(pk__in=led).values("parent")})
    return found | Q(**{path: access.team_id}) if access.team_id else found


class TeamsQuerySet(models.QuerySet):
    """What is a team's own: of its members of today, and of who leads it. Admin and operations as members only."""

    def visible_to(self, user: Viewer) -> Self:
        return self.filter(_asked(access_of(user), "team_id"))


class MeetingQuestionQuerySet(TeamsQuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """Of those who are asked to come, and of who put it."""
        access = access_of(user)
        own = Q(author=access.person_id) if access.person_id else Q(pk__in=[])
        return self.filter(own | _asked(access, "team_id"))


class MeetingQuerySet(TeamsQuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """Of those who are asked to come and lead above; of everybody below where it is open to them."""
        access = access_of(user)
        asked = _asked(access, "team_id")
        if access.team_id is None:
            return self.filter(asked)
        below = Team.objects.filter(pk=access.team_id, path__contains=[OuterRef("team_id")])
        return self.filter(asked | Q(Exists(below), is_open_below=True))

    def planned(self) -> Self:
        return self.filter(state=Meeting.State.PLANNED)

    def missed(self, day_began: datetime) -> Self:
        """Still planned after their day."""
        return self.planned().filter(starts_at__lt=day_began)


class Meeting(models.Model):
    """A meeting of a team."""

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        HELD = "held", "Held"
        CANCELLED = "cancelled", "Cancelled"

    team = models.ForeignKey(Team, models.PROTECT, related_name="meetings")
    chair = models.ForeignKey(Person, models.PROTECT, related_name="chaired_meetings")
    title = models.CharField(max_length=100)
    starts_at = models.DateTimeField()
    rhythm_on = models.DateField(
        null=True, blank=True, editable=False, help_text="The day of the team's rhythm it stands for, wherever it moved"
    )
    is_open_below = models.BooleanField(
        default=False, db_default=False, help_text="Everybody posted below the team reads it"
    )
    state = models.CharField(max_length=9, choices=State, default=State.PLANNED)
    minutes = models.TextField(max_length=20_000, blank=True)
    planned_at = models.DateTimeField()
    prepared_at = models.DateTimeField(null=True, editable=False)
    held_at = models.DateTimeField(null=True, editable=False)
    version = models.PositiveIntegerField(default=1)

    objects = MeetingQuerySet.as_manager()

    class Meta:
        triggers = audited("minutes")
        constraints = [
            models.UniqueConstraint(fields=["team", "starts_at"], name="one_meeting_of_a_team_at_a_time"),
            models.UniqueConstraint(fields=["team", "rhythm_on"], name="one_meeting_per_day_of_a_rhythm"),
        ]
        indexes = [models.Index(fields=["team", "-starts_at"], name="meeting_by_team")]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.state == self.State.PLANNED


class MeetingRhythmQuerySet(TeamsQuerySet):
    def standing(self) -> Self:
        return self.filter(ended_on=None)


class MeetingRhythm(Recurring):
    """How often a team meets: from it the next meetings are planned."""

    team = models.ForeignKey(Team, models.PROTECT, related_name="meeting_rhythms")
    chair = models.ForeignKey(Person, models.PROTECT, related_name="+")
    title = models.CharField(max_length=100)
    is_open_below = models.BooleanField(default=False)

    objects = MeetingRhythmQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [
            models.CheckConstraint(condition=Q(every_weeks__range=(1, 12)), name="meetings_come_in_one_to_12_weeks"),
            models.CheckConstraint(condition=Q(weekday__range=(1, 7)), name="meetings_have_an_iso_weekday"),
            models.UniqueConstraint(fields=["team"], condition=Q(ended_on=None), name="one_standing_rhythm_of_a_team"),
        ]


class MeetingChange(models.Model):
    """What happened to a meeting: planned, moved, held, called off."""

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="changes")
    what = models.CharField(max_length=300)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")


class MeetingPoint(models.Model):
    """A point of the agenda: found by the product, or put by somebody. Nobody's own figures stand in one."""

    class Source(models.TextChoices):
        QUESTION = "question", "Question"
        PROMISE = "promise", "Open promise"
        FIGURE = "figure", "Numbers that changed"
        MARKET = "market", "Market notes"
        PLAY = "play", "A play that works"
        PRAISE = "praise", "Recognition to give"

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="points")
    source = models.CharField(max_length=8, choices=Source)
    about = models.CharField(max_length=60, help_text="What it is known by when the agenda is prepared anew")
    text = models.CharField(max_length=500)
    link = models.CharField(max_length=300, blank=True)
    position = models.PositiveSmallIntegerField()
    is_done = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["meeting", "about"], name="a_point_stands_once")]


class MeetingQuestion(models.Model):
    """A question or a topic somebody puts for the next meeting of a team; answered in one."""

    team = models.ForeignKey(Team, models.PROTECT, related_name="questions")
    author = models.ForeignKey(Person, models.PROTECT, related_name="+")
    text = models.CharField(max_length=500)
    asked_at = models.DateTimeField()
    meeting = models.ForeignKey(
        Meeting, models.SET_NULL, null=True, blank=True, related_name="questions", help_text="Where it was answered"
    )
    answer = models.CharField(max_length=1000, blank=True)
    answered_at = models.DateTimeField(null=True)

    objects = MeetingQuestionQuerySet.as_manager()

    class Meta:
        triggers = audited("text", "answer")
        indexes = [
            models.Index(fields=["team", "asked_at"], condition=Q(answered_at=None), name="open_question_by_team")
        ]


class DecisionQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """As their meeting is."""
        return self.filter(meeting__in=Meeting.objects.visible_to(user))


class MeetingDecision(models.Model):
    """What a meeting decided, and what came of it: asked first at the next one."""

    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="decisions")
    text = models.CharField(max_length=500)
    decided_at = models.DateTimeField()
    outcome = models.CharField(max_length=500, blank=True)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = DecisionQuerySet.as_manager()

    class Meta:
        triggers = audited("text", "outcome")


class Attendance(models.Model):
    """Whether somebody was there."""

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="attendances")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    came = models.BooleanField()

    class Meta:
        triggers = audited()
        constraints = [models.UniqueConstraint(fields=["meeting", "person"], name="one_attendance_per_person")]
