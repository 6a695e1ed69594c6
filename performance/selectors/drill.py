"""A figure opened: its records, formula and version, what is left out and why, and what was known of it when."""

from dataclasses import dataclass, replace
from datetime import date

from performance.models import MeasureVersion
from salesmgmt.lib.periods import Period
from targets.models import QuotaEntry
from teams.models import Organisation, Viewer

from .catalogue import formula_of, measures_of
from .cells import Basis
from .figures import MADE_OF, Figure, counts_until, figures
from .known import Known, known, source_of
from .leftout import LeftOut, left_out
from .parts import versions_in_force
from .records import ZERO, Records, records
from .scope import Scope


class NotYet(Exception):
    """Nothing of the days asked for had happened by then."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A figure of a period as of a day; the records it counts lie in `[period.start, until)`."""

    figure: Figure
    """By what was known then where that was asked for and kept, else by what is known now."""
    made_of: list[Figure]
    """The figures that it is worked out from, where it is no sum of records."""
    records: Records
    period: Period
    until: date
    versions: list[tuple[int, MeasureVersion, str]]
    """Number, version and formula of each that held in these days; none of what is built in."""
    left_out: list[LeftOut]
    told: Known | None
    """Then and now; empty where today is asked for."""


def _as_judged(figure: Figure) -> Figure:
    """What others are worked out from is at the plan's rates (R13)."""
    if figure.measure != "bookings" or figure.beside is None:
        return figure
    return replace(figure, value=figure.beside, beside=figure.value)


def drill(
    *,
    scope: Scope,
    measure: str,
    period: Period,
    user: Viewer,
    today: date,
    as_of: date | None = None,
    basis: Basis = "restated",
    known_on: date | None = None,
    since: date | None = None,
    organisation: Organisation | None = None,
) -> Opened:
    """A figure of a period as of a day, else of its last day so far, with what is behind it.

    By what was known at the close of a day, or what was learned `since` one. KeyError for a measure there is none of,
    NotYet where nothing of it had happened by then.
    """
    if measure in scope.without:
        raise NotYet("It is not shown of these people.")
    organisation = organisation or Organisation.get()
    asked = measures_of([measure])[measure]
    as_of = as_of or min(today, period.last_day)
    day = known_on or since
    if day is not None:
        as_of = min(as_of, day)
        if counts_until(asked, period, as_of) <= period.start:
            raise NotYet("Nothing of these days had happened by then.")
    until = counts_until(asked, period, as_of)
    behind = records(
        scope=scope, measure=measure, period=period, as_of=as_of, today=today, user=user, basis=basis, known=known_on,
        since=since,
    )  # fmt: skip
    found = figures(
        scope=scope, measures=[measure, *MADE_OF.get(measure, ())], period=period, as_of=as_of, basis=basis,
        organisation=organisation,
    )  # fmt: skip
    now, told = found.pop(measure), None
    # What counts the days of a period is told of its last one; what stands on a day, of that day.
    on = day or (as_of if source_of(measure) == "snapshot" else min(as_of, period.last_day))
    if on < today:
        told = known(
            scope=scope, measure=measure, period=period, on=on, as_of=as_of, basis=basis, organisation=organisation
        )
    shown = told.then if known_on and told and told.then else now
    if behind.rows.model is QuotaEntry and since is None:
        behind = replace(behind, outside=behind.total - (shown.value or ZERO))
    versions = behind.measure.versions
    in_force = versions_in_force(versions) if versions else []
    return Opened(
        figure=shown,
        made_of=[_as_judged(one) for one in found.values()],
        records=behind,
        period=period,
        until=until,
        versions=[
            (number, version, formula_of(version))
            for number, (version, first, end) in enumerate(in_force, 1)
            if first < until and period.start < end
        ],
        left_out=left_out(scope=scope, figure=now, period=period, until=until, basis=basis),
        told=told,
    )
