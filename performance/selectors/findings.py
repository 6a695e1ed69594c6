"""Who is behind, by how much, since when, and the plainest reason. What comes of it is for services.flags.

Nobody is behind for selling late in the quarter, as they always do; for being new; for having been away. So a bare pace
below the limit is not enough: the same must hold against the person's own usual share of the quota at this point, and
by more than that usually varies.

The first days of a quarter say nothing by themselves, and in its fourth week a deal more or less is still a fifth of
the pace. Until five weeks are over, the quarter before is judged together with them: who was behind then and goes on
is behind, for the same cause; whose quarter merely began slowly is not.
A reason needs more than a verdict, as it compares the rates of a few deals: while too few are won, it counts only if
the quarter before bears it out. And it compares with quarters that kept to the plan, or a cause that lasts would hide
itself.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from statistics import NormalDist, fmean
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Min

from sales.models import Activity
from salesmgmt.lib.money import to_cents
from salesmgmt.lib.periods import FiscalCalendar, Period
from teams.models import Leave, Organisation, Person, Posting, Team
from teams.selectors import PersonDays, presence

from ..analysis import ENOUGH, Past, Rhythm, Work, landing_range, mean_work, rhythms, shapley
from ..models import RollupSum
from .catalogue import ACTIVITY_KINDS
from .cells import Cells, Span, read
from .figures import daily, records_url
from .pace import PAST, elapsed, same_point
from .scope import Scope

MIN_WEEKDAYS = 25  # of the quarter; before that the window begins with the quarter before
MIN_WON = 12  # deals, now or usually, that tell a cause by themselves
MIN_PRESENT = 10  # working days the person was there in the window
LONG_AWAY, BACK = 10, 15  # working days away that are an absence, and present ones until it is over
NEW = 3  # months of tenure without flags
RAMPING = 6  # months of tenure in which only a clear case counts

LIMIT = 0.80  # of what the plan, and of what one's own rhythm, expects by now
RECOVERED = 0.90
RHYTHM_RECOVERED = 0.95
CLEAR, LIKELY, RAMP_CLEAR = -1.28, -0.8, -2.0  # standard deviations: one in ten, one in five, one in forty
FAR, HALFWAY = 0.60, 0.4  # a likely case counts where the person is this far behind, and the quarter this far on
TRIFLE = 0.03  # of the quota

UNCHANGED = 0.10  # a lever within this of its reference
STANDS_OUT = 0.35  # of what is missing that one lever must explain, to be the reason
REFERENCE = 4  # earlier periods that levers are compared with

_DONE = ("deals_won", "deals_lost", "uncounted_won", "uncounted_lost", *ACTIVITY_KINDS.values())


@dataclass(frozen=True, slots=True)
class Window:
    """The days that are judged, and the same days of earlier quarters."""

    period: Period
    start: date
    last: date

    @classmethod
    def at(cls, as_of: date, calendar: FiscalCalendar) -> "Window":
        period = Period.of(as_of, "quarter", calendar)
        over = np.busday_count(np.datetime64(period.start), np.datetime64(as_of + timedelta(days=1)))
        return cls(period, period.start if over >= MIN_WEEKDAYS else period.shift(-1).start, as_of)

    @property
    def until(self) -> date:
        return self.last + timedelta(days=1)

    @property
    def reaches_back(self) -> bool:
        return self.start < self.period.start

    @property
    def longer(self) -> "Window":
        return Window(self.period, self.period.shift(-1).start, self.last)

    @property
    def label(self) -> str:
        """What is judged, as in "your Q2 2026"."""
        start = self.start
        return f"business since {start.day} {start:%b %Y}" if self.reaches_back else self.period.label

    def earlier(self, by: int) -> tuple[date, date, date]:
        """Start, the day after the same point, and end, some quarters ago."""
        period = self.period.shift(-by)
        start = period.shift(-1).start if self.reaches_back else period.start
        return start, same_point(period, elapsed(self.period, self.last)) + timedelta(days=1), period.end


@dataclass(slots=True)
class Reading:
    """One person's figures against the plan and their own rhythm."""

    person: Person
    credited: Decimal
    expected: Decimal
    quota: Decimal
    elapsed: float
    rhythm: Rhythm
    pasts: list[Past]
    is_protected: bool = False
    is_exempt: bool = False
    """New, away, or just back: no new flag, and no judgement about an open one."""
    is_ramping: bool = False

    @property
    def pace(self) -> float:
        return float(self.credited) / float(self.expected) if self.expected > 0 else 1.0

    @property
    def usual_pace(self) -> float:
        by_now = float(self.quota) * self.rhythm.share
        return float(self.credited) / by_now if by_now > 0 else 1.0

    @property
    def deviation(self) -> float:
        return (float(self.credited) / float(self.quota) - self.rhythm.share) / self.rhythm.spread

    @property
    def gap(self) -> Decimal:
        return self.expected - self.credited

    @property
    def is_behind(self) -> bool:
        if self.pace >= LIMIT or self.usual_pace >= LIMIT or float(self.gap) < TRIFLE * float(self.quota):
            return False
        if self.is_ramping:
            return self.deviation <= RAMP_CLEAR
        is_likely = self.elapsed >= HALFWAY and self.deviation <= LIKELY and self.usual_pace < FAR
        return is_likely or self.deviation <= CLEAR

    @property
    def has_recovered(self) -> bool:
        return self.pace >= RECOVERED or self.usual_pace >= RHYTHM_RECOVERED

    @property
    def severity(self) -> str:
        return "at_risk" if max(self.pace, self.usual_pace) < FAR else "behind"


@dataclass(frozen=True, slots=True)
class Finding:
    """Somebody is behind: everything a flag says."""

    reading: Reading
    team: Team | None
    window: Window
    since: date
    cause: str
    sentence: str
    evidence: dict[str, Any] = field(default_factory=dict)


def readings(*, as_of: date, people: Collection[int] | None = None) -> tuple[Window, dict[int, Reading]]:
    """Everybody with a quota in this quarter (of `people`, where given), read in a fixed number of queries.

    The rhythm of all is what a short past of one leans on, so everybody is read whoever is asked for.
    """
    window = Window.at(as_of, Organisation.get().calendar)
    held = RollupSum.objects.filter(level="pm", measure="expected", person_id__gt=0)
    held = held.filter(on__gte=window.period.start.replace(day=1), on__lt=window.period.end)
    ids = set(held.order_by("person_id").values_list("person_id", flat=True).distinct())
    persons = {person.pk: person for person in Person.objects.present().active(as_of).filter(pk__in=ids)}
    cells = read(_spans(window), people=list(persons), each=True)
    began = dict(
        RollupSum.objects.filter(level="pm", measure__in=["bookings", "overlay", "expected"], person_id__in=persons)
        .values_list("person_id")
        .annotate(first=Min("on"))
    )
    pasts = {
        pk: [
            Past(
                float(_credited(cells, pk, f"before {k}")),
                float(_credited(cells, pk, f"after {k}")),
                float(sum(cells.total("expected", key=pk, span=f"{half} {k}") for half in ("before", "after"))),
            )
            for k in range(1, PAST + 1)
            if window.earlier(k)[0] >= began[pk]
        ]
        for pk in persons
    }
    over = elapsed(window.period, as_of)
    usual = rhythms(pasts, elapsed=over)
    found: dict[int, Reading] = {}
    for pk, person in persons.items():
        expected = to_cents(cells.total("expected", key=pk, span="now"))
        quota = expected + to_cents(cells.total("expected", key=pk, span="rest"))
        if quota > 0 and (people is None or pk in people):
            credited = to_cents(_credited(cells, pk, "now"))
            found[pk] = Reading(person, credited, expected, quota, over, usual[pk], pasts[pk])
    _excuse(found, window)
    return window, found


def _spans(window: Window) -> list[Span]:
    measures = ["bookings", "overlay", "expected"]
    spans = [
        Span("now", measures, window.start, window.until),
        Span("rest", ["expected"], window.until, window.period.end),
    ]
    for k in range(1, PAST + 1):
        start, point, end = window.earlier(k)
        spans += [Span(f"before {k}", measures, start, point), Span(f"after {k}", measures, point, end)]
    return spans


def _credited(cells: Cells, person: int, span: str) -> Decimal:
    return cells.total("bookings", key=person, span=span) + cells.total("overlay", key=person, span=span)


def _excuse(found: dict[int, Reading], window: Window) -> None:
    """Protected leave, absence, return and newness, of those whom it may concern."""
    low = [pk for pk, reading in found.items() if reading.pace < RECOVERED]
    protected = Leave.objects.on(window.last).filter(kind__is_protected=True)
    for pk in protected.filter(person__in=found).values_list("person_id", flat=True):
        found[pk].is_protected = True
    for pk, days in presence(person_ids=low, start=window.start, end=window.until).items():
        reading = found[pk]
        here = days.employed & ~days.away
        tenure = int(days.tenure_month[-1]) if len(days) else 0
        reading.is_ramping = tenure <= RAMPING and len(days) > 0 and bool(days.ramp[-1])
        reading.is_exempt = (
            int(here.sum()) < MIN_PRESENT
            or 0 < tenure <= NEW
            or bool(days.employed[-1] and days.away[-1])
            or _is_just_back(days, here)
        )


def _is_just_back(days: PersonDays, here: Any) -> bool:
    """Fewer than `BACK` present days since an absence of at least `LONG_AWAY`."""
    away = np.flatnonzero(days.employed & days.away)
    if len(away) < LONG_AWAY:
        return False
    last = int(away[-1])
    return (
        int(here[last + 1 :].sum()) < BACK
        and int(days.away[max(0, last + 1 - LONG_AWAY) : last + 1].sum()) >= LONG_AWAY
    )


# ── Why ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def explain(behind: Collection[Reading], window: Window) -> list[Finding]:
    """A finding for each of these readings, in a fixed number of queries and one more each for the day it began."""
    people = [reading.person.pk for reading in behind]
    if not people:
        return []
    postings = Posting.objects.on(window.last).filter(person__in=people).select_related("team")
    teams = {posting.person_id: posting.team for posting in postings}
    looks = [_looks(people, window)]
    if not window.reaches_back:
        looks.append(_looks(people, window.longer))
    found: list[Finding] = []
    for reading in behind:
        pk = reading.person.pk
        (cause, sentence, evidence), *borne_out = (_reason(reading, look[pk]) for look in looks)
        if borne_out and borne_out[0][0] != cause and not looks[0][pk].is_enough:
            cause, sentence, evidence = borne_out[0]
        if window.reaches_back:
            evidence["counted_from"] = window.start.isoformat()
        else:
            evidence["p_miss"] = _p_miss(reading, window)
        found.append(Finding(reading, teams.get(pk), window, _since(reading, window), cause, sentence, evidence))
    return found


@dataclass(frozen=True, slots=True)
class Look:
    """What somebody did in a window, beside the mean of the same days of earlier quarters as far as these compare."""

    person: int
    window: Window
    cells: Cells
    now: Work
    expected: float
    present: dict[int, int]  # days, now and so many quarters ago
    compared: list[int]  # quarters ago
    usual: Work | None

    @property
    def is_enough(self) -> bool:
        return self.usual is not None and max(self.now.won, self.usual.won) >= MIN_WON


def _looks(people: list[int], window: Window) -> dict[int, Look]:
    bounds = {0: (window.start, window.until)}
    bounds |= {k: window.earlier(k)[:2] for k in range(1, REFERENCE + 1)}
    measures = [*_DONE, "bookings", "overlay", "expected"]
    cells = read([Span(str(k), measures, *days) for k, days in bounds.items()], people=people, each=True)
    there = presence(person_ids=people, start=bounds[REFERENCE][0], end=window.until)
    opened = _open_deals(people, list(bounds.values()))
    found: dict[int, Look] = {}
    for pk in people:
        work = {k: _work(cells, pk, str(k), opened.get((pk, *days), 0.0)) for k, days in bounds.items()}
        expected = {k: float(cells.total("expected", key=pk, span=str(k))) for k in bounds}
        present = {k: _present(there[pk], *days) for k, days in bounds.items()}
        usable = [k for k in range(1, REFERENCE + 1) if present[k] >= 0.5 * present[0] and work[k].result > 0]
        compared = [k for k in usable if work[k].result >= LIMIT * expected[k]] or usable
        usual = mean_work([work[k].scaled(present[0] / present[k]) for k in compared]) if compared else None
        found[pk] = Look(pk, window, cells, work[0], expected[0], present, compared, usual)
    return found


def _work(cells: Cells, person: int, span: str, open_deals: float) -> Work:
    won = cells.count("deals_won", key=person, span=span) - cells.count("uncounted_won", key=person, span=span)
    lost = cells.count("deals_lost", key=person, span=span) - cells.count("uncounted_lost", key=person, span=span)
    activities = sum(cells.count(kind, key=person, span=span) for kind in ACTIVITY_KINDS.values())
    return Work(activities, open_deals, max(won, 0), max(won + lost, 0), float(_credited(cells, person, span)))


def _present(days: PersonDays, start: date, until: date) -> int:
    inside = (days.days >= np.datetime64(start)) & (days.days < np.datetime64(until))
    return int((inside & days.employed & ~days.away).sum())


def _open_deals(people: list[int], windows: list[tuple[date, date]]) -> dict[tuple[int, date, date], float]:
    """Mean number of deals open on a day of each window, from when they were opened and closed."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT d.owner_id, w.first, w.until,
                   sum(least(coalesce(d.closed_on, w.until), w.until) - greatest(d.opened_on, w.first))
                   / (w.until - w.first)::float
              FROM unnest(%s::date[], %s::date[]) AS w(first, until)
              JOIN sales_deal d ON d.opened_on < w.until AND (d.closed_on IS NULL OR d.closed_on > w.first)
             WHERE d.owner_id = ANY(%s) AND d.withdrawn_at IS NULL
                   AND (d.closed_on IS NULL OR d.closed_on >= d.opened_on)
             GROUP BY 1, 2, 3
            """,
            [[start for start, _ in windows], [until for _, until in windows], people],
        )
        return {(owner, first, until): mean for owner, first, until, mean in cursor.fetchall()}


def _since(reading: Reading, window: Window) -> date:
    """The day after the last on which the person was within the limit of what the plan expected."""
    scope = Scope.person(reading.person)
    by_day = daily(scope=scope, measures=["bookings", "overlay", "expected"], start=window.start, until=window.until)
    credited, expected, since = 0.0, 0.0, window.start
    for on in sorted(by_day):
        day = by_day[on]
        credited += float(day.get("bookings", 0)) + float(day.get("overlay", 0))
        expected += float(day.get("expected", 0))
        if credited >= LIMIT * expected:
            since = min(on + timedelta(days=1), window.last)
    return since


def _reason(reading: Reading, look: Look) -> tuple[str, str, dict[str, Any]]:
    now, before = look.now, look.usual
    behind = f"Credited {_percent(1 - reading.pace)} less than the plan expects by now"
    if before is None or not look.present[0]:
        return "unknown", f"{behind}; there is no earlier quarter to compare with.", {"figures": []}
    levers, reference = now.levers(), before.levers()
    added = shapley(levers, reference)
    stretch = look.expected - before.result
    evidence = {
        "figures": _figures(reading, look.window, now, before),
        "compared_from": look.window.start.isoformat(),
        "quarters_earlier": look.compared,
        "levers": {name: round(value, 2) for name, value in added.items()},
        "plan_stretch": round(-stretch, 2),
    }
    ratios = {name: _ratio(levers[name], reference[name]) for name in levers}
    ratios["activity"] = _ratio(now.activities, before.activities)
    worst = min(added, key=lambda name: added[name])
    missing = look.expected - now.result
    since = "last quarter" if look.compared == [1] else "in recent quarters"
    if stretch > max(-added[worst], STANDS_OUT * missing):
        more = _percent(stretch / before.result)
        return "stretch", f"The plan asks {more} more than {since} brought; {_steady(ratios, '')}.", evidence
    ratio = ratios[worst]
    if -added[worst] < STANDS_OUT * missing or ratio is None or ratio > 1 - UNCHANGED:
        return "unknown", f"{behind}; no single cause stands out.", evidence
    match worst:
        case "activity":
            kind = _kind(look)
            said = (
                f"{_fewer(kind[1])} {kind[0]} as {since}"
                if _is_fraction(kind[1])
                else f"{_fewer(kind[1])} {kind[0]} than {since}"
            )
        case "conversion":
            said = f"{_rate(now)} of decided deals won, {_rate(before)} {since}"
        case "size":
            size = f"{_part(ratio)} as large as" if _is_fraction(ratio) else f"{_percent(1 - ratio)} smaller than"
            said = f"Deals won are {size} {since}"
        case "pipeline":
            few = now.open_deals / before.open_deals if before.open_deals else ratio
            said = f"{_fewer(few)} open deals {'as' if _is_fraction(few) else 'than'} {since}"
        case _:
            said = f"{_slower(ratio)} {since}" if ratio else f"No deals were decided, {before.decided:.0f} {since}"
    return worst, f"{said}; {_steady(ratios, worst)}.", evidence


def _kind(look: Look) -> tuple[str, float]:
    """The kind of activity that most of the fall is in, if one is; else activities."""

    def compared(kinds: Collection[str]) -> tuple[float, float]:
        counts = {
            k: sum(look.cells.count(kind, key=look.person, span=str(k)) for kind in kinds) for k in (0, *look.compared)
        }
        return counts[0], fmean(counts[k] * look.present[0] / look.present[k] for k in look.compared)

    now, before = compared(list(ACTIVITY_KINDS.values()))
    overall = now / before if before else 1.0
    for kind, key in ACTIVITY_KINDS.items():
        mine, usual = compared([key])
        if usual > mine and usual - mine >= 0.5 * (before - now) and mine / usual <= overall - 0.05:
            return _PLURAL[kind], mine / usual
    return "activities", overall


_PLURAL = {kind.value: (kind.label.lower() + "s") for kind in Activity.Kind}


def _figures(reading: Reading, window: Window, now: Work, before: Work) -> list[dict[str, Any]]:
    """The figures behind the sentence, with the way to their records."""
    scope = Scope.person(reading.person)

    def row(label: str, value: float, usual: float, measure: str, unit: str) -> dict[str, Any]:
        url = records_url(scope=scope, measure=measure, start=window.start, until=window.until)
        return {"label": label, "value": round(value, 4), "before": round(usual, 4), "unit": unit, "records": url}

    rows = [
        row("Activities", now.activities, before.activities, "activities", "count"),
        row("Deals won", now.won, before.won, "deals_won", "count"),
        row("Credited", now.result, before.result, "bookings", "money"),
    ]
    if now.decided and before.decided:
        rows.insert(1, row("Win rate", now.won / now.decided, before.won / before.decided, "win_rate", "ratio"))
    if now.won and before.won:
        rows.append(row("Credited per win", now.result / now.won, before.result / before.won, "deals_won", "money"))
    if before.open_deals:
        pipeline = records_url(scope=scope, measure="pipeline", start=window.period.start, until=window.period.end)
        rows.append(
            row("Open deals a day", now.open_deals, before.open_deals, "pipeline", "mean") | {"records": pipeline}
        )
    return rows


def _p_miss(reading: Reading, window: Window) -> float | None:
    """How likely the quota of the window is missed, from what earlier quarters still brought after this point."""
    past = [(Decimal(str(p.before)), Decimal(str(p.after))) for p in reading.pasts]
    landing = landing_range(past=past, so_far=reading.credited, elapsed=elapsed(window.period, window.last))
    if landing is None or reading.rhythm.periods < ENOUGH:
        return None
    middle, spread = float(landing.middle), max(float(landing.high - landing.middle) / 1.2816, 1.0)
    miss = NormalDist(middle, spread).cdf(float(reading.quota))
    return round(min(max(miss, 0.01), 0.99), 2)


def _ratio(now: float | None, before: float | None) -> float | None:
    return None if now is None or not before else now / before


def _percent(share: float) -> str:
    return f"{round(abs(share) * 100)}%"


def _rate(work: Work) -> str:
    return _percent(work.won / work.decided) if work.decided else "None"


def _is_fraction(ratio: float) -> bool:
    return ratio < 0.6


def _fewer(ratio: float) -> str:
    """Half as many, 30% fewer."""
    return (
        "Hardly any"
        if ratio < 0.15
        else f"{_part(ratio).capitalize()} as many"
        if _is_fraction(ratio)
        else f"{_percent(1 - ratio)} fewer"
    )


def _slower(speed: float) -> str:
    """Deals take twice as long to be decided as, 40% longer than."""
    times = 1 / speed
    if not _is_fraction(speed):
        return f"Deals take {_percent(times - 1)} longer to be decided than"
    return f"Deals take {f'{times:.0f} times' if times >= 2.5 else 'twice'} as long to be decided as"


def _part(ratio: float) -> str:
    return "a quarter" if ratio < 0.3 else "a third" if ratio < 0.4 else "half" if ratio < 0.6 else _percent(ratio)


def _steady(ratios: dict[str, float | None], besides: str) -> str:
    """What has not changed, so that nobody looks there."""
    names = {
        "conversion": "win rate", "activity": "activities", "size": "deal size", "speed": "speed of deals",
        "pipeline": "open deals per activity",
    }  # fmt: skip
    for name, word in names.items():
        ratio = ratios[name]
        if name != besides and ratio is not None and abs(ratio - 1) <= UNCHANGED * 1.5:
            return f"{word} unchanged"
    return "nothing else explains as much"
