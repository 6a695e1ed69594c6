"""Freeze what figures say, every night, for those whose past no ledger remembers."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import structlog
from django.db import transaction

from performance.models import FrozenFigure, FrozenNight
from performance.selectors.catalogue import Measure
from performance.selectors.cells import Cells, read
from performance.selectors.figures import defined_value, spans_of
from performance.selectors.frozen import frozen_measures
from salesmgmt.lib.clock import close_of
from salesmgmt.lib.periods import FiscalCalendar, Kind, Period
from teams.models import Organisation, Person, Team

from . import rollups

logger = structlog.get_logger(__name__)

LATE = 40  # days after its end in which a period is still looked at: most of what comes late comes by then
SIXTH = Decimal("0.000001")

Key = tuple[int | None, int | None, str]
SOON = timedelta(minutes=10)  # after the close: later, figures know of the next morning
MINUTE = timedelta(minutes=1)  # how often it is tried
Said = tuple[Decimal | None, Decimal | None, Decimal | None]


@transaction.atomic
def freeze_figures(*, on: date, at: datetime) -> int:
    """Keep what changed since the night before in the periods around `on`; answer how many figures did. Once a day.

    A night that is missed stays unfrozen: what was known then cannot be told any more.
    """
    organisation = Organisation.get()
    late = at - close_of(on, organisation.time_zone)
    is_frozen = FrozenNight.objects.filter(day=on).exists()
    if SOON < late <= SOON + MINUTE and not is_frozen:
        logger.warning("night_not_frozen", day=on.isoformat(), waiting=rollups.waiting())
    if not timedelta(0) <= late <= SOON or is_frozen or rollups.waiting():
        return 0
    FrozenNight.objects.create(day=on)
    calendar, measures = organisation.calendar, frozen_measures()
    changed = 0
    for period in _periods(on, calendar):
        stood = _last(period)
        was = {key: said for key, (_, said) in stood.items()}
        now = dict(_figures(period, measures, on))
        rows = [
            FrozenFigure(
                person_id=key[0], team_id=key[1], measure=key[2], period=period.key, known_on=on, value=said[0],
                numerator=said[1], denominator=said[2], is_last=True,
            )
            for key, said in (now | dict.fromkeys(was.keys() - now.keys(), (None, None, None))).items()
            if said != was.get(key, (None, None, None))
        ]  # fmt: skip
        told = [(row.person_id, row.team_id, row.measure) for row in rows]
        FrozenFigure.objects.filter(pk__in=[stood[key][0] for key in told if key in stood]).update(is_last=False)
        FrozenFigure.objects.bulk_create(rows, batch_size=5000)
        changed += len(rows)
    return changed


def _periods(on: date, calendar: FiscalCalendar) -> Iterator[Period]:
    """The month, quarter and year of a day, and those that ended lately."""
    kinds: tuple[Kind, ...] = ("month", "quarter", "year")
    for kind in kinds:
        period = Period.of(on, kind, calendar)
        yield period
        if on - period.shift(-1).end <= timedelta(days=LATE):
            yield period.shift(-1)


def _last(period: Period) -> dict[Key, tuple[int, Said]]:
    """What stands, and in which row."""
    rows = FrozenFigure.objects.filter(period=period.key, is_last=True)
    told = rows.values_list("pk", "person_id", "team_id", "measure", "value", "numerator", "denominator")
    return {(person, team, measure): (pk, (a, b, c)) for pk, person, team, measure, a, b, c in told.iterator()}


def _figures(period: Period, measures: list[Measure], on: date) -> Iterator[tuple[Key, Said]]:
    """What is said on a day: the same days are counted as by the figures that people see."""
    spans = [
        replace(span, measures=[name for name in span.measures if not name.endswith("!")])
        for span in spans_of(measures, period, on)
    ]
    people = list(Person.objects.order_by("pk").values_list("pk", flat=True))
    own = read(spans, people=people, each=True)
    for person in sorted({key for key, _, _ in own.sums}):
        for measure in measures:
            yield from _said((person, None, measure.key), measure, own, person, is_person=True)
    teams = list(Team.objects.order_by("pk"))
    direct = read(spans, teams=[0, *(team.pk for team in teams)], each=True)
    above = _upwards(direct, {0: [0], **{team.pk: [0, *team.path] for team in teams}})
    for pk in sorted({key for key, _, _ in above.sums}):
        for measure in measures:
            yield from _said((None, pk or None, measure.key), measure, above, pk, is_person=False)


def _upwards(direct: Cells, paths: dict[int, list[int]]) -> Cells:
    """The cells of each team and all below it; the company's under 0."""
    cells = Cells({}, {}, {})
    for (team, span, name), (total, count) in direct.sums.items():
        for pk in paths[team]:
            was = cells.sums.get((pk, span, name), (Decimal(0), 0))
            cells.sums[pk, span, name] = (was[0] + total, was[1] + count)
    for (team, span, name), buckets in direct.buckets.items():
        for pk in paths[team]:
            mine = cells.buckets.setdefault((pk, span, name), {})
            for bucket, count in buckets.items():
                mine[bucket] = mine.get(bucket, 0) + count
    return cells


def _said(key: Key, measure: Measure, cells: Cells, pk: int, *, is_person: bool) -> Iterator[tuple[Key, Said]]:
    """A figure that is known and not nothing."""
    if measure.method:
        value, numerator, denominator, _ = defined_value(measure, cells, is_person=is_person, key=pk)
    else:
        value, numerator, denominator = Decimal(sum(cells.count(name, key=pk) for name in measure.needs)), None, None
    if value is not None and (value or not measure.adds_up):
        yield key, (_kept(value), _kept(numerator), _kept(denominator))


def _kept(number: Decimal | None) -> Decimal | None:
    return None if number is None else number.quantize(SIXTH)
