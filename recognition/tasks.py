"""Thin tasks of recognition."""

from typing import Any

from celery import shared_task

from recognition import services
from salesmgmt.lib import clock
from teams.models import Organisation


@shared_task
def suggest_awards(**kwargs: Any) -> None:
    """Find what earned praise, as of today."""
    services.suggest_awards(as_of=clock.today(Organisation.get().time_zone))


@shared_task
def tell_bests(**kwargs: Any) -> None:
    """Daily: tell people of their best week, month or quarter so far."""
    services.tell_bests(as_of=clock.today(Organisation.get().time_zone), at=clock.now())
