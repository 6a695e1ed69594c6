"""Forecasts are made nightly for all, and on a save for those it moved; the past is replayed as it gets longer."""

from collections.abc import Collection, Iterable
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from performance import live
from performance.analysis import forecast as method
from performance.models import BacktestCase, ForecastBasis, ForecastRow
from performance.selectors import backtests, forecasting
from performance.selectors.forecasting import Forecast
from salesmgmt.desk.models import Mark
from salesmgmt.lib.periods import Period
from targets.models import BOOKINGS, QuotaEntry
from teams.models import Organisation, Posting, Team

TOPIC = "forecasts"
AT_ONCE = 20_000  # marks looked at together: a load leaves many of the same people


def refresh_forecasts(*, as_of: date, at: datetime, person_ids: Collection[int] | None = None) -> int:
    """Forecast the running quarter: everybody's, or some people's with their teams'. Answers how many people.

    For some, what everybody shares, and what the others will bring, is taken from that day's night; before it nothing
    is done: that night does it.
    """
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
    posted = forecasting.sellers(None, as_of)
    chosen = posted if person_ids is None else sorted(set(person_ids) & set(posted))
    if not chosen:
        return 0
    found = forecasting.outlook(history, period, as_of, learned)
    people = forecasting.people_forecasts(found, chosen, period, as_of)
    with transaction.atomic():
        if person_ids is None:
            ForecastBasis.objects.update_or_create(
                measure=BOOKINGS, period=period.key, as_of=as_of,
                defaults={"learned": method.packed(found.learned), "made_at": at},
            )  # fmt: skip
        _keep("person", people, period, as_of, at)
        everybody = people
        if person_ids is not None:
            rows = forecasting.rows_of("person", posted, period, as_of)
            everybody = {row.subject_id: forecasting.kept(row) for row in rows} | people
        teams = _teams_of(chosen, as_of)
        _keep(
            "team", forecasting.team_forecasts(everybody, team_ids=teams, period=period, as_of=as_of), period, as_of, at
        )
        company = forecasting.company_forecast(everybody, period=period, as_of=as_of, organisation=organisation)
        _keep("company", {0: company}, period, as_of, at)
    transaction.on_commit(lambda: live.bump(people=list(people), teams=teams))
    return len(people)


def _teams_of(people: Collection[int], as_of: date) -> list[int]:
    """The teams they are posted to, with all above."""
    paths = Posting.objects.on(as_of).filter(person__in=people).values_list("team__path", flat=True)
    above = {pk for path in paths for pk in path}
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
    """Forecast anew those whose records changed since the last time; answers how many marks that were."""
    with transaction.atomic():
        waiting = Mark.objects.filter(topic=TOPIC).select_for_update(skip_locked=True)
        marks = list(waiting.order_by("pk").values_list("pk", "person_id")[:AT_ONCE])
        people = {person for _, person in marks if person}
        Mark.objects.filter(pk__in=[pk for pk, _ in marks]).delete()
        if people:
            refresh_forecasts(as_of=as_of, at=at, person_ids=people)
    return len(marks)


def refresh_backtest(*, as_of: date, at: datetime) -> int:
    """Replay what has become past since the last time; answers how many cases.

    Against the quotas of the ledger; where nobody ever had one, against the mean of the four quarters before.
    """
    done = set(BacktestCase.objects.filter(measure=BOOKINGS).values_list("period", "checkpoint").distinct())
    quota = backtests.Quota() if QuotaEntry.objects.exists() else backtests.Quota(trailing=4)
    return _write(backtests.replay(until=as_of, skip=done, quota=quota), at)


@transaction.atomic
def _write(cases: Iterable[backtests.Case], at: datetime) -> int:
    rows = [
        BacktestCase(
            measure=BOOKINGS, made_at=at,
            **asdict(case) | {"p_miss": None if case.p_miss is None else Decimal(f"{case.p_miss:.4f}")},
        )
        for case in cases
    ]  # fmt: skip
    BacktestCase.objects.bulk_create(rows, batch_size=2000, ignore_conflicts=True)
    return len(rows)
