"""What pipelines usually come to: yield, slippage, conversion by stage, time in stages, forecast categories.

All of it from the daily snapshots, so that the past is judged by what was known on each day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from sales.models import Pipeline, Stage
from salesmgmt.desk.kept import kept
from salesmgmt.lib.groups import is_told_apart
from salesmgmt.lib.money import to_cents
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ratios import ratio
from teams.models import Posting, Role

from ..analysis.funnel import LEAST, is_clearly_lower
from .pipeline import ZERO, every_team, held
from .scope import Scope

PAST = 4  # earlier periods that are looked at
ENOUGH = 10  # deals before a yield or a usual time is one's own


def _ids(scope: Scope) -> list[int | None]:
    return [scope.pk] if scope.kind == "person" else list(scope.team_ids)


# ── What became of the deals that were open on a day ────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Point:
    """Deals open at the close of `on` and due in the period, judged at the close of `at`."""

    period: Period
    on: date
    at: date


@dataclass(frozen=True, slots=True)
class Cohort:
    """What became of the deals of a point: amount as it was then, and number, by fate."""

    point: Point
    fates: dict[str, tuple[Decimal, int]]
    """`won`, `lost`, `slipped`, `due` (still open and not overdue), `gone`."""

    def value(self, *fates: str) -> Decimal:
        return sum((self.fates[fate][0] for fate in fates or self.fates if fate in self.fates), ZERO)

    def count(self, *fates: str) -> int:
        return sum(self.fates[fate][1] for fate in fates or self.fates if fate in self.fates)


def cohorts(*, scope: Scope, points: Sequence[Point]) -> list[Cohort]:
    """What became of each point's deals, in one statement. Open with a day that is past has slipped (R19)."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT p.place, c.fate, sum(c.value), count(*)
              FROM unnest(%(ons)s::date[], %(firsts)s::date[], %(ends)s::date[], %(ats)s::date[])
                   WITH ORDINALITY AS p("on", first, "end", at, place)
             CROSS JOIN LATERAL (
                   SELECT v.value, CASE WHEN w.status <> 'open' THEN w.status
                                        WHEN w.due_on >= p.first AND w.due_on < p."end"
                                             AND w.due_on >= least(p.at, p."end") THEN 'due'
                                        ELSE 'slipped' END AS fate
                     {held(scope, 'p."on"')}
                     JOIN LATERAL (SELECT w.status, w.due_on FROM performance_dealversion w
                                    WHERE w.deal_id = v.deal_id AND w."on" <= least(p.at, p."end" - 1)
                                    ORDER BY w."on" DESC LIMIT 1) w ON true
                    WHERE v.due_on >= p.first AND v.due_on < p."end" AND v.value IS NOT NULL) c
             GROUP BY 1, 2
            """,  # nosec B608 (constants)
            {
                "ids": _ids(scope),
                "ons": [point.on for point in points],
                "firsts": [point.period.start for point in points],
                "ends": [point.period.end for point in points],
                "ats": [point.at for point in points],
            },
        )
        found: dict[int, dict[str, tuple[Decimal, int]]] = {}
        for place, fate, value, count in cursor.fetchall():
            found.setdefault(place, {})[fate] = (value, count)
    return [Cohort(point, found.get(place, {})) for place, point in enumerate(points, 1)]


@dataclass(frozen=True, slots=True)
class Coverage:
    """The pipeline that the gap needs, by what one's own came to from this week of earlier periods on (R17)."""

    gap: Decimal | None
    pipeline: Decimal
    week: int
    share: Decimal | None
    """Of the value open at this week of earlier periods and due in them, what was won in them; None: too few deals."""
    deals: int
    periods: int

    @property
    def is_met(self) -> bool:
        return self.gap is not None and self.gap <= 0

    @property
    def needed(self) -> Decimal | None:
        if self.gap is None or self.is_met or not self.share:
            return None
        return to_cents(self.gap / self.share)

    @property
    def lacking(self) -> Decimal | None:
        """Below zero: more than enough."""
        return None if self.needed is None else self.needed - self.pipeline


def _same_day(period: Period, earlier: Period, on: date) -> date:
    return min(earlier.start + (on - period.start), earlier.last_day)


@dataclass(frozen=True, slots=True)
class Slippage:
    """Open on the first day and due in the period: what became of it; and of earlier ones, by their ends (R19)."""

    now: Cohort
    before: list[Cohort]

    @property
    def share(self) -> Decimal | None:
        return ratio(self.now.value("slipped"), self.now.value("won", "lost", "slipped", "due"))

    @property
    def values(self) -> dict[str, Decimal]:
        return {fate: value for fate, (value, _) in self.now.fates.items()}

    @property
    def counts(self) -> dict[str, int]:
        return {fate: count for fate, (_, count) in self.now.fates.items()}

    @property
    def usual(self) -> Decimal | None:
        """Of earlier periods together."""
        slipped = sum((cohort.value("slipped") for cohort in self.before), ZERO)
        return ratio(slipped, sum((cohort.value("won", "lost", "slipped", "due") for cohort in self.before), ZERO))


def coverage_and_slippage(
    *, scope: Scope, period: Period, as_of: date, gap: Decimal | None, pipeline: Decimal
) -> tuple[Coverage, Slippage]:
    """Both from one statement."""
    earlier = [period.shift(-back) for back in range(1, PAST + 1)]
    on = max(min(as_of, period.last_day), period.start)
    yields = [Point(one, _same_day(period, one, on), one.end) for one in earlier]
    slips = [Point(one, one.start, one.end) for one in earlier]
    points = [*yields, *slips, Point(period, period.start, as_of)]
    found = kept(lambda: cohorts(scope=scope, points=points), "cohorts", scope, points)
    known = [cohort for cohort in found[:PAST] if cohort.count()]
    deals = sum(cohort.count() for cohort in known)
    won = sum((cohort.value("won") for cohort in known), ZERO)
    whole = sum((cohort.value() for cohort in known), ZERO)
    share = ratio(won, whole) if deals >= ENOUGH else None
    week = (on - period.start).days // 7 + 1
    return (
        Coverage(gap, pipeline, week, share, deals, len(known)),
        Slippage(found[-1], [cohort for cohort in found[PAST:-1] if cohort.count()]),
    )


# ── Conversion by stage ─────────────────────────────────────────────────────────────────────────────────────────

WINDOW = 730  # days back in which deals were opened
RECENT = 182  # days of opening that are compared with those before


@dataclass(frozen=True, slots=True)
class Conversion:
    """How many deals that came to a stage went on, of cohorts old enough to be decided (R16)."""

    stage: str
    reached: int
    went_on: int
    """To a later stage, or won."""
    before: tuple[int, int]
    """The same of deals opened earlier: reached, went on."""
    peers: tuple[int, int]
    """The same of everybody else's, opened as lately; nothing where these are fewer than five."""
    is_below_past: bool = False
    is_below_peers: bool = False

    @property
    def share(self) -> Decimal | None:
        return ratio(self.went_on, self.reached)

    @property
    def share_before(self) -> Decimal | None:
        return ratio(self.before[1], self.before[0])

    @property
    def share_of_peers(self) -> Decimal | None:
        return ratio(self.peers[1], self.peers[0])


@dataclass(frozen=True, slots=True)
class Funnel:
    """The stages of a pipeline in their sequence, and the days after which deals are old enough to be decided."""

    pipeline: str
    stages: list[Conversion]
    wait: int
    opened_from: date
    opened_until: date
    """Days in which the deals were opened, the last one included."""

    @property
    def bottleneck(self) -> Conversion | None:
        """Where most is lost against one's own past or comparable teams; only where that is more than chance."""
        worse = [one for one in self.stages if one.is_below_past or one.is_below_peers]
        return min(worse, key=lambda one: _against(one), default=None)


def _against(one: Conversion) -> Decimal:
    beside = ((one.share_before, one.is_below_past), (one.share_of_peers, one.is_below_peers))
    return min(((one.share or ZERO) / other for other, below in beside if below and other), default=Decimal(1))


_LIVES = """
    WITH opened AS (
        SELECT v.deal_id, v."on" AS opened_on {new} v."on" > %(as_of)s::date - %(window)s AND v."on" <= %(as_of)s
    ), life AS (
        SELECT o.deal_id, o.opened_on, max(s.position) AS reached, max(v."on") AS last_on,
               (array_agg(v.status ORDER BY v."on" DESC))[1] AS fate
          FROM opened o
          JOIN performance_dealversion v ON v.deal_id = o.deal_id AND v."on" <= %(as_of)s
          JOIN sales_stage s ON s.id = v.stage_id AND s.pipeline_id = %(pipeline)s
         GROUP BY 1, 2
    ), counted AS (
        SELECT l.*
          FROM life l JOIN sales_deal d ON d.id = l.deal_id LEFT JOIN sales_lostreason r ON r.id = d.lost_reason_id
         WHERE l.fate <> 'gone' AND (l.fate <> 'lost' OR coalesce(r.counts, true))
    ), wait AS (
        SELECT coalesce(%(wait)s, percentile_disc(0.9) WITHIN GROUP (ORDER BY last_on - opened_on)) AS days
          FROM counted WHERE fate IN ('won', 'lost')
    )
    SELECT w.days, c.opened_on > %(as_of)s::date - w.days - %(recent)s AS is_recent, c.reached, c.fate = 'won', count(*)
      FROM counted c CROSS JOIN wait w WHERE c.opened_on <= %(as_of)s::date - w.days GROUP BY 1, 2, 3, 4
"""


def _new(scope: Scope) -> str:
    """Versions with which deals of a scope began."""
    key, ids = {
        "person": ("person_id", "unnest(%(ids)s::bigint[])"),
        "team": ("team_id", "unnest(%(ids)s::bigint[])"),
        "company": ("team_id", every_team()),
    }[scope.kind]
    return f"FROM {ids} AS k(id) JOIN performance_dealversion v ON v.{key} = k.id AND v.was_status = '' WHERE"


def funnel(*, scope: Scope, as_of: date, pipeline: Pipeline) -> Funnel:
    """Conversion from stage to stage, beside one's own past and everybody else's; two statements."""
    stages = list(Stage.objects.filter(pipeline=pipeline).order_by("position"))
    company = Scope.company()
    everybody, wait = kept(lambda: _lives(company, as_of, pipeline, None), "lives", company, as_of, pipeline.pk)
    own = everybody
    if scope.kind != "company":
        own = kept(lambda: _lives(scope, as_of, pipeline, wait)[0], "lives", scope, as_of, pipeline.pk, wait)
    tells_peers = not is_told_apart(_others(scope, as_of))
    found: list[Conversion] = []
    for stage in stages:
        recent, before = (_passed(own, stage.position, is_recent=is_recent) for is_recent in (True, False))
        all_of_them = _passed(everybody, stage.position, is_recent=True)
        peers = (all_of_them[0] - recent[0], all_of_them[1] - recent[1]) if tells_peers else (0, 0)
        found.append(Conversion(stage.name, *recent, before=before, peers=peers))
    told = [one for one in found if one.reached >= LEAST]
    comparisons = sum((one.before[0] >= LEAST) + (one.peers[0] >= LEAST) for one in told)
    judged = [
        Conversion(
            one.stage, one.reached, one.went_on, one.before, one.peers,
            is_clearly_lower(one.went_on, one.reached, one.before[1], one.before[0], comparisons=comparisons),
            is_clearly_lower(one.went_on, one.reached, one.peers[1], one.peers[0], comparisons=comparisons),
        )
        for one in found
    ]  # fmt: skip
    last = as_of - timedelta(days=wait)
    return Funnel(pipeline.name, judged, wait, last - timedelta(days=RECENT - 1), last)


def _others(scope: Scope, as_of: date) -> int:
    """How many sell outside a scope: what is everybody else's must not be that of a few."""
    selling = Posting.objects.on(as_of).filter(role=Role.REP)
    if scope.kind == "person":
        return selling.exclude(person=scope.pk).count()
    return selling.exclude(team__in=scope.team_ids).count() if scope.kind == "team" else 0


Lives = dict[tuple[bool, int, bool], int]


def _lives(scope: Scope, as_of: date, pipeline: Pipeline, wait: int | None) -> tuple[Lives, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            _LIVES.format(new=_new(scope)),
            {
                "ids": _ids(scope), "as_of": as_of, "window": WINDOW, "recent": RECENT, "pipeline": pipeline.pk,
                "wait": wait,
            },
        )  # fmt: skip
        rows = cursor.fetchall()
    found = {(is_recent, reached, is_won): count for _, is_recent, reached, is_won, count in rows}
    return found, wait if wait is not None else rows[0][0] if rows else 0


def _passed(lives: Lives, position: int, *, is_recent: bool) -> tuple[int, int]:
    """How many came as far as a stage, and how many of them further, or were won."""
    mine = [(reached, is_won, count) for (recent, reached, is_won), count in lives.items() if recent == is_recent]
    return (
        sum(count for reached, is_won, count in mine if reached >= position or is_won),
        sum(count for reached, is_won, count in mine if reached > position or is_won),
    )


# ── Time in stages ──────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Ageing:
    """How long open deals have been in a stage, beside the deals one won in the last year."""

    stage: str
    deals: int
    value: Decimal
    median: int
    won_deals: int
    usual: int | None
    """Median days that deals which were won spent there."""
    long: int | None
    """Nine of ten of them spent no more."""
    aged: int
    """Open deals that have been there for longer."""
    aged_value: Decimal


def ageing(*, scope: Scope, as_of: date) -> list[Ageing]:
    """Days in stage of the deals open on a day, by stage, in one statement; too few won deals make no usual time."""
    return kept(lambda: _ageing(scope, as_of), "ageing", scope, as_of)


def _ageing(scope: Scope, as_of: date) -> list[Ageing]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH won AS (
                SELECT v.deal_id {_new(scope).replace("was_status = ''", "status = 'won'")}
                       v."on" > %(as_of)s::date - 365 AND v."on" <= %(as_of)s AND v.was_status = 'open'
            ), stay AS (
                SELECT w.deal_id, v.stage_id, sum(v.until - v."on") AS days
                  FROM won w JOIN performance_dealversion v ON v.deal_id = w.deal_id AND v.status = 'open'
                   AND v.until IS NOT NULL
                 GROUP BY 1, 2
            ), usual AS (
                SELECT stage_id, count(*) AS deals,
                       percentile_disc(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY days) AS days
                  FROM stay GROUP BY 1
            ), open AS (
                SELECT v.stage_id, v.value, %(as_of)s::date - coalesce(
                           max(w.until) FILTER (WHERE w.stage_id <> v.stage_id OR w.status <> 'open'), min(w."on")
                       ) AS days
                  {held(scope, "%(as_of)s")}
                  JOIN performance_dealversion w ON w.deal_id = v.deal_id AND w."on" <= v."on"
                 GROUP BY v.id
            )
            SELECT s.name, count(*), coalesce(sum(o.value), 0), percentile_disc(0.5) WITHIN GROUP (ORDER BY o.days),
                   coalesce(u.deals, 0), u.days[1], u.days[2],
                   count(*) FILTER (WHERE u.deals >= %(enough)s AND o.days > u.days[2]),
                   coalesce(sum(o.value) FILTER (WHERE u.deals >= %(enough)s AND o.days > u.days[2]), 0)
              FROM open o JOIN sales_stage s ON s.id = o.stage_id LEFT JOIN usual u ON u.stage_id = o.stage_id
             GROUP BY s.id, u.deals, u.days ORDER BY s.pipeline_id, s.position
            """,  # nosec B608 (constants)
            {"ids": _ids(scope), "as_of": as_of, "enough": ENOUGH},
        )
        rows = cursor.fetchall()
    return [Ageing(*(row if row[4] >= ENOUGH else (*row[:5], None, None, *row[7:]))) for row in rows]


# ── Forecast categories ─────────────────────────────────────────────────────────────────────────────────────────

CATEGORIES = {"commit": "Commit", "best_case": "Best case", "pipeline": "Pipeline"}


@dataclass(frozen=True, slots=True)
class Category:
    """Open deals of a forecast category, and everything as certain or more together with what is closed (R18)."""

    key: str
    label: str
    value: Decimal
    deals: int
    cumulative: Decimal


def categories(*, scope: Scope, period: Period, as_of: date, closed: Decimal) -> list[Category]:
    """The deals of the period open on a day by forecast category; omitted ones are left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT coalesce(nullif(v.category, ''), s.forecast_category), sum(v.value), count(*)
              {held(scope, "%(as_of)s")} LEFT JOIN sales_stage s ON s.id = v.stage_id
             WHERE v.due_on >= %(first)s AND v.due_on < %(end)s AND v.value IS NOT NULL GROUP BY 1
            """,  # nosec B608 (constants)
            {"ids": _ids(scope), "as_of": as_of, "first": period.start, "end": period.end},
        )
        found: dict[str, Any] = {key: (value, count) for key, value, count in cursor.fetchall()}
    told, sum_so_far = [], closed
    for key, label in CATEGORIES.items():
        value, deals = found.get(key, (ZERO, 0))
        sum_so_far += value
        told.append(Category(key, label, value, deals, sum_so_far))
    return told
