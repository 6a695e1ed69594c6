"""Thin tasks of coaching."""

from typing import Any

import structlog
from celery import shared_task

from coaching import services
from salesmgmt.lib import clock
from teams.models import Organisation


@shared_task
def keep_disputes_going(**kwargs: Any) -> None:
    """Record missed days, replace who may no longer decide, remind, end what nobody appealed."""
    services.keep_disputes_going(at=clock.now())


logger = structlog.get_logger(__name__)


@shared_task
def keep_up_training(**kwargs: Any) -> None:
    """Daily: give courses by their rules, renew certificates, move what leave moves, remind."""
    done = services.keep_up_training(on=clock.today(Organisation.get().time_zone), at=clock.now())
    logger.info("training_kept_up", **done)


@shared_task
def remind_of_questions(**kwargs: Any) -> None:
    """Daily: what departments have to answer by tomorrow, and what was missed."""
    services.remind_of_questions(on=clock.today(Organisation.get().time_zone), at=clock.now())
