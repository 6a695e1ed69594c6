"""Figures as they were known on a past day, where no ledger can tell: what was frozen that night."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from performance.models import FrozenFigure, FrozenNight
from salesmgmt.lib.periods import Period

from .catalogue import ACTIVITY_KINDS, Measure, catalogue, measures_of
from .scope import Scope

ONE_DAY = timedelta(days=1)
LATELY = timedelta(days=30)  # surely within what nights still freeze of a period that is over


@dataclass(frozen=True, slots=True)
class Frozen:
    """A figure as it was known at the close of `night`, the last frozen day up to the one asked for."""

    value: Decimal | None
    numerator: Decimal | None
    denominator: Decimal | None
    known_on: date
    """Since when it had stood so."""
    night: date


def freezes(measure: Measure) -> bool:
    """Whether its past is known from frozen figures; that of the others from ledgers or snapshots."""
    return bool(measure.method) or measure.key in {"activities", *ACTIVITY_KINDS.values()}


def frozen_measures() -> list[Measure]:
    return [measure for measure in catalogue().values() if freezes(measure)]


def frozen(*, scope: Scope, measure: str, period: Period, as_of: date) -> Frozen | None:
    """What the figure of a whole period was at the close of a day; None where no night up to it was frozen.

    KeyError for a measure there is none of.
    """
    asked = measures_of([measure])[measure]
    night = FrozenNight.objects.filter(day__lte=as_of).order_by("-day").values_list("day", flat=True).first()
    if night is None or not freezes(asked) or len(scope.tops) > 1:
        return None
    whose = {"person": scope.pk if scope.kind == "person" else None, "team": scope.pk if scope.kind == "team" else None}
    rows = FrozenFigure.objects.filter(measure=measure, period=period.key, known_on__lte=night, **whose)
    row = rows.order_by("-known_on").first()
    if row is None:
        # A night freezes the periods that run or ended lately: of others it says nothing, not zero.
        near = FrozenNight.objects.filter(day__gte=period.start, day__lte=period.end + LATELY, day__lt=night + ONE_DAY)
        if not near.exists():
            return None
        nothing = Decimal(0) if asked.adds_up else None
        return Frozen(nothing, None, None, night, night)
    return Frozen(row.value, row.numerator, row.denominator, row.known_on, night)
