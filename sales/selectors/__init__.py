"""Questions about what happened, always within what somebody may see."""

from .activities import (
    Recent,
    activities,
    alike_activities,
    asked_first,
    recent_customers,
    withdrawn_activities,
)
from .customers import (
    MANY_ACCOUNTS,
    account_named,
    account_options,
    account_totals,
    accounts,
    alike_accounts,
    with_last_activity,
)
from .deals import CARDS, Column, DealFilter, alike_deals, board, deals, overdue_count
from .market import competitors, completions, market_notes, named_by, named_in, tags_in_use, withdrawn_market_notes
from .orders import credit_of, credited_on, may_share, orders
from .owners import choosable_owners, is_writable, owner_of, writable_owners
from .stories import FIELDS, ICONS, LONG_STORY, NAMED, Event, account_story, deal_story
from .tasks import day_meant, done_tasks, open_tasks, tasks_of
from .time import SellingTime, selling_time, time_entries

__all__ = [
    "CARDS",
    "FIELDS",
    "ICONS",
    "LONG_STORY",
    "MANY_ACCOUNTS",
    "NAMED",
    "Column",
    "DealFilter",
    "Event",
    "Recent",
    "SellingTime",
    "account_named",
    "account_options",
    "account_story",
    "account_totals",
    "accounts",
    "activities",
    "alike_accounts",
    "alike_activities",
    "alike_deals",
    "asked_first",
    "board",
    "choosable_owners",
    "competitors",
    "completions",
    "credit_of",
    "credited_on",
    "day_meant",
    "deal_story",
    "deals",
    "done_tasks",
    "is_writable",
    "market_notes",
    "may_share",
    "named_by",
    "named_in",
    "open_tasks",
    "orders",
    "overdue_count",
    "owner_of",
    "recent_customers",
    "selling_time",
    "tags_in_use",
    "tasks_of",
    "time_entries",
    "with_last_activity",
    "withdrawn_activities",
    "withdrawn_market_notes",
    "writable_owners",
]
