"""What somebody did to a plan's lines at once: their history, and what they can take back."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from .plans import Plan


class PlanAct(models.Model):
    """One act on the lines of a draft, with what they held before and after; amounts in hundredths.

    Ten thousand lines may follow one, so an act is one row, and a line's history is read out of the acts that hold it.
    Taking an act back is an act too, and `undoes` it.
    """

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="acts")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=200, blank=True)
    named = ArrayField(models.BigIntegerField(), default=list, help_text="The lines it was about; the others followed")
    rest = models.CharField(max_length=200, blank=True, default="", help_text="Why the others did")
    amounts = models.JSONField(default=dict, help_text="By line: what it held, what it holds")
    locks = models.JSONField(default=dict, help_text="By line: whether it was locked, whether it is")
    hedges = models.JSONField(default=dict, help_text="By line: the hedge and its reason as they were, as they are")
    proposes = models.BooleanField(default=False, db_default=False, help_text="By the weights; nobody takes it back")
    undoes = models.OneToOneField("self", models.CASCADE, null=True, related_name="undone")

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(undoes=models.F("id")), name="no_act_undoes_itself")]
        indexes = [models.Index(fields=["plan", "by", "-at"], name="act_by_plan")]
