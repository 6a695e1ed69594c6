"""Meetings of a team: an agenda, minutes, who was there, what was decided and what came of it."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q

from salesmgmt.desk.audit import audited
from teams.models import Access, Person, Role, Team, Viewer, access_of


def _of_teams(access: Access, path: str) -> Q:
    """Rows of teams one is posted to or below, and of those one leads; an executive's all."""
    if access.role == Role.EXECUTIVE:
        return Q()
    if access.person_id is None or access.team_id is None:
        return Q(pk__in=[])
    below = Team.objects.filter(pk=access.team_id, path__contains=[OuterRef(path)])
    return Q(Exists(below)) | Q(**{f"{path.removesuffix('_id')}__path__overlap": list(access.led_team_ids)})


class TeamsQuerySet(models.QuerySet):
    """What is a team's own: of its members of today, and of who leads it. Admin and operations as members only."""

    team_path = "team_id"

    def visible_to(self, user: Viewer) -> Self:
        return self.filter(_of_teams(access_of(user), self.team_path))


class MeetingQuerySet(TeamsQuerySet):
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
    state = models.CharField(max_length=9, choices=State, default=State.PLANNED)
    minutes = models.TextField(max_length=20_000, blank=True)
    planned_at = models.DateTimeField()
    prepared_at = models.DateTimeField(null=True, editable=False)
    held_at = models.DateTimeField(null=True, editable=False)
    version = models.PositiveIntegerField(default=1)

    objects = MeetingQuerySet.as_manager()

    class Meta:
        triggers = audited("minutes")
        constraints = [models.UniqueConstraint(fields=["team", "starts_at"], name="one_meeting_of_a_team_at_a_time")]
        indexes = [models.Index(fields=["team", "-starts_at"], name="meeting_by_team")]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.state == self.State.PLANNED


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

    objects = TeamsQuerySet.as_manager()

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
