"""For how long findings about people are kept once they are over: gap and days stay, words and probabilities go."""

from datetime import datetime

from salesmgmt.desk.erasure import Forgotten
from salesmgmt.desk.expiry import GONE, Expiry

from ..models import BacktestCase, Flag, FlagEvent, ForecastRow


def _forget_flags(before: datetime, forgotten: Forgotten) -> None:
    closed = Flag.objects.filter(closed_on__lt=before.date())
    forgotten.blank(FlagEvent.objects.filter(flag__in=closed).exclude(text=GONE), text=GONE)
    forgotten.blank(closed.exclude(sentence=GONE), sentence=GONE, evidence={}, p_miss=None, cause=Flag.Cause.UNKNOWN)


def _forget_forecasts(before: datetime, forgotten: Forgotten) -> None:
    """What the replays come to stays, and names nobody."""
    forgotten.drop(ForecastRow.objects.filter(level=ForecastRow.Level.PERSON, as_of__lt=before.date()))
    forgotten.drop(BacktestCase.objects.filter(as_of__lt=before.date()))


EXPIRIES = [
    Expiry("flags", "Words, causes and probabilities of closed flags", 24, _forget_flags),
    Expiry("forecasts", "Forecasts of single people", 24, _forget_forecasts),
]
