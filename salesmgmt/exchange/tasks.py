"""The worker's part: large files are previewed and taken, and what is stored about somebody is packed there."""

from typing import Any

from celery import shared_task

from salesmgmt.desk.drains import drains
from salesmgmt.lib import clock

from .services import own_data, work_off
from .services.batches import TOPIC


@drains(TOPIC)
def import_next() -> int:
    """The next file that waits."""
    return work_off(at=clock.now())


@drains(own_data.TOPIC)
def pack_own_data() -> int:
    """What the next one who waits has asked for."""
    return own_data.make_copy(at=clock.now())


@shared_task
def forget_copies(**kwargs: Any) -> None:
    """Hourly: what was packed for somebody goes after some days."""
    own_data.forget_copies(at=clock.now())
