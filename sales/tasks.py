"""Thin tasks of sales."""

from typing import Any

from celery import shared_task

from sales import services
from salesmgmt.lib import clock
from teams.models import Organisation


@shared_task
def learn_odds(**kwargs: Any) -> None:
    """What each stage's own history says, for the day that begins."""
    services.learn_odds(as_of=clock.today(Organisation.get().time_zone))
