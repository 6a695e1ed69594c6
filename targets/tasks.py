"""Thin tasks of planning."""

from typing import Any

from celery import shared_task

from salesmgmt.desk.drains import drains
from salesmgmt.lib import clock
from salesmgmt.lib.periods import Kind, Period
from targets import services
from targets.models.watches import TOPIC
from teams.models import Organisation


@shared_task
def learn_seasons(**kwargs: Any) -> None:
    """Give the running and the next quarter and year their shape, once enough of the past is known."""
    organisation = Organisation.get()
    today = clock.today(organisation.time_zone)
    kinds: tuple[Kind, ...] = ("quarter", "year")
    for kind in kinds:
        now = Period.of(today, kind, organisation.calendar)
        for period in (now, now.shift(1)):
            services.learn_season(period=period)


@drains(TOPIC)
def propose_changes() -> int:
    """What postings, leave and calendars have changed is proposed to the quota ledger."""
    return services.propose_changes(at=clock.now(), on=clock.today(Organisation.get().time_zone))


@shared_task
def count_proposed_entries(**kwargs: Any) -> None:
    """Daily: what nobody has decided in five working days counts."""
    services.count_overdue(at=clock.now(), on=clock.today(Organisation.get().time_zone))


@shared_task
def remind_of_letters(**kwargs: Any) -> None:
    """Remind those whose day to answer their plan letter is over; once for each asking."""
    services.remind_of_letters(at=clock.now())
