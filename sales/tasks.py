"""Thin tasks of sales."""

from typing import Any

import structlog
from celery import shared_task

from sales.services.recommendations import refresh_recommendations as refresh
from salesmgmt.lib import clock
from teams.models import Organisation

logger = structlog.get_logger(__name__)


@shared_task
def refresh_recommendations(**kwargs: Any) -> None:
    """Every night: what the records suggest now, and what came of what they suggested before."""
    done = refresh(day=clock.today(Organisation.get().time_zone), at=clock.now())
    logger.info("recommendations_refreshed", **done)
