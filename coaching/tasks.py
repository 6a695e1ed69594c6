"""Thin tasks of coaching."""

from typing import Any

import structlog
from celery import shared_task

from salesmgmt.lib import clock
from teams.models import Organisation

from . import services

logger = structlog.get_logger(__name__)


@shared_task
def tend_talks(**kwargs: Any) -> None:
    """Plan the next 1:1s, hand over with managers, prepare the agendas of today; again within a day it finds little."""
    now, today = clock.now(), clock.today(Organisation.get().time_zone)
    done = services.tend_one_on_ones(on=today, at=now)
    logger.info("one_on_ones_tended", meetings=services.tend_meetings(on=today, at=now), **done)
