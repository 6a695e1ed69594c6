"""What somebody did to a plan's lines at once, so that they can take it back."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from .plans import Plan


class PlanAct(models.Model):
    """One act on many lines of a draft, with what they held before and after; amounts in hundredths.

    Why each line changed stands in its own history. Taking an act back is an act too, and `undoes` it.
    """

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="acts")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=200, blank=True)
    amounts = models.JSONField(default=dict, help_text="By line: what it held, what it holds")
    locks = models.JSONField(default=dict, help_text="By line: whether it was locked, whether it is")
    hedges = models.JSONField(default=dict, help_text="By line: the hedge and its reason as they were, as they are")
    undoes = models.OneToOneField("self", models.CASCADE, null=True, related_name="undone")

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(undoes=models.F("id")), name="no_act_undoes_itself")]
        indexes = [models.Index(fields=["plan", "by", "-at"], name="act_by_plan")]
