"""The demo company: invented, the same for a seed and a day, written by bulk load."""

from dataclasses import dataclass
from datetime import date

import numpy as np
from django.db import transaction

from sales.models import Account, Activity, Deal
from salesmgmt.lib.refusals import Refused
from teams.models import Person, User

from .cast import BUILT_IN, NOT_BEHIND, PEOPLE, company_of
from .organisation import write_organisation
from .plans import write_plans
from .records import write_customers, write_deals, write_tasks, write_work
from .selling import factors_of, make_deals, make_work

__all__ = ["BUILT_IN", "NOT_BEHIND", "Size", "seed"]


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
    write_plans(company)
