"""Questions about quotas, targets and plans."""

from .entries import QuotaLine, due_entries
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
from .proposals import ProposalRow, may_decide, proposal_rows, proposals, without_quota
from .quotas import DailyQuota, DayLine, TeamTarget, daily_quota, explain, quota_of, quota_parts, target_of, targets_of
from .shapes import clipped, container, everyday, learned_season, ramps, seasons

__all__ = [
    "DailyQuota",
    "DayLine",
    "PlanRow",
    "Preview",
    "ProposalRow",
    "QuotaLine",
    "SeatAhead",
    "TeamTarget",
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
    "may_decide",
    "missing",
    "parent_of",
    "place",
    "plan_rows",
    "preview",
    "proposal_rows",
    "proposals",
    "quota_of",
    "quota_parts",
    "ramps",
    "seasons",
    "seats_ahead",
    "target_of",
    "targets_of",
    "without_quota",
]
