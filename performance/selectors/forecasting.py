"""Where people, teams and the company will land: what was known on a day, put before the method.

Live figures and the back-test come the same way: records are read once (`read`), cut to what was known on the day
(`analysis.forecast.Known.at`), and only that reaches the method.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from django.db import connection

from sales.models import Product
from salesmgmt.lib.ledger import BROUGHT_OVER
from salesmgmt.lib.money import to_cents
from salesmgmt.lib.periods import Period
from targets.models import BOOKINGS
from teams.models import Organisation, PersonQuerySet, Posting, Showing, Team, Viewer
from teams.selectors import hidden_of, told_of

from ..analysis import forecast as method
from ..models import BacktestCase, ForecastRow
from .cells import read as read_cells
from .figures import credited_of, quota_and_expected
from .pace import _spans, pace, team_standings
from .scope import Scope

EPOCH = date(1970, 1, 1)
ZERO = Decimal(0)
LOOKED_AT = method.PAST + method.REPLAYS  # periods before the one that is forecast
ENOUGH = 0.6  # periods' worth of own history, below which nothing is said of a person
LATE = 14  # days after its opening that a deal may be put in; more, and it was brought over
LEARN = "There is less than a month of records to learn from."


@dataclass(frozen=True, slots=True)
class Forecast:
    """Where a period will land. Whatever is not known is None, and `note` says why."""

    quota: Decimal | None
    credited: Decimal
    expected: Decimal | None
    """The landing."""
    low: Decimal | None
    high: Decimal | None
    """80 % range."""
    p_miss: float | None
    note: str
    as_of: date
    parts: Mapping[str, float]
    """Mean and variance of the rest, what all share, how lumpy, how much of it counts for teams; of a person the
    probability to miss before it is put right, and the team they were counted in; of a team how many people these are,
    and of how many nothing is said."""


@dataclass(frozen=True)
class History:
    """Records of some people (or all) since a day, as arrays."""

    known: method.Known
    people: Mapping[int, int]
    """Person → place in the arrays."""
    primary: Any
    """Share of what each was credited that also counts for their team (overlays don't)."""


def number(day: date) -> int:
    return (day - EPOCH).days


def cuts(period: Period) -> method.Cuts:
    """First days of the period's months, and the day after its last; one part where quarters differ in how many."""
    parts = period.months() if period.kind == "year" or (period.kind == "quarter" and not _has_thirteen(period)) else []
    return np.array([*(number(part.start) for part in parts or [period]), number(period.end)])


def _has_thirteen(period: Period) -> bool:
    calendar = period.calendar
    return calendar.setup_of(calendar.year_of(period.start)).layout == "13"


def earlier(period: Period, count: int = LOOKED_AT) -> list[Period]:
    """The periods before, earliest first, and the period itself."""
    return [period.shift(-k) for k in range(count, 0, -1)] + [period]


def read(*, since: date, organisation: Organisation, person_ids: Collection[int] | None = None) -> History:
    """What is recorded from `since` on, in a fixed number of statements."""
    asked = {
        "since": since, "zone": organisation.time_zone, "late": LATE,
        "people": None if person_ids is None else list(person_ids), "brought_over": BROUGHT_OVER,
    }  # fmt: skip
    credits, deals, presence = (_columns(sql, asked) for sql in (_CREDITS, _DEALS, _PRESENCE))
    people = {
        int(pk): at
        for at, pk in enumerate(np.unique(np.concatenate([credits[0], deals[0], presence[0], asked["people"] or []])))
    }
    places = np.array(list(people), dtype=np.int64)

    def place(ids: Any) -> Any:
        return np.searchsorted(places, ids.astype(np.int64))

    seller, on, said, amount, primary = credits
    owner, opened, closed, won, listed, told, untold, worth, kind = deals
    closed, untold = (np.where(np.isnan(days), method.NEVER, days).astype(np.int64) for days in (closed, untold))
    kind = np.searchsorted(_products(), kind.astype(np.int64))
    first = [on.min()] if len(on) else []
    known = method.Known(
        people=len(people), since=int(min([*first, *closed[closed < method.NEVER].tolist(), method.NEVER])),
        seller=place(seller), on=on.astype(np.int64), said=said.astype(np.int64), amount=amount,
        person=place(presence[0]), start=presence[1].astype(np.int64), until=presence[2].astype(np.int64),
        weight=presence[3], told=told.astype(np.int64), untold=untold, owner=place(owner),
        opened=opened.astype(np.int64), closed=closed, won=won > 0,
        listed=listed, worth=worth, kind=kind,
    )  # fmt: skip
    taken = amount.clip(0)
    whole = np.bincount(known.seller, taken, minlength=len(people))
    share = np.bincount(known.seller, taken * primary, minlength=len(people)) / np.maximum(whole, 1e-9)
    return History(known, people, np.where(whole > 0, share, 1.0))


def _products() -> Any:
    """All products in the sequence they were made, after none: a deal's has the same place whoever's deals are read."""
    return np.array([0, *Product.objects.order_by("pk").values_list("pk", flat=True)], dtype=np.int64)


def _columns(sql: str, asked: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, asked)
        rows = cursor.fetchall()
        count = len(cursor.description or ())
    return list(np.array(rows, dtype=float).reshape(-1, count).T)


# Entered live, an entry is known from the moment it was recorded; brought over, from its own date.
_CREDITS = """
    SELECT c.person_id, c.occurred_on - DATE '1970-01-01',
           CASE WHEN c.reason ~ %(brought_over)s THEN c.occurred_on
                ELSE greatest(c.occurred_on, (c.recorded_at AT TIME ZONE %(zone)s)::date) END - DATE '1970-01-01',
           coalesce(c.plan_amount, c.reporting_amount), (c.kind = 'primary')::int
      FROM sales_credit c
     WHERE c.occurred_on >= %(since)s AND (%(people)s::bigint[] IS NULL OR c.person_id = ANY(%(people)s))
     ORDER BY c.id
"""

# A row for each state of a deal, known from the day whose close first saw it so. It is closed since the day that its
# status was last said to be another, or, where nothing tells that it was ever open, since its own date; open, it is
# worth what it is put down for.
_DEALS = """
    SELECT v.person_id,
           CASE WHEN x.told <= d.opened_on + %(late)s THEN greatest(d.opened_on, x.told) ELSE d.opened_on END
           - DATE '1970-01-01',
           CASE WHEN v.status <> 'open' THEN c.closed - DATE '1970-01-01' END, (v.status = 'won')::int,
           CASE WHEN v.status = 'open' AND v.amount IS NOT NULL THEN v.value END,
           v."on" - DATE '1970-01-01', v.until - DATE '1970-01-01',
           CASE WHEN v.status = 'won' AND v.amount IS NOT NULL THEN v.value END, coalesce(d.product_id, 0)
      FROM performance_dealversion v JOIN sales_deal d ON d.id = v.deal_id
     CROSS JOIN LATERAL (
           SELECT CASE WHEN v.was_status <> v.status THEN v."on" ELSE
                  (SELECT max(w."on") FROM performance_dealversion w
                    WHERE w.deal_id = v.deal_id AND w."on" < v."on" AND w.status <> w.was_status) END AS since,
                  CASE WHEN v.was_status = '' THEN v."on" ELSE
                  (SELECT min(w."on") FROM performance_dealversion w WHERE w.deal_id = v.deal_id) END AS told) x
     CROSS JOIN LATERAL (SELECT greatest(x.since, CASE WHEN x.since = x.told THEN d.closed_on END) AS closed) c
     WHERE v.status <> 'gone' AND d.opened_on IS NOT NULL AND (v.until IS NULL OR v.until > %(since)s)
           AND (v.status = 'open' OR c.closed >= %(since)s)
           AND (%(people)s::bigint[] IS NULL OR v.person_id = ANY(%(people)s))
     ORDER BY v.deal_id, v."on"
"""

_PRESENCE = """
    SELECT p.person_id, coalesce(lower(p.during) - DATE '1970-01-01', -1000000),
           coalesce(upper(p.during) - DATE '1970-01-01', 10000000), p.fte
      FROM teams_posting p WHERE %(people)s::bigint[] IS NULL OR p.person_id = ANY(%(people)s)
     UNION ALL
    SELECT l.person_id, lower(b.days) - DATE '1970-01-01', upper(b.days) - DATE '1970-01-01', -p.fte
      FROM teams_leave l JOIN teams_posting p ON p.person_id = l.person_id AND p.during && l.during
     CROSS JOIN LATERAL (SELECT l.during * p.during) AS b(days)
     WHERE %(people)s::bigint[] IS NULL OR l.person_id = ANY(%(people)s)
     ORDER BY 1, 2
"""


# ── A forecast ──────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Outlook:
    """A day's answer of the method for everybody in a history."""

    learned: method.Learned
    landing: method.Landing
    history: History
    is_known: bool


def outlook(
    history: History,
    period: Period,
    as_of: date,
    learned: method.Learned | None = None,
    odds: tuple[float, float] = (0.0, 1.0),
    *,
    is_live: bool = False,
) -> Outlook:
    """What the method says of a period with what was known on `as_of`; `learned` spares learning anew.

    A live one is of a day that is not over, and knows the leave and the leaving that were announced.
    """
    on = number(as_of) - is_live
    last = max(min(on, number(period.end) - 1), number(period.start) - 1)
    periods = [cuts(one) for one in earlier(period)]
    known = history.known.at(on, int(periods[0][0]))
    if is_live:
        all_days = {name: getattr(history.known, name) for name in ("person", "start", "until", "weight")}
        known = replace(known, **all_days)
    enough = (learned is not None or bool(len(known.on))) and (learned.since if learned else known.since) <= last - 28
    learned = learned or replace(method.learn(known, periods, last), odds=odds)
    landing = method.project(learned, known, periods, last)
    if is_live:
        today = history.known.on == number(as_of)
        brought = np.bincount(history.known.seller[today], history.known.amount[today], minlength=known.people)
        landing = method.begun(landing, learned, periods[-1], last, brought)
    return Outlook(learned, landing, history, enough)


def forecasts_of(
    at: Outlook,
    people: Sequence[int],
    quotas: Mapping[int, Decimal | None],
    credited: Mapping[int, Decimal | None],
    *,
    as_of: date,
    is_over: bool = False,
) -> dict[int, Forecast]:
    landing, places = at.landing, at.history.people
    here = [person for person in people if person in places]
    rows = np.array([places[person] for person in here], dtype=int)
    already = {
        person: _first(credited.get(person), Decimal(f"{landing.credited[row]:.2f}"))
        for person, row in zip(here, rows, strict=True)
    }
    mean, shared, unit = landing.rest[rows], landing.shared[rows], landing.unit[rows]
    variance = landing.variance[rows]
    goal = np.array([float(quotas.get(p) or 0) - float(already[p]) for p in here])
    every = variance + shared**2
    straight = method.below(goal, mean, every, unit)
    misses = method.put_right(straight, at.learned.odds)
    low, high = (method.quantile(q, mean, every, unit) for q in (0.1, 0.9))
    found = {}
    for k, (person, row) in enumerate(zip(here, rows.tolist(), strict=True)):
        quota, so_far = quotas.get(person), already[person]
        parts = {
            "rest": float(mean[k]), "variance": float(variance[k]), "shared": float(shared[k]),
            "unit": float(unit[k]), "primary": float(at.history.primary[row]),
            "p_miss": round(float(straight[k]), 4),
        }  # fmt: skip
        note = "" if at.is_known else LEARN
        if at.is_known and landing.seen[row] < ENOUGH:
            note = f"Less than {ENOUGH:.1f} periods of their own to go by; a forecast would be a guess."
        elif at.is_known and not landing.entries[row] and not quota:
            note = "Nothing credited yet, and no quota."
        if note and not is_over:
            found[person] = Forecast(quota, so_far, None, None, None, None, note, as_of, parts)
            continue
        if is_over:
            miss = None if quota is None else float(so_far < quota)
            found[person] = Forecast(quota, so_far, so_far, so_far, so_far, miss, "", as_of, parts)
            continue
        miss = _surely_not(float(misses[k])) if quota else None
        landing_at, worst, best = (_plus(so_far, value) for value in (mean[k], low[k], high[k]))
        found[person] = Forecast(
            quota, so_far, landing_at, worst, best, miss, "" if quota else "No quota.", as_of, parts
        )
    return found


def _surely_not(p_miss: float) -> float:
    """Nothing is certain before the end, but a quota that is reached."""
    return round(min(max(p_miss, 0.01), 0.99), 4) if p_miss > 0 else 0.0


def _first(*values: Decimal | None) -> Decimal:
    return next(value for value in values if value is not None)


def _plus(so_far: Decimal, rest: float) -> Decimal:
    return to_cents(so_far + Decimal(f"{rest:.2f}"))


def forecasts(
    *, person_ids: Collection[int], period: Period, as_of: date, organisation: Organisation | None = None
) -> dict[int, Forecast]:
    """Each person's landing, 80 % range and probability to miss, with what was known on `as_of`.

    As it was stored on that day, else worked out now, from everybody's records, as of its end.
    """
    stored = {row.subject_id: kept(row) for row in rows_of("person", person_ids, period, as_of)}
    missing = [pk for pk in person_ids if pk not in stored]
    if not missing:
        return stored
    at = everybody(period, as_of, organisation or Organisation.get())
    return stored | people_forecasts(at, missing, period, as_of, is_over=as_of >= period.last_day)


def everybody(period: Period, as_of: date, organisation: Organisation) -> Outlook:
    history = read(since=earlier(period)[0].start, organisation=organisation)
    return outlook(history, period, as_of, odds=odds_before(period))


def odds_before(period: Period) -> tuple[float, float]:
    """What puts probabilities right, from the last replay of the periods before."""
    since = period.shift(-method.PAST).start
    rows = BacktestCase.objects.filter(measure=BOOKINGS, as_of__gte=since, as_of__lt=period.start)
    told = rows.exclude(p_before=None).order_by("pk").values_list("p_before", "final", "quota", "period")
    return odds_from([(float(said or 0), final < quota, key) for said, final, quota, key in told])


def odds_from(cases: Sequence[tuple[float, bool, str]]) -> tuple[float, float]:
    """From what was said, whether it came, and in which period."""
    if not cases:
        return 0.0, 1.0
    said, missed, period = (np.array(column) for column in zip(*cases, strict=True))
    return method.odds_of(said, missed, period)


def people_forecasts(
    at: Outlook, person_ids: Collection[int], period: Period, as_of: date, *, is_over: bool = False
) -> dict[int, Forecast]:
    """With credit and quota as pages show them; in one statement however many people."""
    cells = read_cells(_spans(period, as_of), people=person_ids, each=True, period=period)
    return forecasts_of(
        at,
        list(person_ids),
        {pk: quota_and_expected(cells, key=pk)[0] for pk in person_ids},
        {pk: credited_of(cells, True, key=pk) for pk in person_ids},
        as_of=as_of,
        is_over=is_over,
    )


def rows_of(level: str, ids: Collection[int], period: Period, as_of: date) -> list[ForecastRow]:
    """The stored forecasts of a day."""
    rows = ForecastRow.objects.filter(measure=BOOKINGS, period=period.key, as_of=as_of, level=level)
    return list(rows.filter(subject_id__in=list(ids)))


def kept(row: ForecastRow) -> Forecast:
    p_miss = None if row.p_miss is None else float(row.p_miss)
    return Forecast(
        row.quota, row.credited, row.expected, row.low, row.high, p_miss, row.note, row.as_of, row.parts
    )  # fmt: skip


# ── Teams and the company ───────────────────────────────────────────────────────────────────────────────────────


def together(people: Collection[Forecast], *, quota: Decimal | None, credited: Decimal, as_of: date) -> Forecast:
    """Several people, or teams, as one: their rests add up, and what they share does not average out (R22)."""
    people = [one for one in people if one.expected is not None or one.quota or one.parts.get("people")]  # or should
    parts = [one.parts for one in people]
    weight = [part["primary"] for part in parts]
    mean = sum(w * part["rest"] for w, part in zip(weight, parts, strict=True))
    own = sum(w * w * part["variance"] for w, part in zip(weight, parts, strict=True))
    shared = sum(w * part["shared"] for w, part in zip(weight, parts, strict=True))
    unit = sum(w * part["rest"] * part["unit"] for w, part in zip(weight, parts, strict=True)) / max(mean, 1e-9)
    count = int(sum(one.parts.get("people", 1) for one in people))
    unsure = int(sum(one.parts.get("unsure", one.expected is None) for one in people))
    said = {
        "rest": mean, "variance": own, "shared": shared, "unit": unit, "primary": 1.0, "people": count,
        "unsure": unsure,
    }  # fmt: skip
    if not parts or all(one.expected is None for one in people):
        note = next((one.note for one in people if one.note), "Nobody is posted here.")
        return Forecast(quota, credited, None, None, None, None, note, as_of, said)
    every = (np.array([mean]), np.array([own + shared**2]), np.array([unit]))
    landing, worst, best = (
        _plus(credited, value) for value in (mean, *(float(method.quantile(q, *every)[0]) for q in (0.1, 0.9)))
    )
    miss = _surely_not(float(method.below(np.array([float(quota - credited)]), *every)[0])) if quota else None
    note = f"{unsure} of {count} taken at what newcomers usually bring." if unsure else ""
    return Forecast(quota, credited, landing, worst, best, miss, note if quota else "No quota.", as_of, said)


def team_forecasts(
    people: Mapping[int, Forecast], *, team_ids: Collection[int], period: Period, as_of: date, rest: bool = False
) -> dict[int, Forecast]:
    """Each of these teams, the lowest first: its own people's forecasts, and those of the teams right below it.

    What `people` lack, and teams that are not asked for, are as they are stored, if the `rest` of them is.
    """
    own = _grouped(Posting.objects.on(as_of).filter(team__in=team_ids).values_list("team_id", "person_id"))
    below = _grouped(Team.objects.present().filter(parent__in=team_ids).values_list("parent_id", "pk"))
    found: dict[int, Forecast] = {}
    if rest:
        others = {person for ids in own.values() for person in ids} - set(people)
        people = _stored("person", others, period, as_of) | dict(people)
        found = _stored("team", {pk for ids in below.values() for pk in ids} - set(team_ids), period, as_of)
    rows = team_standings(team_ids=team_ids, period=period, as_of=as_of)
    for row in sorted(rows, key=lambda row: -len(row.team.path)):
        pk = row.team.pk
        parts = [people[person] for person in own.get(pk, ()) if person in people]
        parts += [found[child] for child in below.get(pk, ()) if child in found]
        found[pk] = together(parts, quota=row.goal, credited=row.credited, as_of=as_of)
    return {row.team.pk: found[row.team.pk] for row in rows}


def _grouped(pairs: Iterable[tuple[int, int]]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for key, value in sorted(pairs):
        found.setdefault(key, []).append(value)
    return found


def _stored(level: str, ids: Collection[int], period: Period, as_of: date) -> dict[int, Forecast]:
    return {row.subject_id: kept(row) for row in rows_of(level, ids, period, as_of)} if ids else {}


def company_forecast(
    teams: Mapping[int, Forecast], *, period: Period, as_of: date, organisation: Organisation
) -> Forecast:
    """From the topmost teams; those that are not given are as they are stored."""
    tops = set(Team.objects.present().filter(parent=None).values_list("pk", flat=True))
    found = _stored("team", tops - set(teams), period, as_of) | {pk: teams[pk] for pk in tops & set(teams)}
    whole = pace(scope=Scope.company(), period=period, as_of=as_of, organisation=organisation)
    return together(list(found.values()), quota=whole.goal, credited=whole.credited, as_of=as_of)


def forecast(*, scope: Scope, period: Period, as_of: date) -> Forecast | None:
    """What is stored of a scope, as of that day or the last before it in the period; None where nothing is.

    Several teams land together, and move together.
    """
    subjects = scope.tops or (scope.pk or 0,)
    rows = ForecastRow.objects.filter(
        measure=BOOKINGS, period=period.key, level=scope.kind, subject_id__in=subjects, as_of__lte=as_of,
        as_of__gte=as_of - timedelta(days=STALE),
    )  # fmt: skip
    found = list(rows.order_by("-as_of", "subject_id")[: len(subjects)])
    if len(found) < len(subjects) or len({row.as_of for row in found}) > 1:
        return None
    if len(found) == 1:
        return kept(found[0])
    quota = None if any(row.quota is None for row in found) else sum((row.quota or ZERO for row in found), ZERO)
    credited = sum((row.credited for row in found), ZERO)
    return together([kept(row) for row in found], quota=quota, credited=credited, as_of=found[0].as_of)


STALE = 3  # days that a stored forecast is shown; older says nothing of today


# ── What may be shown ───────────────────────────────────────────────────────────────────────────────────────────


def hides_chances(person_ids: Collection[int], days: Iterable[date], organisation: Organisation) -> set[int]:
    """Of whom no probability may be shown, by where they are posted on any of these days."""
    return hidden_of(Showing.CHANCES, person_ids, days=days, organisation=organisation)


def shown(
    found: Mapping[int, Forecast], as_of: date, organisation: Organisation, *, today: date
) -> dict[int, Forecast]:
    """The forecasts without the probabilities that must not be shown, by the country of then or of today."""
    hidden = hides_chances(list(found), {as_of, today}, organisation)
    return {pk: replace(one, p_miss=None) if pk in hidden else one for pk, one in found.items()}


def sellers(user: Viewer | None, as_of: date) -> list[int]:
    """Who is posted on a day, of those one may see; None: everybody."""
    posted = Posting.objects.on(as_of) if user is None else Posting.objects.visible_to(user).on(as_of)
    return sorted(set(posted.values_list("person_id", flat=True)))


# ── What pages show ─────────────────────────────────────────────────────────────────────────────────────────────


def last_made(period: Period, today: date) -> date | None:
    """The day of the newest forecasts that still say something of today."""
    rows = ForecastRow.objects.filter(
        measure=BOOKINGS, period=period.key, as_of__lte=today, as_of__gte=today - timedelta(days=STALE)
    )
    return rows.order_by("-as_of").values_list("as_of", flat=True).first()


def stored(level: str, ids: Collection[int], period: Period, as_of: date | None) -> list[ForecastRow]:
    """The rows of a day; none where no day is given."""
    return rows_of(level, ids, period, as_of) if as_of else []


def of_people(
    ids: Collection[int], period: Period, as_of: date | None, organisation: Organisation, *, today: date
) -> dict[int, Forecast]:
    """What is stored of these people, without the probabilities that must not be shown."""
    found = {row.subject_id: kept(row) for row in stored("person", ids, period, as_of)}
    return shown(found, as_of, organisation, today=today) if as_of else {}


def without_small(
    found: Mapping[int, Forecast], as_of: date, organisation: Organisation, *, today: date
) -> dict[int, Forecast]:
    """Forecasts of teams (0: the company) without the probabilities that would tell of few people."""
    told = told_of(Showing.CHANCES, on=as_of, today=today, organisation=organisation)
    return {
        pk: one if told is None or pk in told else replace(one, p_miss=None) for pk, one in found.items()
    }  # fmt: skip


def of_teams(
    ids: Collection[int], period: Period, as_of: date | None, organisation: Organisation, *, today: date
) -> dict[int, Forecast]:
    """What is stored of these teams and (0) of the company, without the probabilities that would tell of few people."""
    rows = [*stored("team", ids, period, as_of), *stored("company", [0], period, as_of)]
    found = {row.subject_id: kept(row) for row in rows}
    return without_small(found, as_of, organisation, today=today) if as_of else {}


def count_likely(
    people: PersonQuerySet, period: Period, as_of: date | None, organisation: Organisation, limit: float, *, today: date
) -> int | None:
    """How many of them are likelier than `limit` to miss; unknown while it is of one with a quota, or is not shown."""
    if as_of is None:
        return None
    rows = ForecastRow.objects.filter(measure=BOOKINGS, period=period.key, as_of=as_of, level="person", quota__gt=0)
    found = dict(rows.filter(subject_id__in=people.values("pk")).values_list("subject_id", "p_miss"))
    known = [p_miss for p_miss in found.values() if p_miss is not None]
    if not found or len(known) < len(found) or hides_chances(list(found), {as_of, today}, organisation):
        return None
    return sum(1 for p_miss in known if p_miss > limit)
