"""What selling may cost and what it did: two ledgers by team and kind of cost."""

from typing import Self

from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import Q

from salesmgmt.lib.ledger import LedgerEntry
from salesmgmt.lib.ranges import Dated, DatedQuerySet, is_a_range
from teams.models import Team, Viewer, access_of


class Cost(models.TextChoices):
    SALARIES = "salaries", "Salaries"
    INCENTIVES = "incentives", "Incentives"
    TRAVEL = "travel", "Travel"
    TRAINING = "training", "Training"
    TOOLS = "tools", "Tools"


class OfTeamsQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """Those of the teams one leads and below."""
        access = access_of(user)
        return self.all() if access.sees_all else self.filter(team__path__overlap=list(access.led_team_ids))


class BudgetEntryQuerySet(DatedQuerySet, OfTeamsQuerySet):  # type: ignore[override]
    pass


class BudgetEntry(Dated, LedgerEntry):
    """Ledger: a budget is the sum of its entries, each with its reason."""

    team = models.ForeignKey(Team, models.PROTECT, related_name="budget_entries")
    cost = models.CharField(max_length=10, choices=Cost)

    objects = BudgetEntryQuerySet.as_manager()

    class Meta(LedgerEntry.Meta):
        verbose_name_plural = "budget entries"
        indexes = [GistIndex(fields=["during"], name="budget_during")]
        constraints = [
            is_a_range("budget_is_a_range"),
            models.CheckConstraint(condition=Q(during__endswith__isnull=False), name="budget_has_an_end"),
            models.UniqueConstraint(
                fields=["reverses"], condition=Q(reverses__isnull=False), name="budget_is_taken_back_once"
            ),
        ]


class Expense(LedgerEntry):
    """Ledger: money spent on selling; one that was wrong is taken back by an entry that names it."""

    # NULL, not empty: as of every record of another system.
    external_id = models.CharField(max_length=100, null=True, blank=True)  # noqa: DJ001
    team = models.ForeignKey(Team, models.PROTECT, related_name="expenses")
    cost = models.CharField(max_length=10, choices=Cost)
    spent_on = models.DateField()

    objects = OfTeamsQuerySet.as_manager()

    class Meta(LedgerEntry.Meta):
        indexes = [
            models.Index(fields=["spent_on"], name="expense_by_day"),
            models.Index(fields=["external_id"], name="expense_by_external_id"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0, reverses=None) | Q(amount__lt=0, reverses__isnull=False),
                name="expense_is_positive_or_taken_back",
            ),
            models.UniqueConstraint(
                fields=["reverses"], condition=Q(reverses__isnull=False), name="expense_is_taken_back_once"
            ),
        ]
