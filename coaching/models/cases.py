"""Cases: the work a flag opens."""

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
