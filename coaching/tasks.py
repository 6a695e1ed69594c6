"""Thin tasks: remind departments of what they were asked."""

from typing import Any

from celery import shared_task

from salesmgmt.lib import clock
from teams.models import Organisation

from . import services


@shared_task
def remind_of_questions(**kwargs: Any) -> None:
    """Daily: what is due by tomorrow, and what was missed."""
    services.remind_of_questions(on=clock.today(Organisation.get().time_zone), at=clock.now())
