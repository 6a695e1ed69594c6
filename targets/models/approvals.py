"""Approvals of a draft plan, level by level. Only added to."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from salesmgmt.lib.ledger import APPEND_ONLY
from teams.models import Team, Viewer, access_of

from .plans import Plan


class PlanApprovalQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """Those of the teams one leads and below."""
        access = access_of(user)
        return self.all() if access.sees_all else self.filter(team__path__overlap=list(access.led_team_ids))


class PlanApproval(models.Model):
    """A step of a team's split on its way: its manager submits it, the next manager up approves or sends it back."""

    class Act(models.TextChoices):
        SUBMITTED = "submitted", "Submitted"
        APPROVED = "approved", "Approved"
        SENT_BACK = "sent_back", "Sent back"

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="approvals")
    team = models.ForeignKey(Team, models.PROTECT, related_name="+")
    act = models.CharField(max_length=9, choices=Act)
    digest = models.CharField(max_length=64, help_text="Of the lines it is about: after a change it asks anew")
    reason = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = PlanApprovalQuerySet.as_manager()

    class Meta:
        triggers = [APPEND_ONLY]
        indexes = [models.Index(fields=["plan", "team"], name="plan_approval_by_team")]
        constraints = [
            models.CheckConstraint(condition=~Q(act="sent_back") | ~Q(reason=""), name="what_is_sent_back_says_why")
        ]
