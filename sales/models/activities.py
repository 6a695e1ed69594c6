"""What people did with customers, and what they have to do."""

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from salesmgmt.desk.audit import audited
from salesmgmt.lib import clock
from salesmgmt.lib.finding import Words
from teams.models import Person, Record, RecordQuerySet, Showing, Viewer, access_of, external_id_is_unique
from teams.selectors import hidden_of, organisation_of

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

    owner = models.ForeignKey(Person, models.PROTECT, related_name="activities", db_index=False)
    kind = models.CharField(max_length=8, choices=Kind)
    occurred_at = models.DateTimeField()
    occurred_on = models.DateField(editable=False, help_text="The day of occurred_at in the organisation's zone")
    # The indexes below serve owner, account and contact; one of their own each would be written for nothing.
    account = models.ForeignKey(
        Account, models.PROTECT, null=True, blank=True, related_name="activities", db_index=False
    )
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="activities", db_index=False
    )
    deal = models.ForeignKey(Deal, models.SET_NULL, null=True, blank=True, related_name="activities")
    lead = models.ForeignKey("Lead", models.SET_NULL, null=True, blank=True, related_name="activities", db_index=False)
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
            # Both hold what the list's filters ask of: however long a walk, no row is read but those shown.
            models.Index(
                fields=["-occurred_at", "-id"],
                include=["owner", "kind", "occurred_on"],
                condition=Q(withdrawn_at=None),
                name="activity_list_by_time",
            ),
            models.Index(
                fields=["owner", "-occurred_at", "-id"],
                include=["kind", "occurred_on"],
                condition=Q(withdrawn_at=None),
                name="activity_list_by_owner",
            ),
            models.Index(fields=["deal"], condition=Q(deal__isnull=False), name="activity_by_deal"),
            models.Index(
                fields=["account", "occurred_at"], condition=Q(account__isnull=False), name="activity_by_account"
            ),
            models.Index(
                fields=["contact", "occurred_at"], condition=Q(contact__isnull=False), name="activity_by_contact"
            ),
            GinIndex(Words("outcome", "notes"), condition=~Q(notes=""), name="activity_by_words"),
            models.Index(fields=["lead"], condition=Q(lead__isnull=False), name="activity_by_lead"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} by {self.owner}"


class ActivityTemplateQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """Everybody's, and one's own."""
        access = access_of(user)
        return self.filter(Q(owner=None) | Q(owner=access.person_id)) if access.role != "none" else self.none()


class ActivityTemplate(models.Model):
    """An activity that recurs in the same words: one tap fills the log."""

    name = models.CharField(max_length=100)
    owner = models.ForeignKey(Person, models.CASCADE, null=True, blank=True, help_text="Empty: everybody's")
    kind = models.CharField(max_length=8, choices=Activity.Kind)
    outcome = models.CharField(max_length=100, blank=True)
    duration_minutes = models.PositiveIntegerField(null=True, blank=True)
    notes = models.TextField(blank=True, max_length=2000)

    objects = ActivityTemplateQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"], nulls_distinct=False, name="activity_template_name_is_unique"
            )
        ]

    def __str__(self) -> str:
        return self.name


class TimeEntryQuerySet(RecordQuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """As records are; of others not where their selling time is not shown."""
        access, found = access_of(user), super().visible_to(user)
        if access.role == "none":
            return found
        organisation = organisation_of(user)  # type: ignore[arg-type]
        if not organisation.shows(Showing.SELLING_TIME):
            return found.filter(owner=access.person_id)
        if not organisation.countries_without(Showing.SELLING_TIME):
            return found
        owners = set(found.order_by().values_list("owner", flat=True).distinct()) - {access.person_id}
        today = clock.today(organisation.time_zone)
        return found.exclude(
            owner__in=hidden_of(Showing.SELLING_TIME, owners, days={today}, organisation=organisation)
        )  # fmt: skip


class TimeEntry(Record):
    """Time that went into something else than selling."""

    class Kind(models.TextChoices):
        TRAVEL = "travel", "Travel"
        INTERNAL = "internal", "Internal meeting"
        ADMIN = "admin", "Administration"
        TRAINING = "training", "Training"
        OTHER = "other", "Something else"

    owner = models.ForeignKey(Person, models.PROTECT, related_name="time_entries")
    on = models.DateField()
    kind = models.CharField(max_length=8, choices=Kind)
    minutes = models.PositiveSmallIntegerField()
    note = models.CharField(max_length=200, blank=True)

    objects = TimeEntryQuerySet.as_manager()

    class Meta:
        triggers = audited()
        verbose_name_plural = "time entries"
        indexes = [models.Index(fields=["owner", "on"], name="time_entry_by_owner")]
        constraints = [
            external_id_is_unique("time_entry"),
            models.CheckConstraint(condition=Q(minutes__range=(1, 1440)), name="time_entry_fits_in_a_day"),
        ]


class InboundMailQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """One's own alone: a mail that fits no customer may be about anything."""
        me = access_of(user).person_id
        return self.filter(owner=me) if me else self.none()

    def waiting(self) -> Self:
        """Neither logged nor thrown away."""
        return self.filter(activity=None, discarded_at=None)


class InboundMail(models.Model):
    """A mail that came in by the BCC address: logged as an activity once, or kept with why it could not be."""

    message_id = models.CharField(max_length=500)
    owner = models.ForeignKey(Person, models.CASCADE, related_name="inbound_mails")
    received_at = models.DateTimeField()
    subject = models.CharField(max_length=300, blank=True)
    sender = models.CharField(max_length=254, blank=True)
    addresses = ArrayField(models.CharField(max_length=254), default=list)
    text = models.TextField(blank=True, max_length=10_000)
    attachments = ArrayField(models.CharField(max_length=200), default=list, help_text="Names; they are not kept")
    activity = models.OneToOneField(Activity, models.SET_NULL, null=True, related_name="mail")
    problem = models.CharField(max_length=300, blank=True)
    discarded_at = models.DateTimeField(null=True)

    objects = InboundMailQuerySet.as_manager()

    class Meta:
        triggers = audited("text")
        indexes = [
            models.Index(
                fields=["owner", "received_at"],
                condition=Q(activity=None, discarded_at=None),
                name="inbound_mail_to_look_at",
            )
        ]
        # A colleague among its recipients may have it come to their own address too.
        constraints = [models.UniqueConstraint(fields=["message_id", "owner"], name="mail_comes_to_each_owner_once")]


class TaskQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """One's own, and those of the people under one; what touches somebody's standing is its owner's alone."""
        access = access_of(user)
        seen = self if access.sees_all else self.filter(owner__in=access.people)
        return seen.filter(~Q(source__in=Task.PERSONAL) | Q(owner=access.person_id))

    def open(self) -> Self:
        return self.filter(done_at=None)


class Task(models.Model):
    """The one to-do noun: what somebody has to do, by when, and what asked for it."""

    PERSONAL = ("dispute", "ladder", "support")  # sources

    class Recurs(models.TextChoices):
        DAY = "day", "Every working day"
        WEEK = "week", "Every week"
        MONTH = "month", "Every month"
        QUARTER = "quarter", "Every quarter"
        YEAR = "year", "Every year"

    # NULL, not empty: rows without one must not clash under the unique constraint.
    external_id = models.CharField(max_length=100, null=True, blank=True)  # noqa: DJ001
    owner = models.ForeignKey(Person, models.CASCADE, related_name="tasks")
    text = models.CharField(max_length=300)
    due_on = models.DateField()
    source = models.CharField(max_length=20, help_text="manual, follow_up, flag, action_item, recommendation")
    reason = models.CharField(max_length=300, blank=True)
    link = models.CharField(max_length=300, blank=True)
    account = models.ForeignKey(Account, models.SET_NULL, null=True, blank=True, related_name="tasks")
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True, related_name="tasks")
    deal = models.ForeignKey(Deal, models.SET_NULL, null=True, blank=True, related_name="tasks")
    lead = models.ForeignKey("Lead", models.SET_NULL, null=True, blank=True, related_name="tasks")
    order = models.ForeignKey("Order", models.SET_NULL, null=True, blank=True, related_name="tasks")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    remind_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True, editable=False)
    recurs = models.CharField(max_length=7, choices=Recurs, blank=True, db_default="")
    recurs_until = models.DateField(null=True, blank=True)
    recurs_from = models.DateField(
        null=True, blank=True, editable=False, help_text="First day of the series: the 31st stays the 31st"
    )
    follows = models.OneToOneField(
        "self", models.SET_NULL, null=True, blank=True, related_name="next", help_text="The one before in its series"
    )
    done_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1, db_default=1)

    objects = TaskQuerySet.as_manager()

    class Meta:
        triggers = audited()
        indexes = [
            models.Index(fields=["owner", "due_on"], condition=Q(done_at=None), name="open_task_by_owner"),
            models.Index(
                fields=["remind_at"],
                condition=Q(done_at=None, reminded_at=None, remind_at__isnull=False),
                name="task_to_remind_of",
            ),
            models.Index(
                fields=["account", "done_at"],
                condition=Q(account__isnull=False, done_at__isnull=False),
                name="done_task_by_account",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(recurs_until=None) | ~Q(recurs=""), name="only_recurring_tasks_have_an_end"
            ),
            models.UniqueConstraint(fields=["external_id"], name="task_external_id_is_unique"),
        ]

    def __str__(self) -> str:
        return self.text
