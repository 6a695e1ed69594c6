"""Import batches: what came in, row by row, and what stood before, so that it can be undone."""

from typing import Self

from django.conf import settings
from django.db import models

from teams.models import Viewer, access_of

ADMINS = ("logins", "pay")  # kinds that are the admin's alone


class BatchQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        access = access_of(user)
        return (
            self.all() if access.role == "admin" else self.exclude(kind__in=ADMINS) if access.imports else self.none()
        )


class Batch(models.Model):
    """One imported file. A preview is a batch that was not taken yet."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", "Uploaded"
        PREVIEWED = "previewed", "Previewed"
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Running"
        STOPPED = "stopped", "Stopped"
        DONE = "done", "Taken"
        FAILED = "failed", "Failed"
        UNDOING = "undoing", "Being undone"
        UNDONE = "undone", "Undone"

    kind = models.CharField(max_length=20)
    file_name = models.CharField(max_length=255)
    file = models.FileField(upload_to="imports/", blank=True)
    digest = models.CharField(max_length=64)
    mapping = models.JSONField(default=dict)
    options = models.JSONField(default=dict)
    state = models.CharField(max_length=9, choices=State, default=State.UPLOADED)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    read = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    equal = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(null=True, help_text="Rows of the file; known once it was read")
    position = models.PositiveIntegerField(default=0, help_text="Line up to which a large file was taken in")
    is_stopping = models.BooleanField(default=False, help_text="Somebody asked the worker to stop")
    message = models.TextField(blank=True)
    found = models.JSONField(default=dict, help_text="Dialect, encoding, date format and decimal mark that were found")

    objects = BatchQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "batches"
        indexes = [models.Index(fields=["-at"], name="batch_by_time")]

    def __str__(self) -> str:
        return f"{self.kind} from {self.file_name}"

    @property
    def is_unfinished(self) -> bool:
        """Stopped or failed on the way: it can go on, or what it took be undone."""
        return self.state == self.State.STOPPED or (self.state == self.State.FAILED and self.position > 0)

    @property
    def is_taken(self) -> bool:
        """Is there anything to undo?"""
        return self.state == self.State.DONE or (self.is_unfinished and self.position > 0)


class BatchRow(models.Model):
    """What one line did: to which row of which table, and what stood there before. Refused ones say why."""

    class Act(models.TextChoices):
        CREATED = "created", "New"
        CHANGED = "changed", "Changed"
        REMOVED = "removed", "Removed"
        REFUSED = "refused", "Refused"

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="rows")
    line = models.PositiveIntegerField(help_text="Line of the file at which the row starts; the header is 1")
    act = models.CharField(max_length=7, choices=Act)
    model = models.CharField(max_length=60, blank=True, help_text="app_label.Model")
    object_id = models.BigIntegerField(null=True)
    through_id = models.BigIntegerField(null=True, help_text="Where one row speaks for a range: its last number")
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    column = models.CharField(max_length=200, blank=True)
    value = models.TextField(blank=True)
    reason = models.TextField(blank=True)
    raw = models.JSONField(null=True, help_text="The refused row as it was read")

    class Meta:
        indexes = [models.Index(fields=["batch", "line"], name="batch_row_by_line")]


class Mapping(models.Model):
    """A column mapping kept under a name."""

    kind = models.CharField(max_length=20)
    name = models.CharField(max_length=100)
    content = models.JSONField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "name"], name="mapping_name_is_unique")]
