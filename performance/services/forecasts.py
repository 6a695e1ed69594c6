"""Forecasts are made nightly for all, and on a save for those it moved; the past is replayed as it gets longer."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Min

from performance import live
from performance.analysis import forecast as method
from performance.models import BacktestCase, BacktestRun, BacktestScore, ForecastBasis, ForecastRow
from performance.selectors import backtests, forecasting
from performance.selectors.forecasting import Forecast
from sales.models import Credit
from salesmgmt.desk.models import Mark
from salesmgmt.lib.periods import Period
from targets.models import BOOKINGS
from teams.models import Organisation, Posting, Team

from . import rollups, snapshots

TOPIC, PAST_TOPIC = "forecasts", "backtest"
_LOCK = 7012
AT_ONCE = 20_000  # marks looked at together: a load leaves many of the same people
MORNING = 6  # o'clock: the night is over, and has learned
MANY = 0.5  # of those who sell: what they all share has changed


@transaction.atomic
def refresh_forecasts(*, as_of: date, at: datetime, person_ids: Collection[int] | None = None) -> int:
    """Forecast the running quarter: everybody's, or some people's with their teams'. Answers how many people.

    For some, what everybody shares, and what the others will bring, is taken from that day's night; before it nothing
    is done: that night does it. One at a time, so that a team is always the sum of its people; of the others only
    those in the same teams, and the teams beside them, are read.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    organisation = Organisation.get()
    period = Period.of(as_of, "quarter", organisation.calendar)
    learned = None
    if person_ids is not None:
        kept = ForecastBasis.objects.filter(measure=BOOKINGS, period=period.key, as_of=as_of).first()
        if kept is None:
            return 0
        learned = method.unpacked(kept.learned)
    since = forecasting.earlier(period)[0].start
    history = forecasting.read(since=since, organisation=organisation, person_ids=person_ids)
    posted = Posting.objects.on(as_of)
    if person_ids is not None:
        posted = posted.filter(person__in=person_ids)
    homes = dict(posted.order_by("person").values_list("person_id", "team_id"))
    if not homes:
        return 0
    odds = forecasting.odds_before(period) if learned is None else learned.odds
    found = forecasting.outlook(history, period, as_of, learned, odds, is_live=True)
    people = forecasting.people_forecasts(found, list(homes), period, as_of)
    people = {pk: replace(one, parts={**one.parts, "team": homes[pk]}) for pk, one in people.items()}
    if person_ids is None:
        ForecastBasis.objects.update_or_create(
            measure=BOOKINGS, period=period.key, as_of=as_of,
            defaults={"learned": method.packed(found.learned), "made_at": at},
        )  # fmt: skip
    some = person_ids is not None
    before = forecasting.rows_of("person", list(people), period, as_of) if some else []  # who has moved since
    teams = _teams_of({*homes.values(), *(row.parts["team"] for row in before if "team" in row.parts)})
    _keep("person", people, period, as_of, at)
    sums = forecasting.team_forecasts(people, team_ids=teams, period=period, as_of=as_of, rest=some)
    _keep("team", sums, period, as_of, at)
    company = forecasting.company_forecast(sums, period=period, as_of=as_of, organisation=organisation)
    _keep("company", {0: company}, period, as_of, at)
    transaction.on_commit(lambda: live.bump(people=list(people), teams=teams))
    return len(people)


def _teams_of(team_ids: Collection[int]) -> list[int]:
    """These teams with all above."""
    above = {pk for path in Team.objects.filter(pk__in=team_ids).values_list("path", flat=True) for pk in path}
    return sorted(Team.objects.present().filter(pk__in=above).values_list("pk", flat=True))


def _keep(level: str, found: dict[int, Forecast], period: Period, as_of: date, at: datetime) -> None:
    rows = [
        ForecastRow(
            level=level, subject_id=pk, measure=BOOKINGS, period=period.key, made_at=at,
            **asdict(one) | {"as_of": as_of, "p_miss": None if one.p_miss is None else Decimal(f"{one.p_miss:.4f}")},
        )
        for pk, one in found.items()
    ]  # fmt: skip
    said = ["quota", "credited", "expected", "low", "high", "p_miss", "note", "parts", "made_at"]
    key = ["level", "subject_id", "measure", "period", "as_of"]
    ForecastRow.objects.bulk_create(rows, batch_size=2000, update_conflicts=True, unique_fields=key, update_fields=said)


def drain_forecasts(*, as_of: date, at: datetime) -> int:
    """Forecast anew those whose records changed since the last time; answers how many marks that were.

    Everybody, where most of them changed, as after an import, or where there is nothing yet to go on from: once, when
    the figures have come to rest. A past that so many were given is replayed anew, too.
    """
    with transaction.atomic():
        if not Mark.objects.filter(topic=TOPIC).exists() or not _is_free():
            return 0
        waiting = Mark.objects.filter(topic=TOPIC).select_for_update(skip_locked=True)
        marks = list(waiting.order_by("pk").values_list("pk", "person_id")[:AT_ONCE])
        if not marks:
            return 0
        people = {person for _, person in marks if person}
        many = MANY * Posting.objects.on(as_of).count()
        is_all = len(people) > many or any(person is None for _, person in marks) or not _has_basis(as_of, at)
        if is_all and _is_moving():
            return 0
        if is_all:
            return _forecast_all(as_of, at)
        Mark.objects.filter(pk__in=[pk for pk, _ in marks]).delete()
        refresh_forecasts(as_of=as_of, at=at, person_ids=people)
    return len(marks)


def _forecast_all(as_of: date, at: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM desk_mark WHERE topic = %s RETURNING lower(days)", [TOPIC])
        firsts = [first for (first,) in cursor.fetchall()]
    refresh_forecasts(as_of=as_of, at=at)
    _forget_from(min((first for first in firsts if first), default=None))
    Mark.objects.create(topic=PAST_TOPIC, days=(None, None))
    return len(firsts)


def _is_free() -> bool:
    """Whether nobody else forecasts now; else the marks wait for the next look, and no worker waits with them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        [(free,)] = cursor.fetchall()
    return bool(free)


def _has_basis(as_of: date, at: datetime) -> bool:
    """Whether this day's night has learned what everybody shares; early in the day, the one before."""
    is_early = at.astimezone(ZoneInfo(Organisation.get().time_zone)).hour < MORNING
    known = ForecastBasis.objects.filter(measure=BOOKINGS, as_of__gte=as_of - timedelta(days=is_early))
    return known.exists()


def _is_moving() -> bool:
    """Whether what forecasts are read from is still being worked out."""
    return Mark.objects.filter(topic__in=[*rollups.TOPICS, *snapshots.TOPICS]).exists()


def _forget_from(first: date | None) -> None:
    """What was judged of periods that end after this day is to be judged anew."""
    run = first and BacktestRun.objects.filter(measure=BOOKINGS, until__gt=first).first()
    if not first or not run:
        return
    run.until = Period.of(first, "quarter", Organisation.get().calendar).start
    run.save(update_fields=["until"])
    for model in (BacktestCase, BacktestScore):
        model.objects.filter(measure=BOOKINGS, as_of__gte=run.until).delete()


def refresh_backtest(*, as_of: date, at: datetime) -> int:
    """Replay what has become past since the last time; answers how many cases."""
    made = 0
    while (cases := replay_next(as_of=as_of, at=at)) is not None:
        made += cases
    return made


@transaction.atomic
def replay_next(*, as_of: date, at: datetime) -> int | None:
    """Replay the next quarter that is over and was not judged; answers how many cases, or None where there is none.

    Against the quotas of the ledger; where nobody had one yet, against the mean of the four quarters before.
    """
    organisation = Organisation.get()
    run = BacktestRun.objects.select_for_update().filter(measure=BOOKINGS).first()
    if run is None:
        for model in (BacktestCase, BacktestScore):
            model.objects.filter(measure=BOOKINGS).delete()
    first = run.until if run else Credit.objects.aggregate(first=Min("occurred_on"))["first"]
    period = first and Period.of(first, "quarter", organisation.calendar)
    if not period or period.end > as_of:
        return None
    history = forecasting.read(since=forecasting.earlier(period)[0].start, organisation=organisation)
    odds = forecasting.odds_before(period)
    cases: list[backtests.Case] = []
    for quota in (backtests.Quota(), backtests.Quota(trailing=4)):
        cases = cases or list(backtests.judge(history, period, quota=quota, odds=odds, organisation=organisation))
    made = _write(cases, at)
    BacktestRun.objects.update_or_create(measure=BOOKINGS, defaults={"until": period.end, "made_at": at})
    return made


def drain_backtest(*, as_of: date, at: datetime) -> int:
    """A quarter of the past, if somebody asked for it to be replayed; answers 1 while there may be more."""
    with transaction.atomic():
        mark = Mark.objects.filter(topic=PAST_TOPIC).select_for_update(skip_locked=True).first()
        if mark is None or _is_moving():
            return 0
        if replay_next(as_of=as_of, at=at) is None:
            mark.delete()
    return 1


def _places(p_miss: float | None) -> Decimal | None:
    return None if p_miss is None else Decimal(f"{p_miss:.4f}")


def _write(cases: Sequence[backtests.Case], at: datetime) -> int:
    """The cases of people, and what all of them, and their teams', come to at each checkpoint."""
    people = backtests.people_of(cases)
    rows = [
        BacktestCase(
            measure=BOOKINGS, made_at=at,
            **asdict(case) | {"p_miss": _places(case.p_miss), "p_before": _places(case.p_before)},
        )
        for case in people
    ]  # fmt: skip
    BacktestCase.objects.bulk_create(rows, batch_size=2000, ignore_conflicts=True)
    by_point: dict[tuple[str, str, Decimal, date], list[backtests.Case]] = {}
    for case in cases:
        level = BacktestScore.Level.PERSON if case.person_id else BacktestScore.Level.TEAM
        by_point.setdefault((level, case.period, case.checkpoint, case.as_of), []).append(case)
    BacktestScore.objects.bulk_create(
        BacktestScore(
            level=level, measure=BOOKINGS, period=period, checkpoint=checkpoint, as_of=as_of, made_at=at,
            tally=asdict(backtests.tally(some)),
        )
        for (level, period, checkpoint, as_of), some in by_point.items()
    )  # fmt: skip
    return len(rows)
