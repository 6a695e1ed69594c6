"""Thin tasks of coaching."""

from typing import Any

from celery import shared_task

from coaching import services
from salesmgmt.lib import clock


@shared_task
def keep_disputes_going(**kwargs: Any) -> None:
    """Record missed days, replace who may no longer decide, remind, end what nobody appealed."""
    services.keep_disputes_going(at=clock.now())
