"""Questions about quotas, targets and plans."""

from .entries import QuotaLine, due_entries
from .plans import PlanRow, SeatAhead, children_of, parent_of, place, plan_rows, seats_ahead
from .quotas import DailyQuota, TeamTarget, daily_quota, quota_of, target_of, targets_of
from .shapes import clipped, container, everyday, learned_season, ramps, seasons

__all__ = [
    "DailyQuota",
    "PlanRow",
    "QuotaLine",
    "SeatAhead",
    "TeamTarget",
    "children_of",
    "clipped",
    "container",
    "daily_quota",
    "due_entries",
    "everyday",
    "learned_season",
    "parent_of",
    "place",
    "plan_rows",
    "quota_of",
    "ramps",
    "seasons",
    "seats_ahead",
    "target_of",
    "targets_of",
]
