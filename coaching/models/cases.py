"""Cases: the work that a warning, a manager or somebody's own word opens."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q

from performance.models import Flag
from salesmgmt.desk.audit import audited
from salesmgmt.lib import clock
from teams.models import Organisation, Person, Posting, Role, Team, Viewer, access_of, led_by


class PairQuerySet(models.QuerySet):
    """Rows between a person and the one who coaches them."""

    coach_path = "owner"

    def visible_to(self, user: Viewer) -> Self:
        """Of the two, and up the line of the person: who leads them. Whoever sees all reads, notes excepted."""
        access = access_of(user)
        if access.sees_all:
            return self.all()
        return self.filter(Q(person__in=access.people) | Q(**{self.coach_path: access.person_id}))


class CaseQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """The person's own, and those of who is led today: an owner who no longer leads the person has lost sight."""
        access = access_of(user)
        return self.all() if access.sees_all else self.filter(led_by(access))

    def read_by(self, user: Viewer) -> Self:
        """Those whose words a user reads: their own, and of whom they lead.

        Admin and operations, who run the installation, see that there is a case; of whom they lead they read.
        """
        access = access_of(user)
        if access.role not in {"admin", Role.OPERATIONS}:
            return self.visible_to(user)
        today = clock.today(Organisation.get().time_zone)
        led = Posting.objects.on(today).under(access.led_team_ids).values("person") if access.leads else []
        return self.filter(Q(person=access.person_id) | Q(person__in=led))

    def with_reading(self, user: Viewer) -> Self:
        """Each with `is_read`: whether the user reads its words."""
        read = Case.objects.read_by(user).filter(pk=OuterRef("pk"))
        return self.annotate(is_read=Exists(read))

    def open(self) -> Self:
        return self.filter(state=Case.State.OPEN)


class Step(models.TextChoices):
    """Where a cause may lie, in the order in which a diagnosis asks: the person comes last."""

    PRODUCT = "product", "Product"
    PRICE = "price", "Price"
    DELIVERY = "delivery", "Manufacturing and delivery"
    SERVICE = "service", "Service"
    MARKETING = "marketing", "Marketing"
    TRAINING = "training", "Training and support"
    PERSON = "person", "The person"


class Case(models.Model):
    """The work a warning opens: an owner, a due date, a cause, an end."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        CLOSED = "closed", "Closed"

    class Source(models.TextChoices):
        FLAG = "flag", "From a flag"
        MANAGER = "manager", "Opened by who leads"
        PERSON = "person", "Raised by the person"

    class Ask(models.TextChoices):
        """What somebody says who raises a case of their own."""

        BLOCKED = "blocked", "I'm blocked"
        TOOL = "tool", "I lack a tool"
        HELP = "help", "I need help or training"
        OTHER = "other", "Something else holds me back"

    class Outcome(models.TextChoices):
        SOLVED = "solved", "Solved"
        IMPROVED = "improved", "Improved"
        UNCHANGED = "unchanged", "Not improved"
        ELSEWHERE = "elsewhere", "The cause lies elsewhere and was passed on"
        WITHDRAWN = "withdrawn", "Withdrawn: it should not have been opened"
        LEFT = "left", "The person has left"

    CHOSEN = tuple(value for value in Outcome.values if value != "left")  # the night writes that one

    NO_CAUSE = "none"
    CAUSES = (*Step.choices, (NO_CAUSE, "No cause found"))

    person = models.ForeignKey(Person, models.PROTECT, related_name="cases")
    owner = models.ForeignKey(Person, models.PROTECT, related_name="owned_cases")
    flag = models.OneToOneField(Flag, models.PROTECT, null=True, blank=True, related_name="case")
    source = models.CharField(max_length=7, choices=Source, default=Source.FLAG, db_default=Source.FLAG)
    ask = models.CharField(max_length=7, choices=Ask, blank=True, default="", db_default="")
    raised_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    team = models.ForeignKey(
        Team, models.SET_NULL, null=True, blank=True, related_name="+", help_text="The person's when it was opened"
    )
    subject = models.CharField(max_length=300)
    at_stake = models.DecimalField(
        max_digits=38, decimal_places=2, null=True, help_text="The gap when it was opened, in the reporting currency"
    )
    evidence = models.JSONField(
        null=True, editable=False, help_text="What each step's figures said when a case without a flag was opened"
    )
    state = models.CharField(max_length=6, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField()
    due_on = models.DateField()
    view_asked_at = models.DateTimeField(null=True, help_text="When the person was asked how they see it")
    view_due_on = models.DateField(null=True)
    closed_at = models.DateTimeField(null=True)
    cause = models.CharField(max_length=9, choices=CAUSES, blank=True, default="", db_default="")
    is_team_wide = models.BooleanField(null=True, help_text="Whether the cause held for the whole team")
    outcome = models.CharField(max_length=9, choices=Outcome, blank=True, default="", db_default="")
    result = models.CharField(max_length=500, blank=True)
    late_told_on = models.DateField(null=True, editable=False, help_text="When the owner was told that it is overdue")
    version = models.PositiveIntegerField(default=1, db_default=1)

    objects = CaseQuerySet.as_manager()

    class Meta:
        triggers = audited()
        indexes = [
            models.Index(fields=["owner", "state"], name="case_by_owner"),
            models.Index(fields=["due_on", "id"], condition=Q(state="open"), name="open_case_by_due_day"),
            models.Index(fields=["-closed_at", "-id"], condition=Q(state="closed"), name="closed_case_by_moment"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(outcome="") | Q(state="closed"), name="open_cases_have_no_outcome"),
            models.CheckConstraint(condition=Q(outcome="") | ~Q(cause=""), name="cases_close_with_cause_and_outcome"),
        ]

    def __str__(self) -> str:
        return self.subject or "A case"  # its words stay where it was written

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN


class CaseChange(models.Model):
    """What happened to a case: opened, due date moved, owner changed, ruled, closed."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="changes")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    what = models.CharField(max_length=300)
