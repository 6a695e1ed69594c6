"""The demo company: invented, the same for a seed and a day, written by bulk load."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import numpy as np
from django.core.management import call_command
from django.db import transaction

from coaching.models import OneOnOne
from performance.services import raise_flags, refresh_backtest, refresh_forecasts
from recognition.services import suggest_awards
from sales.models import Account, Activity, Deal
from sales.services import learn_odds
from salesmgmt.desk.models import Mark
from salesmgmt.lib.refusals import Refused
from targets.models.watches import TOPIC
from teams.models import Organisation, Person, User

from .boards import write_boards
from .budgets import write_budgets
from .calls import write_calls
from .cast import BUILT_IN, NOT_BEHIND, PEOPLE, company_of
from .customers import write_knowledge
from .deal_parts import write_deal_parts
from .diagnoses import write_diagnoses
from .disputes import write_disputes
from .exits import write_exits
from .followups import write_delivery_department, write_what_followed
from .help import write_help
from .ladders import write_ladders
from .leads import suggest, write_leads
from .letters import write_letters
from .loading import analyse
from .meetings import write_meetings
from .organisation import ZONE, write_organisation
from .plans import write_plans
from .records import write_customers, write_deals, write_tasks, write_work
from .rights import write_looks
from .scenarios import write_scenarios
from .selling import factors_of, make_deals, make_work
from .shares import write_shares
from .talks import write_talks
from .training import write_training
from .work import write_work as write_everyday

__all__ = ["BUILT_IN", "NOT_BEHIND", "Size", "draw_conclusions", "is_here", "seed"]

WEEKS = 4  # that flags were raised in, the last one today
EARLY = time(6)


@dataclass(frozen=True, slots=True)
class Size:
    """How large the company is, and which of the possible ones."""

    people: int = len(PEOPLE)
    accounts: int = 700
    deals: int = 9_000
    activities: int = 60_000
    years: int = 2
    seed: int = 1


@transaction.atomic
def seed(*, size: Size, today: date) -> None:
    """Write the company whose last day is the one before `today`. Refused where there are records already."""
    for model in (Person, Account, Deal, Activity, User):
        if model._default_manager.exists():
            raise Refused(
                f"There are {model._meta.verbose_name_plural} here already; the demo company needs an empty database."
            )
    seats, markets = company_of(size.people)
    random = np.random.default_rng([size.seed, today.toordinal()])
    company = write_organisation(random, seats=seats, markets=markets, today=today, years=size.years)
    brings, cause = factors_of(random, seats, company.calendar)
    sales = (seats, company.markets, company.calendar)
    deals = make_deals(random, *sales, brings=brings, cause=cause, count=size.deals)
    work = make_work(random, *sales, cause=cause, deals=deals, count=size.activities)
    customers = write_customers(random, company, size.accounts)
    deal_ids, accounts = write_deals(random, company, customers, deals)
    write_work(random, company, customers, deal_ids, accounts, work)
    write_tasks(random, company)
    write_everyday(company, seed=size.seed)
    write_plans(company)
    Mark.objects.filter(topic=TOPIC).delete()  # the quotas were worked out from all that
    write_knowledge(company, seed=size.seed, today=today)
    write_leads(company, seed=size.seed)
    write_deal_parts(company, at=datetime.combine(today - timedelta(days=1), time(15), ZoneInfo(ZONE)))
    write_what_followed(seed=size.seed, today=today)
    write_budgets(seed=size.seed, today=today)


def is_here() -> bool:
    """Whether the demo company stands already."""
    return Organisation.get().is_demo and Person.objects.exists()


def draw_flags(*, size: Size, today: date) -> None:
    """Rollups, forecasts, the flags of these weeks and the talks about them."""
    write_delivery_department()
    analyse()
    learn_odds(as_of=today)
    call_command("refresh_rollups", stdout=StringIO())
    refresh_forecasts(as_of=today, at=datetime.combine(today, EARLY, ZoneInfo(ZONE)))
    for weeks in reversed(range(WEEKS)):
        day = today - timedelta(weeks=weeks)
        raise_flags(as_of=day, at=datetime.combine(day, EARLY, ZoneInfo(ZONE)))
    write_talks(seed=size.seed, today=today)


def draw_conclusions(*, size: Size, today: date) -> None:
    """What the product makes of the records: rollups, the flags of these weeks, talks about them, praise."""
    if OneOnOne.objects.exists():
        return
    draw_flags(size=size, today=today)
    refresh_backtest(as_of=today, at=datetime.combine(today, EARLY, ZoneInfo(ZONE)))
    write_letters(seed=size.seed, today=today)
    write_scenarios(seed=size.seed, today=today)
    suggest(seed=size.seed, today=today)
    suggest_awards(as_of=today)
    write_shares(today=today)
    write_calls(seed=size.seed, today=today)
    write_boards(today=today)
    write_looks(today=today)
    write_training(seed=size.seed, today=today)
    write_ladders(today=today)
    write_exits(today=today)
    write_disputes(today=today)
    write_diagnoses(seed=size.seed, today=today)
    write_meetings(seed=size.seed, today=today)
    write_help(seed=size.seed, today=today)
