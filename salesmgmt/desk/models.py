"""Tables that every app writes and that know no noun above them."""

from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField, DateRangeField
from django.db import models
from django.db.models import Q
from django.urls import reverse

from salesmgmt.lib.ledger import APPEND_ONLY

from .audit import audited


class Mark(models.Model):
    """What has to be worked out anew: a topic, whose, and for which days. Appended by triggers, deleted by drainers.

    Never unique: a mark skipped as a duplicate of one that is being drained is a lost update (house, "Marks").
    """

    topic = models.CharField(max_length=20)
    person_id = models.BigIntegerField(null=True, help_text="Empty: everybody")
    days = DateRangeField()

    class Meta:
        indexes = [models.Index(fields=["topic", "person_id"], name="mark_by_topic")]

    def __str__(self) -> str:
        return f"{self.topic} {self.person_id} {self.days}"


class Notice(models.Model):
    """Something a user is told; unsent ones wait for the mailer."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices")
    text = models.CharField(max_length=300)
    link = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["user", "-at"], name="notice_by_user")]


class Delivery(models.Model):
    """An e-mail on its way out: a row written with what it tells of, sent by a task; its text goes once it is sent."""

    key = models.CharField(max_length=100, unique=True, help_text="What it is about: nothing is told twice")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    to = models.EmailField(blank=True, db_default="", help_text="Somebody without a login; it goes once it is sent")
    subject = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    calendar = models.TextField(blank=True, db_default="", help_text="An invitation (RFC 5545) that goes with it")
    topic = models.CharField(max_length=40, blank=True, db_default="", help_text="Whose choice of ways it follows")
    stop_url = models.CharField(max_length=300, blank=True, help_text="Where one asks for no more of them")
    due_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=300, blank=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "deliveries"
        indexes = [models.Index(fields=["due_at"], condition=Q(sent_at=None), name="delivery_to_send")]

    def __str__(self) -> str:
        return self.key


class MailChoice(models.Model):
    """Who wants no daily e-mail; without a row one gets it."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="mail_choice")
    digest = models.BooleanField(default=True)


class NoticeChoice(models.Model):
    """How a user is told of a topic, the first word of a notice's address; without a row: here and in the digest."""

    class Way(models.TextChoices):
        DIGEST = "digest", "Here, and in the daily e-mail"
        APP = "app", "Here only"
        MAIL = "mail", "Here, and an e-mail at once"
        NONE = "none", "Not at all"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notice_choices")
    topic = models.CharField(max_length=40)
    way = models.CharField(max_length=6, choices=Way)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "topic"], name="one_way_per_topic")]


class IdempotencyKey(models.Model):
    """The answer to a keyed POST, kept 24 h; inserted first, in the transaction that does the work (house §13)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of method, path and body")
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.TextField(default="")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="one_answer_per_key")]
        indexes = [models.Index(fields=["at"], name="idempotency_key_by_age")]


class Token(models.Model):
    """A secret that opens one thing: an API client, an invitation, a calendar feed. Only its hash is kept."""

    class Purpose(models.TextChoices):
        API = "api", "API"
        INVITATION = "invitation", "Invitation"
        CALENDAR = "calendar", "Calendar feed"
        MAIL = "mail", "E-mail address"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="tokens")
    purpose = models.CharField(max_length=12, choices=Purpose)
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the secret")
    name = models.CharField(max_length=100, blank=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.purpose} {self.name}"


class SavedViewQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> Self:
        """One's own, and those that others share."""
        return self.filter(Q(user=user.pk) | Q(is_shared=True))


class SavedView(models.Model):
    """A list's filters under a name."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_views")
    page = models.CharField(max_length=50)
    name = models.CharField(max_length=100)
    query = models.CharField(max_length=2000, blank=True)
    is_shared = models.BooleanField(default=False, db_default=False, help_text="Everybody may use it")

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "page", "name"], name="saved_view_name_is_unique")]

    def __str__(self) -> str:
        return self.name

    @property
    def url(self) -> str:
        return f"{reverse(self.page)}?{self.query}"


class Erasure(models.Model):
    """Personal data erased on request: whose, when, by whom; or because its time was over, then of record 0.

    Written by `desk_erase`; what stood there is gone.
    """

    class Noun(models.TextChoices):
        CONTACT = "contact", "Contact"
        LEAD = "lead", "Lead"
        PERSON = "person", "Person"
        EXPIRED = "expired", "Expired"

    noun = models.CharField(max_length=8, choices=Noun)
    record_id = models.BigIntegerField()
    at = models.DateTimeField()
    by_id = models.BigIntegerField(null=True, help_text="Number of the user; empty: by command")
    reason = models.CharField(max_length=200)
    digests = ArrayField(
        models.CharField(max_length=64),
        help_text="Keyed hashes of external id and e-mail: no file brings it back",
    )
    touched = models.JSONField(default=dict, help_text="Rows in which something was erased, by table")

    class Meta:
        triggers = [APPEND_ONLY]
        indexes = [models.Index(fields=["noun", "record_id"], name="erasure_by_record")]
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="erasure_has_a_reason")]

    def __str__(self) -> str:
        return f"{self.get_noun_display()} {self.record_id}" if self.record_id else self.get_noun_display()


class Retention(models.Model):
    """For how many months a kind of record about people is kept here; without a row its default holds."""

    key = models.CharField(max_length=30, unique=True)
    months = models.PositiveSmallIntegerField()
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        triggers = audited()
        constraints = [models.CheckConstraint(condition=Q(months__gte=1), name="retention_is_a_month_or_more")]

    def __str__(self) -> str:
        return f"{self.key}: {self.months} months"


class AuditEntry(models.Model):
    """What a row held before it was updated or deleted; written by statement-level triggers, never changed."""

    at = models.DateTimeField()
    table = models.CharField(max_length=63)
    row_id = models.BigIntegerField()
    operation = models.CharField(max_length=6)
    user_id = models.BigIntegerField(null=True, help_text="From the session setting paceline.user_id")
    before = models.JSONField()
    after = models.JSONField(null=True)

    class Meta:
        verbose_name_plural = "audit entries"
        triggers = [APPEND_ONLY]
        indexes = [models.Index(fields=["table", "row_id"], name="audit_by_row")]
        constraints = [
            models.CheckConstraint(condition=Q(operation__in=["UPDATE", "DELETE"]), name="audit_operation_is_known")
        ]
