"""Thin tasks of coaching."""

from typing import Any

import structlog
from celery import shared_task

from salesmgmt.lib import clock
from teams.models import Organisation

from . import services


@shared_task
def freeze_plans(**kwargs: Any) -> None:
    """Nightly: fix what plans of coaching that begin are judged beside."""
    services.freeze_plans(on=clock.today(Organisation.get().time_zone), at=clock.now())


logger = structlog.get_logger(__name__)


@shared_task
def tend_talks(**kwargs: Any) -> None:
    """Plan the next 1:1s, hand over with managers, prepare the agendas of today; again within a day it finds little."""
    now, today = clock.now(), clock.today(Organisation.get().time_zone)
    done = services.tend_one_on_ones(on=today, at=now)
    logger.info("one_on_ones_tended", meetings=services.tend_meetings(on=today, at=now), **done)
    logger.info(
        "ladder_tasks_moved",
        tasks=services.move_ladder_tasks(on=today),
        asked_to_witness=services.ask_hr_to_witness(on=today, at=now),
    )


@shared_task
def keep_up_training(**kwargs: Any) -> None:
    """Daily: give courses by their rules, renew certificates, move what leave moves, remind."""
    done = services.keep_up_training(on=clock.today(Organisation.get().time_zone), at=clock.now())
    logger.info("training_kept_up", **done)


@shared_task
def remind_of_questions(**kwargs: Any) -> None:
    """Daily: what departments have to answer by tomorrow, what was missed, which cases are past their day."""
    today, now = clock.today(Organisation.get().time_zone), clock.now()
    services.remind_of_questions(on=today, at=now)
    services.remind_of_cases(on=today, at=now)


@shared_task
def keep_disputes_going(**kwargs: Any) -> None:
    """Record missed days, replace who may no longer decide, remind, end what nobody appealed."""
    services.keep_disputes_going(at=clock.now())


@shared_task
def refresh_effects(**kwargs: Any) -> None:
    """Nightly: which kinds of help work, what each course does to the measure it is for, what came of plays."""
    on = clock.today(Organisation.get().time_zone)
    logger.info(
        "effects_refreshed",
        help=services.refresh_help_effects(on=on),
        courses=services.refresh_course_effects(on=on),
        plays=services.refresh_play_effects(on=on),
    )
