"""What points to a gap before there is one: less activity, a break in a trend, deals left alone, quality.

Each is weighed against chance like being behind is, and needs the probability that its own costs make. Nobody who is
new, away, just back or on ramp is judged by their own past.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from statistics import NormalDist, median
from typing import Any

from django.db import connection

from salesmgmt.lib.money import to_cents
from teams.models import Posting, Team

from ..analysis.flags import DECIDED, believed
from ..analysis.signals import Share, away
from ..models import FlagKind
from .causes import ratios_of, said_of
from .findings import SURELY, Finding, Reading, Window, bounds_of_window, evidence_of
from .levers import looks
from .signals import SIGNS, shares

FELL = 0.75  # of what a lever was usually
KNOWN = 2  # quarters of the same days, before somebody's own past says what is usual
MANY = 5  # deals left alone
MOSTLY, BEYOND = 0.5, 0.25  # of the open value; and of what is usual among all
QUIET_DAYS = 30  # while too few won deals tell what is usual in a stage
GREW = {"csat": 0.15, "discount": 0.05}  # of the share of scores of 1 to 3, of the list price


def early(
    candidates: Collection[Reading], window: Window, thresholds: Mapping[str, float], *, slow: bool = True
) -> list[Finding]:
    """Findings on people who are not behind (yet), one each, the weightiest kind first; in a fixed number of queries.

    `slow` also judges deals left alone and quality, which takes everybody to compare with.
    """
    judged = [r for r in candidates if not (r.is_exempt or r.is_protected)]
    people = [reading.person.pk for reading in judged]
    if not people:
        return []
    posted = Posting.objects.on(window.last).filter(person__in=people).select_related("team")
    teams = {posting.person_id: posting.team for posting in posted}
    found: dict[int, Finding] = {}
    alone = left_alone(people, window.last) if slow else {}
    quality = shares(people, now=_lately(window), before=_year(window)) if slow else {}
    broken = [reading for reading in judged if is_broken(reading, thresholds)]
    looked = looks([reading.person.pk for reading in broken], bounds_of_window(window)) if broken else {}
    usual = median(one.share for one in alone.values()) if alone else 0.0
    for reading in judged:
        pk = reading.person.pk
        team = teams.get(pk)
        if pk in looked:
            found[pk] = _broken(reading, team, window, looked[pk])
        elif slow:
            stale = _stale(reading, team, window, alone[pk], usual, thresholds["stale"]) if pk in alone else None
            one = stale or _quality(reading, team, window, quality[pk], thresholds["quality"])
            if one:
                found[pk] = one
    return list(found.values())


# ── A lever that fell ───────────────────────────────────────────────────────────────────────────────────────────


def _kind_of(lever: str) -> FlagKind:
    return FlagKind.ACTIVITY if lever == "activity" else FlagKind.TREND


def is_broken(reading: Reading, thresholds: Mapping[str, float]) -> bool:
    """One lever has fallen, more surely than chance lets it."""
    lever = reading.chances.lever
    return (
        bool(lever)
        and not (reading.sells_late and lever in DECIDED and reading.chances.of[lever] < SURELY)
        and len(reading.seen.past) >= KNOWN
        and reading.chances.of[lever] >= thresholds[_kind_of(lever)]
        and reading.chances.change[lever] <= FELL
    )


def _broken(reading: Reading, team: Team | None, window: Window, look: Any) -> Finding:
    lever = reading.chances.lever
    kind, change = _kind_of(lever), reading.chances.change[lever]
    now = ratios_of(look).get(lever)
    said = (
        said_of(lever, look, "in recent quarters")
        if now is not None and now <= (1 + FELL) / 2
        else f"{_FEWER[lever].format(f'{round((1 - change) * 100)}%')} usual of late"
    )
    left = reading.quota - reading.credited
    counted = kind == FlagKind.ACTIVITY and look.usual is not None
    return Finding(
        reading, team, window, window.start, lever, f"{said}; what was credited does not show it yet.",
        evidence_of(reading, look, window, []), kind, "activities" if counted else "bookings",
        Decimal(round(float(look.usual.activities))) if counted else reading.expected,
        Decimal(round(float(look.now.activities))) if counted else reading.credited,
        reading.chances.real, to_cents(left * Decimal(str(round(1 - change, 4)))),
    )  # fmt: skip


_FEWER = {
    "activity": "{} fewer activities than",
    "pipeline": "{} fewer deals opened per activity than",
    "conversion": "The win rate is {} lower than",
    "size": "Deals won are {} smaller than",
    "speed": "Deals are decided {} more slowly than",
}


# ── Deals left alone ────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Alone:
    """Somebody's open deals, and those that nobody touched for longer than won deals were ever left."""

    count: int
    value: Decimal
    open_count: int
    open_value: Decimal

    @property
    def share(self) -> float:
        return self.count / self.open_count if self.open_count else 0.0


def left_alone(people: Collection[int], on: date) -> dict[int, Alone]:
    """Of each of these people, in one query. A deal is touched by an activity on it or by a change of its stage."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT owner_id, count(*) FILTER (WHERE is_alone), coalesce(sum(value) FILTER (WHERE is_alone), 0),
                   count(*), coalesce(sum(value), 0)
              FROM (SELECT d.owner_id, coalesce(d.amount, 0) * CASE WHEN d.currency = o.currency THEN 1 ELSE coalesce(
                               (SELECT e.rate FROM teams_exchangerate e WHERE e.currency = d.currency
                                   AND e.kind = 'actual' AND e.during @> %(on)s::date), 0) END AS value,
                           %(on)s::date - greatest(
                               d.opened_on,
                               (SELECT max(a.occurred_on) FROM sales_activity a
                                 WHERE a.deal_id = d.id AND a.withdrawn_at IS NULL AND a.occurred_on <= %(on)s),
                               (SELECT (max(c.changed_at) AT TIME ZONE o.time_zone)::date FROM sales_dealchange c
                                 WHERE c.deal_id = d.id AND c.field = 'stage'
                                   AND (c.changed_at AT TIME ZONE o.time_zone)::date <= %(on)s)
                           ) > coalesce(s.quiet_days, %(quiet)s) AS is_alone
                      FROM sales_deal d JOIN sales_stage s ON s.id = d.stage_id CROSS JOIN teams_organisation o
                     WHERE d.owner_id = ANY(%(people)s) AND d.status = 'open' AND d.withdrawn_at IS NULL
                           AND d.opened_on <= %(on)s) AS deals
             GROUP BY 1
            """,
            {"people": list(people), "on": on, "quiet": QUIET_DAYS},
        )
        return {
            owner: Alone(count, to_cents(value), all_count, to_cents(all_value))
            for owner, count, value, all_count, all_value in cursor.fetchall()
        }


def _stale(
    reading: Reading, team: Team | None, window: Window, alone: Alone, usual: float, threshold: float
) -> Finding | None:
    if alone.count < MANY or alone.share < max(MOSTLY, usual + BEYOND):
        return None
    expected = min(max(usual, 0.05), 0.95)
    error = (expected * (1 - expected) / alone.open_count) ** 0.5
    chance = believed(1 - NormalDist().cdf((alone.share - expected) / error))
    if chance < threshold:
        return None
    return Finding(
        reading, team, window, window.last, "stale",
        f"{alone.count} of {alone.open_count} open deals have been left alone for longer than deals that were won; "
        f"{round(usual * 100)}% are usual.",
        {"figures": []}, FlagKind.STALE, "pipeline", alone.open_value, alone.open_value - alone.value, chance,
        alone.value,
    )  # fmt: skip


# ── Quality ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _lately(window: Window) -> tuple[date, date]:
    return window.until - timedelta(days=91), window.until


def _year(window: Window) -> tuple[date, date]:
    return window.until - timedelta(days=456), window.until - timedelta(days=91)


def _quality(
    reading: Reading, team: Team | None, window: Window, signs: Mapping[str, tuple[Share, Share]], threshold: float
) -> Finding | None:
    for key, cause in (("csat", "content"), ("discount", "discount")):
        now, before = signs.get(key, (Share(), Share()))
        far = away(now, before)
        if far is None or (now.value or 0) - (before.value or 0) < GREW[key]:
            continue
        chance = believed(1 - NormalDist().cdf(far))
        if chance >= threshold:
            said = {
                "csat": f"{_pct(now)} of {now.cases} customers asked in 90 days gave a score of 1 to 3, "
                f"{_pct(before)} in the year before.",
                "discount": f"{_pct(now)} of the list price was given away in 90 days, {_pct(before)} in the year "
                "before.",
            }[key]
            return Finding(
                reading, team, window, window.last, cause, said, {"figures": [], "line": SIGNS[key].label},
                FlagKind.QUALITY, key, _hundredths(before), _hundredths(now), chance,
                to_cents(reading.credited * Decimal(str(round((now.value or 0) - (before.value or 0), 4)))),
            )  # fmt: skip
    return None


def _pct(share: Share) -> str:
    return f"{round((share.value or 0) * 100)}%"


def _hundredths(share: Share) -> Decimal:
    return Decimal(str(round((share.value or 0) * 100, 2)))
