"""Waking the worker. The work itself waits as rows: a wake that is lost costs a second, until beat comes by."""

from functools import cache, partial
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from kombu import pools
from kombu.connection import Connection

PATIENCE = 0.2  # seconds that an answer may wait for a broker

logger = structlog.get_logger(__name__)


def wake(topic: str) -> None:
    """Have what waits under `topic` drained once this transaction commits; best effort, never an error."""
    send = _sender(topic)
    if not any(hook is send for _, hook, _ in transaction.get_connection().run_on_commit):
        transaction.on_commit(send, robust=True)


@cache
def _sender(topic: str) -> "partial[None]":
    return partial(_send, topic)


@cache
def _broker() -> Connection:
    options = {
        "max_retries": 0,
        "retry_on_timeout": False,
        "socket_timeout": PATIENCE,
        "socket_connect_timeout": PATIENCE,
    }
    return Connection(settings.REDIS_URL, connect_timeout=PATIENCE, transport_options=options)


def _send(topic: str) -> None:
    from .tasks import drain

    publish(drain, topic)


def publish(task: Any, *args: Any) -> bool:
    """Hand a task to the broker within our patience; False where the broker is away."""
    try:
        with pools.producers[_broker()].acquire(block=True, timeout=PATIENCE) as producer:
            task.apply_async(args, producer=producer, retry=False, expires=60)
    except Exception as error:  # whatever is wrong with the broker, the answer to the person is not
        logger.warning("wake_lost", task=task.name, error=str(error))
        return False
    return True
