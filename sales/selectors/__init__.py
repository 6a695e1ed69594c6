"""Questions about what happened, always within what somebody may see."""

from .activities import (
    Recent,
    activities,
    alike_activities,
    asked_first,
    recent_customers,
    tasks_of,
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
from .orders import credit_of, credited_on, may_share, orders
from .owners import choosable_owners, is_writable, owner_of, writable_owners
from .stories import FIELDS, ICONS, LONG_STORY, NAMED, Event, account_story, deal_story

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
    "credit_of",
    "credited_on",
    "deal_story",
    "deals",
    "is_writable",
    "may_share",
    "orders",
    "overdue_count",
    "owner_of",
    "recent_customers",
    "tasks_of",
    "with_last_activity",
    "withdrawn_activities",
    "writable_owners",
]
