"""What people did with customers, and what they have to do."""

from django.db import models
from django.db.models import F, Q

from salesmgmt.desk.audit import audited
from teams.models import (
    Person,
    Record,
    RecordQuerySet,
    external_id_is_unique,
)

from .customers import Account, Contact
from .deals import Deal


class Activity(Record):
    """Something a rep did with or for a customer."""

    class Kind(models.TextChoices):
        CALL = "call", "Call"
        EMAIL = "email", "E-mail"
        MEETING = "meeting", "Meeting"
        DEMO = "demo", "Demo"
        VISIT = "visit", "Visit"
        TASK = "task", "Task"

    owner = models.ForeignKey(Person, models.PROTECT, related_name="activities")
    kind = models.CharField(max_length=8, choices=Kind)
    occurred_at = models.DateTimeField()
    occurred_on = models.DateField(editable=False, help_text="The day of occurred_at in the organisation's zone")
    account = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="activities")
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True, related_name="activities")
    deal = models.ForeignKey(Deal, models.SET_NULL, null=True, blank=True, related_name="activities")
    outcome = models.CharField(max_length=100, blank=True)
    duration_minutes = models.PositiveIntegerField(null=True, blank=True)
    notes = models.TextField(blank=True, max_length=10_000)
    version = models.PositiveIntegerField(default=1)

    objects = RecordQuerySet.as_manager()

    class Meta:
        triggers = audited()
        verbose_name_plural = "activities"
        constraints = [
            external_id_is_unique("activity"),
            models.CheckConstraint(
                condition=Q(duration_minutes=None) | Q(duration_minutes__lte=1440), name="activity_fits_in_a_day"
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "occurred_on"], name="activity_by_owner"),
            models.Index(
                F("occurred_at").desc(), F("id").desc(), condition=Q(withdrawn_at=None), name="activity_by_time"
            ),
            models.Index(fields=["deal"], condition=Q(deal__isnull=False), name="activity_by_deal"),
            models.Index(fields=["account"], condition=Q(account__isnull=False), name="activity_by_account"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} by {self.owner}"


class Task(models.Model):
    """The one to-do noun: what somebody has to do, by when, and what asked for it."""

    owner = models.ForeignKey(Person, models.CASCADE, related_name="tasks")
    text = models.CharField(max_length=300)
    due_on = models.DateField()
    source = models.CharField(max_length=20, help_text="manual, follow_up, flag, action_item")
    reason = models.CharField(max_length=300, blank=True)
    link = models.CharField(max_length=300, blank=True)
    account = models.ForeignKey(Account, models.SET_NULL, null=True, blank=True, related_name="tasks")
    deal = models.ForeignKey(Deal, models.SET_NULL, null=True, blank=True, related_name="tasks")
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["owner", "due_on"], condition=Q(done_at=None), name="open_task_by_owner")]

    def __str__(self) -> str:
        return self.text
