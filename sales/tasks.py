"""Thin tasks of sales."""

from typing import Any

import structlog
from celery import shared_task

from sales.services.recommendations import refresh_recommendations as refresh
from salesmgmt.desk.drains import drains
from salesmgmt.lib import clock
from teams.models import Organisation

from . import services
from .services import likeness

logger = structlog.get_logger(__name__)


@drains("reminders")
def remind() -> int:
    """Tell of tasks whose moment has come."""
    return services.remind(at=clock.now())


@shared_task
def refresh_recommendations(**kwargs: Any) -> None:
    """Every night: what the records suggest now, and what came of what they suggested before."""
    done = refresh(day=clock.today(Organisation.get().time_zone), at=clock.now())
    logger.info("recommendations_refreshed", **done)


@shared_task
def follow_up_deliveries(**kwargs: Any) -> None:
    """Daily: ask how it went, some days after a delivery."""
    made = services.make_follow_ups(on=clock.today(Organisation.get().time_zone))
    logger.info("follow_ups_made", count=made)


@shared_task
def open_renewals(**kwargs: Any) -> None:
    """Daily: open the deals that renew contracts, in time before their notice or end."""
    opened = services.open_renewals(on=clock.today(Organisation.get().time_zone), at=clock.now())
    logger.info("renewals_opened", count=opened)


drains(likeness.TOPIC)(likeness.drain)


@shared_task
def find_look_alikes(**kwargs: Any) -> None:
    """Nightly: which accounts and contacts may be one."""
    services.find_look_alikes()


@shared_task
def carry_out_handovers(**kwargs: Any) -> None:
    """Daily: books of business whose day has come go over."""
    services.carry_out_handovers(on=clock.today(Organisation.get().time_zone), at=clock.now())


@shared_task
def learn_odds(**kwargs: Any) -> None:
    """What each stage's own history says, for the day that begins."""
    services.learn_odds(as_of=clock.today(Organisation.get().time_zone))
