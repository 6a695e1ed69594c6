"""The Celery application and the schedule: one table."""

import os
from typing import Any

from celery import Celery, signals
from celery.schedules import crontab
from django.conf import settings
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salesmgmt.settings")

app = Celery("salesmgmt")
app.conf.update(
    broker_url=settings.REDIS_URL,
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "visibility_timeout": 3600,  # above the longest task
        "socket_timeout": 30,
        "socket_connect_timeout": 5,
    },
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    task_soft_time_limit=1500,
    task_time_limit=1800,
    task_serializer="json",
    accept_content=["json"],
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_max_tasks_per_child=1000,
    timezone="UTC",
    beat_schedule_filename=str(settings.VAR / "beat-schedule"),
)
app.conf.beat_schedule = {
    # what is done: (task, when); times are UTC
    name: {"task": task, "schedule": when, "options": {"expires": 60 if isinstance(when, float) else 6 * 3600}}
    for name, (task, when) in {
        "drain what waits": ("salesmgmt.desk.tasks.drain_all", 1.0),
        "leave a heartbeat": ("salesmgmt.desk.tasks.leave_heartbeat", 5.0),
        "check rollups": ("performance.tasks.check_rollups", crontab(hour="1", minute="40")),
        "refresh forecasts": ("performance.tasks.refresh_forecasts", crontab(hour="3", minute="50")),
        "refresh back-test": ("performance.tasks.refresh_backtest", crontab(hour="0", minute="20")),
        "recheck flags": ("performance.tasks.recheck_flags", 300.0),
        "freeze figures": ("performance.tasks.freeze_figures", 60.0),
        "make digests": ("salesmgmt.desk.tasks.make_digests", crontab(hour="5", minute="30")),
        "clear old sessions": ("salesmgmt.desk.tasks.clear_sessions", crontab(hour="2", minute="20")),
        "learn odds": ("sales.tasks.learn_odds", crontab(hour="2", minute="50")),
        "remind of plan letters": ("targets.tasks.remind_of_letters", crontab(hour="5", minute="10")),
        "learn seasons": ("targets.tasks.learn_seasons", crontab(hour="2", minute="40")),
        "count proposed quota entries": ("targets.tasks.count_proposed_entries", crontab(hour="3", minute="30")),
        "suggest awards": ("recognition.tasks.suggest_awards", crontab(minute="40")),
        "make monthly reports": ("performance.tasks.make_reports", crontab(hour="3", minute="50")),
        "send monthly reports": ("performance.tasks.send_reports", crontab(hour="5", minute="20")),
        "tell personal bests": ("recognition.tasks.tell_bests", crontab(hour="4", minute="50")),
        "follow up deliveries": ("sales.tasks.follow_up_deliveries", crontab(hour="4", minute="20")),
        "open renewals": ("sales.tasks.open_renewals", crontab(hour="4", minute="30")),
        "suggest what to sell again": ("sales.tasks.refresh_recommendations", crontab(hour="3", minute="20")),
        "find look-alikes": ("sales.tasks.find_look_alikes", crontab(hour="2", minute="50")),
        "carry out handovers": ("sales.tasks.carry_out_handovers", crontab(minute="5")),
        "remind of questions": ("coaching.tasks.remind_of_questions", crontab(hour="5", minute="40")),
        "refresh effects of coaching": ("coaching.tasks.refresh_effects", crontab(hour="2", minute="10")),
        "keep up training": ("coaching.tasks.keep_up_training", crontab(hour="4", minute="40")),
        "keep disputes going": ("coaching.tasks.keep_disputes_going", crontab(minute="35")),
        "plan 1:1s and prepare agendas": ("coaching.tasks.tend_talks", crontab(hour="*/6", minute="15")),
        "forget old keys": ("salesmgmt.desk.tasks.forget_old_keys", crontab(minute="25")),
        "forget copies of own data": ("salesmgmt.exchange.tasks.forget_copies", crontab(minute="50")),
        "forget what has expired": ("salesmgmt.desk.tasks.forget_expired", crontab(hour="1", minute="10")),
        "begin plans of coaching": ("coaching.tasks.freeze_plans", crontab(hour="4", minute="15")),
    }.items()
}
app.steps["worker"].add(DjangoStructLogInitStep)
app.autodiscover_tasks()


@signals.setup_logging.connect
def _keep_logging(**_: Any) -> None:
    """Celery finds this connected and leaves our logging alone."""
