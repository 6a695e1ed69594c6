"""Waking the worker is a courtesy: it never fails, and its request is known to the task."""

import queue
import time
from collections.abc import Iterator

import pytest
import structlog
from celery.contrib.testing.worker import start_worker
from django.db import transaction
from django.test import override_settings

from salesmgmt.celery import app
from salesmgmt.desk import drains, wake
from tests.settings import REDIS_URL

SEEN: "queue.Queue[dict[str, object]]" = queue.Queue()


@pytest.fixture
def topic(monkeypatch: pytest.MonkeyPatch) -> str:
    """A topic whose drainer notes what it knows of the request, and then has nothing left to do."""
    monkeypatch.setattr(drains, "_drainers", {})

    @drains.drains("figures")
    def note() -> int:
        SEEN.put(structlog.contextvars.get_contextvars())
        return 0

    return "figures"


@pytest.fixture
def fresh_broker() -> Iterator[None]:
    wake._broker.cache_clear()
    yield
    wake._broker.cache_clear()


@pytest.mark.django_db(transaction=True)
def test_the_request_id_reaches_the_task(topic: str, fresh_broker: None) -> None:
    app.conf.broker_url = REDIS_URL
    with structlog.contextvars.bound_contextvars(request_id="the-request"), transaction.atomic():
        wake.wake(topic)
    with start_worker(app, pool="solo", perform_ping_check=False, shutdown_timeout=30):
        assert SEEN.get(timeout=20)["request_id"] == "the-request"


@pytest.mark.django_db(transaction=True)
@override_settings(REDIS_URL="redis://127.0.0.1:1/0")
def test_a_broker_that_is_away_costs_little_and_raises_nothing(topic: str, fresh_broker: None) -> None:
    began = time.monotonic()
    with transaction.atomic():
        wake.wake(topic)
    assert time.monotonic() - began < 1


@pytest.mark.django_db
def test_one_transaction_wakes_a_topic_once(topic: str, django_capture_on_commit_callbacks: object) -> None:
    with django_capture_on_commit_callbacks() as callbacks:  # type: ignore[operator]
        for _ in range(3):
            wake.wake(topic)
    assert len(callbacks) == 1


def test_a_drainer_runs_until_nothing_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drains, "_drainers", {})
    portions = [3, 2, 0]

    @drains.drains("figures")
    def drain() -> int:
        return portions.pop(0)

    assert (drains.drain_topic("figures"), portions) == (5, [])
