"""What the worker does for every app: drain what waits."""

from typing import Any

import redis
import structlog
from celery import shared_task
from django.core.management import call_command

from salesmgmt.desk.idempotency import KEPT
from salesmgmt.desk.models import IdempotencyKey
from salesmgmt.health import leave_heartbeat as leave
from salesmgmt.lib import clock

from .digests import is_mail_set_up, send_next
from .digests import make_digests as make
from .drains import drain_topic, drains, topics
from .expiry import forget_expired as expire

logger = structlog.get_logger(__name__)


@shared_task
def drain(topic: str, **kwargs: Any) -> None:
    """Do what waits under one topic."""
    drain_topic(topic)


@shared_task
def drain_all(**kwargs: Any) -> None:
    """The net under lost wakes: every topic, none held up by another's failure."""
    for topic in topics():
        try:
            drain_topic(topic)
        except Exception:
            logger.exception("drain_failed", topic=topic)


@drains("deliveries")
def send_deliveries() -> int:
    """Send what waits to be sent."""
    return send_next(at=clock.now())


@shared_task
def make_digests(**kwargs: Any) -> None:
    """Daily: an e-mail of what each has not read, where a mail server is set up."""
    if is_mail_set_up():
        now = clock.now()
        make(on=now.date(), at=now)


@shared_task
def leave_heartbeat(**kwargs: Any) -> None:
    """Show /readyz that a worker is alive."""
    try:
        leave()
    except redis.RedisError as error:
        logger.warning("heartbeat_lost", error=str(error))


@shared_task
def clear_sessions(**kwargs: Any) -> None:
    """Remove sessions that have run out."""
    call_command("clearsessions")


@shared_task
def forget_old_keys(**kwargs: Any) -> None:
    """Remove the answers to keyed requests once nobody may ask for them again."""
    IdempotencyKey.objects.filter(at__lt=clock.now() - KEPT).delete()


@shared_task
def forget_expired(**kwargs: Any) -> None:
    """Nightly: blank or delete what has been kept for as long as it may be."""
    if done := expire(at=clock.now()):
        logger.info("forgot_expired", **done)
