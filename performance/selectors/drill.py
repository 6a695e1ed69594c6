"""A figure opened: its records, formula and version, what is left out and why, and what was known of it when."""

from dataclasses import dataclass
from datetime import date, timedelta

from performance.models import MeasureVersion
from salesmgmt.lib.periods import Period
from teams.models import Organisation, Viewer

from .catalogue import formula_of
from .cells import Basis
from .figures import Figure, figure
from .known import Known, known, source_of
from .leftout import LeftOut, left_out
from .parts import versions_in_force
from .records import Records, records
from .scope import Scope


class NotYet(Exception):
    """Nothing of the days asked for had happened by then."""


@dataclass(frozen=True, slots=True)
class Opened:
    """`[start, until)` is what the figure counts."""

    figure: Figure
    """By what was known then where that was asked for and kept, else by what is known now."""
    records: Records
    start: date
    until: date
    versions: list[tuple[int, MeasureVersion, str]]
    """Number, version and formula of each that held in these days; none of what is built in."""
    left_out: list[LeftOut]
    told: Known | None
    """Then and now; empty where today is asked for."""


def drill(
    *,
    scope: Scope,
    measure: str,
    start: date,
    until: date,
    user: Viewer,
    today: date,
    basis: Basis = "restated",
    known_on: date | None = None,
    since: date | None = None,
    organisation: Organisation | None = None,
) -> Opened:
    """A figure of `[start, until)`, by what was known at the close of a day, or what was learned `since` one.

    KeyError for a measure there is none of, NotYet where nothing of these days had happened by then.
    """
    if measure in scope.without:
        raise NotYet("It is not shown of these people.")
    organisation = organisation or Organisation.get()
    day = known_on or since
    if day is not None and source_of(measure) == "ledger" and measure != "quota":
        until = min(until, day + timedelta(days=1))
    if not start < until:
        raise NotYet("Nothing of these days had happened by then.")
    days = Period(start, until, "month", "", organisation.calendar)
    last = until - timedelta(days=1)
    behind = records(
        scope=scope, measure=measure, start=start, until=until, user=user, as_of=today, basis=basis, known=known_on,
        since=since,
    )  # fmt: skip
    now = figure(scope=scope, measure=measure, period=days, as_of=last, basis=basis, organisation=organisation)
    on, told = day or last, None
    if on < today:
        told = known(
            scope=scope, measure=measure, period=days, on=on, as_of=last, basis=basis, organisation=organisation
        )
    versions = behind.measure.versions
    in_force = versions_in_force(versions) if versions else []
    return Opened(
        figure=told.then if known_on and told and told.then else now,
        records=behind,
        start=start,
        until=until,
        versions=[
            (number, version, formula_of(version))
            for number, (version, first, end) in enumerate(in_force, 1)
            if first < until and start < end
        ],
        left_out=left_out(scope=scope, figure=now, period=days, until=until, basis=basis),
        told=told,
    )
