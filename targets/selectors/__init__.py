"""Questions about quotas, targets and plans."""

from .budgets import Capacity, Spending, TeamSpending, capacity_of, people_of, spending_of
from .entries import QuotaLine, due_entries
from .outlook import ACHIEVABLE, AMBITIOUS, Outlook, Prospect, outlook
from .plans import (
    PlanRow,
    Preview,
    SeatAhead,
    changes_of,
    children_of,
    is_own_goal,
    missing,
    parent_of,
    place,
    plan_rows,
    preview,
    seats_ahead,
)
from .quotas import DailyQuota, DayLine, TeamTarget, daily_quota, explain, quota_of, quota_parts, target_of, targets_of
from .shapes import clipped, container, everyday, learned_season, ramps, seasons

__all__ = [
    "ACHIEVABLE",
    "AMBITIOUS",
    "Capacity",
    "DailyQuota",
    "DayLine",
    "Outlook",
    "PlanRow",
    "Preview",
    "Prospect",
    "QuotaLine",
    "SeatAhead",
    "Spending",
    "TeamSpending",
    "TeamTarget",
    "capacity_of",
    "changes_of",
    "children_of",
    "clipped",
    "container",
    "daily_quota",
    "due_entries",
    "everyday",
    "explain",
    "is_own_goal",
    "learned_season",
    "missing",
    "outlook",
    "parent_of",
    "people_of",
    "place",
    "plan_rows",
    "preview",
    "quota_of",
    "quota_parts",
    "ramps",
    "seasons",
    "seats_ahead",
    "spending_of",
    "target_of",
    "targets_of",
]
