"""Thin tasks of coaching."""

from typing import Any

from celery import shared_task

from coaching import services
from salesmgmt.lib import clock
from teams.models import Organisation


@shared_task
def freeze_plans(**kwargs: Any) -> None:
    """Nightly: fix what plans of coaching that begin are judged beside."""
    services.freeze_plans(on=clock.today(Organisation.get().time_zone), at=clock.now())
