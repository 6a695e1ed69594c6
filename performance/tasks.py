"""Thin tasks: drain marks, check rollups at night, raise flags."""

from functools import partial
from typing import Any

import structlog
from celery import shared_task

from salesmgmt.desk.drains import drains

from .services import rollups

logger = structlog.get_logger(__name__)

for _topic in rollups.TOPICS:
    drains(_topic)(partial(rollups.drain, _topic))
    drains("rollups")(partial(rollups.drain, _topic))


@shared_task
def check_rollups(**kwargs: Any) -> None:
    """The nightly full check: what differs is put right and reported."""
    for difference in rollups.rebuild():
        logger.error("rollup_differed", difference=str(difference))
