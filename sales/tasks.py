"""Thin tasks of sales."""

from typing import Any

from celery import shared_task

from salesmgmt.desk.drains import drains
from salesmgmt.lib import clock
from teams.models import Organisation

from . import services
from .services import likeness

drains(likeness.TOPIC)(likeness.drain)


@shared_task
def find_look_alikes(**kwargs: Any) -> None:
    """Nightly: which accounts and contacts may be one."""
    services.find_look_alikes()


@shared_task
def carry_out_handovers(**kwargs: Any) -> None:
    """Daily: books of business whose day has come go over."""
    services.carry_out_handovers(on=clock.today(Organisation.get().time_zone), at=clock.now())
