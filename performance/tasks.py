"""Thin tasks: drain marks, check rollups at night, raise flags."""

from datetime import timedelta
from functools import partial
from itertools import chain
from typing import Any

import structlog
from celery import shared_task

from salesmgmt.desk.drains import drains
from salesmgmt.lib import clock
from teams.models import Organisation

from . import services
from .services import reports, rollups, snapshots

logger = structlog.get_logger(__name__)

for _topic in rollups.TOPICS:
    drains(_topic)(partial(rollups.drain, _topic))
    drains("rollups")(partial(rollups.drain, _topic))

for _drainer in snapshots.DRAINERS:
    for _topic in ("snapshots", "pipeline", "rollups"):  # who saves a deal wakes the pipeline
        drains(_topic)(_drainer)


@shared_task
def check_rollups(**kwargs: Any) -> None:
    """The nightly full check: what differs is put right and reported."""
    for difference in chain(rollups.rebuild(), snapshots.rebuild()):
        logger.error("rollup_differed", difference=str(difference))


@shared_task
def raise_flags(**kwargs: Any) -> None:
    """Daily, once the forecasts are made: who is behind, and why."""
    done = services.raise_flags(as_of=clock.today(Organisation.get().time_zone), at=clock.now())
    logger.info("flags_raised", **done)


@shared_task
def recheck_flags(**kwargs: Any) -> None:
    """Look again at those whose figures moved, all changes of some minutes at once."""
    services.recheck(as_of=clock.today(Organisation.get().time_zone), at=clock.now())


@drains("forecasts")
@drains("rollups")
def _drain_forecasts() -> int:
    return services.drain_forecasts(as_of=clock.today(Organisation.get().time_zone), at=clock.now())


@drains("backtest")
@drains("rollups")
def _drain_backtest() -> int:
    return services.drain_backtest(as_of=clock.today(Organisation.get().time_zone), at=clock.now())


@shared_task
def refresh_forecasts(**kwargs: Any) -> None:
    """Nightly: where everybody will land; and then who is behind, by these forecasts."""
    try:
        done = services.refresh_forecasts(as_of=clock.today(Organisation.get().time_zone), at=clock.now())
        logger.info("forecasts_refreshed", people=done)
    finally:
        raise_flags()


@shared_task
def refresh_backtest(**kwargs: Any) -> None:
    """Nightly: replay what has become past; most nights that is nothing."""
    done = services.refresh_backtest(as_of=clock.today(Organisation.get().time_zone), at=clock.now())
    logger.info("backtest_refreshed", cases=done)


@shared_task
def make_reports(**kwargs: Any) -> None:
    """Daily: a draft of the month that is over for each team; nothing the second time."""
    reports.make_reports(on=clock.today(Organisation.get().time_zone), at=clock.now())


@shared_task
def send_reports(**kwargs: Any) -> None:
    """Daily: what nobody has sent by its day goes up the line."""
    sent = reports.send_due_reports(at=clock.now(), on=clock.today(Organisation.get().time_zone))
    logger.info("reports_sent", sent=sent)


@shared_task
def freeze_figures(**kwargs: Any) -> None:
    """Every minute, and done once a day right after midnight there: what the day knew that has closed."""
    yesterday = clock.today(Organisation.get().time_zone) - timedelta(days=1)
    if changed := services.freeze_figures(on=yesterday, at=clock.now()):
        logger.info("figures_frozen", changed=changed)
