"""Who is behind, by how much, since when, and the plainest reason. What comes of it is for services.flags.

Nobody is behind for selling late in the quarter, as they always do; for being new or on ramp; for having been away; or
for a few deals more or less. So a bare pace below the limit is not enough: the same must hold against the person's own
usual share of the quota at this point, and a cause that lasts must be likelier than the threshold that the
organisation's costs make (analysis.flags); where the forecast knows how likely the quota is missed, that must be too.

The first days of a quarter say nothing by themselves, and in its fourth week a deal more or less is still a fifth of
the pace. Until five weeks are over, the quarter before is judged together with them: who was behind then and goes on
is behind, for the same cause; whose quarter merely began slowly is not.
A reason needs more than a verdict, as it compares the rates of a few deals: while too few are won, it counts only if
the quarter before bears it out. And it compares with quarters that kept to the plan, or a cause that lasts would hide
itself.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from math import sqrt
from statistics import NormalDist, fmean
from typing import Any

import numpy as np
import structlog
from django.db import connection
from django.db.models import Min

from salesmgmt.lib.money import to_cents
from salesmgmt.lib.periods import FiscalCalendar, Period
from targets.analysis import FULL, RampProfiles, ramp_factors
from targets.selectors import ramps
from teams.models import Leave, Organisation, Person, Posting, Team
from teams.selectors import PersonDays, presence

from ..analysis import ENOUGH, Past, Rhythm, landing_range, rhythms
from ..analysis.flags import Chances, Counts, Result, Seen, chances, change_of, due_of
from ..analysis.forecast import NEVER
from ..analysis.levers import Work
from ..analysis.signals import Signal, signals
from ..models import FlagKind, RollupSum
from .causes import beside, is_team_wide, percent, reason_of
from .cells import Cells, Span, read
from .figures import daily, records_url
from .forecasting import kept, last_made, number, stored
from .levers import REFERENCE, Days, Look, looks
from .pace import PAST, elapsed, same_point
from .scope import Scope
from .signals import KEYS, SIGNS, shares

logger = structlog.get_logger(__name__)

MIN_WEEKDAYS = 25  # of the quarter; before that the window begins with the quarter before
MIN_WON = 12  # deals, now or usually, that tell a cause by themselves
MIN_PRESENT = 10  # working days the person was there in the window
LONG_AWAY, BACK = 10, 15  # working days away that are an absence, and present ones until it is over
NEW = 3  # months of tenure without flags

LIMIT = 0.80  # of what the plan, and of what one's own rhythm, expects by now
RECOVERED = 0.90
RHYTHM_RECOVERED = 0.95
LATE, DOUBT, SURELY = 0.4, 2.0, 0.7  # of an even spread; errors; how likely a cause must be, as little is decided
STRETCH_MISS = 0.9  # how likely the quota is missed that asks far more than ever, whatever the own rhythm says
LATE_MISS = 0.7  # and of who sells late: with most yet to come, that of anybody is about a half
FAR = 0.60
TRIFLE = 0.03  # of the quota
BEFORE = timedelta(days=366)  # the earliest window, in which somebody may have begun
STRETCH, WHOLE = 0.75, 3  # of the quota, that so many whole quarters and more brought in the mean
THERE = 0.8  # of the work of now, that makes a quarter a whole one
ZERO = Decimal(0)
INPUTS = ("activities", "open_deals", "won", "decided", "credited", "working_days")


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
    """New, on ramp in this quarter, away, or just back: no new flag, and no judgement about an open one."""
    chances: Chances = field(default_factory=Chances)
    seen: Seen = field(default_factory=lambda: Seen(Counts()))
    p_miss: float | None = None
    threshold: float = 0.5

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
        if self.pace >= LIMIT or float(self.gap) < TRIFLE * float(self.quota):
            return False
        if (self.p_miss or 0) >= STRETCH_MISS and self.is_stretched:
            return True  # to keep up with one's own past is not enough, then
        if self.usual_pace >= LIMIT:
            return False
        if self.sells_late and not self.is_stretched:
            sure = self.chances.of.get(self.chances.lever, 0.0)
            return sure >= SURELY and (self.p_miss is None or self.p_miss >= LATE_MISS)
        if self.p_miss is not None and self.p_miss < self.threshold:
            return False
        return self.chances.real >= self.threshold or self.is_stretched

    @property
    def sells_late(self) -> bool:
        """Most of what they bring may fall to the end of a quarter: few deals are decided by now, whatever these say.

        The fewer quarters a share is known from, the smaller it may be: who may sell late is taken to.
        """
        doubt = DOUBT * self.rhythm.spread / sqrt(max(self.rhythm.periods, 1))
        return self.rhythm.share - doubt <= LATE * self.elapsed

    @property
    def is_stretched(self) -> bool:
        """The plan asks far more than this person ever brought: no matter of chance, and not of work.

        A quarter on ramp, on leave or in part-time says nothing of what a whole one brings (R5).
        """
        whole = [past.final for past in self.pasts if past.final > 0 and past.there >= THERE]
        return len(whole) >= WHOLE and fmean(whole) <= STRETCH * float(self.quota)

    @property
    def has_recovered(self) -> bool:
        return self.pace >= RECOVERED or self.usual_pace >= RHYTHM_RECOVERED

    @property
    def severity(self) -> str:
        return "at_risk" if max(self.pace, self.usual_pace) < FAR else "behind"


@dataclass(frozen=True, slots=True)
class Finding:
    """Everything a flag says. `expected` and `actual` are of the measure."""

    reading: Reading
    team: Team | None
    window: Window
    since: date
    cause: str
    sentence: str
    evidence: dict[str, Any] = field(default_factory=dict)
    kind: FlagKind = FlagKind.MISS
    measure: str = "bookings"
    expected: Decimal = ZERO
    actual: Decimal = ZERO
    chance: float = 0.0
    at_stake: Decimal = ZERO

    @property
    def cost(self) -> Decimal:
        """What it is likely to cost: what is at stake × how likely it is real."""
        return to_cents(max(self.at_stake, ZERO) * Decimal(str(round(self.chance, 4))))

    @property
    def severity(self) -> str:
        return self.reading.severity if self.kind == FlagKind.MISS else "behind"


def readings(
    *, as_of: date, threshold: float = 0.5, people: Collection[int] | None = None
) -> tuple[Window, dict[int, Reading]]:
    """Everybody with a quota in this quarter, read in a fixed number of queries.

    What all do is what a short past of one leans on, so everybody is read whoever is asked for (`people`). What tells
    a cause from chance is looked up for these, and for enough others to know how much is usual.
    """
    window = Window.at(as_of, Organisation.get().calendar)
    held = RollupSum.objects.filter(level="pm", measure="expected", person_id__gt=0)
    held = held.filter(on__gte=window.period.start.replace(day=1), on__lt=window.period.end)
    ids = set(held.order_by("person_id").values_list("person_id", flat=True).distinct())
    persons = {person.pk: person for person in Person.objects.present().active(as_of).filter(pk__in=ids)}
    cells = read(_spans(window), people=list(persons), each=True)
    years = window.earlier(PAST)[0].replace(day=1) - BEFORE  # and none before, so that no year adds to it
    began = dict(
        RollupSum.objects.filter(level="pm", measure__in=["bookings", "overlay", "expected"], on__gte=years)
        .filter(person_id__in=persons)
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
        if quota > 0:
            credited = to_cents(_credited(cells, pk, "now"))
            found[pk] = Reading(person, credited, expected, quota, over, usual[pk], pasts[pk], threshold=threshold)
    profiles = ramps()
    _excuse(found, window, profiles)
    _tell_whole(found, window, profiles)
    _weigh(found, window, people)
    if not window.reaches_back:
        for pk, p_miss in _p_misses(found, window).items():
            found[pk].p_miss = p_miss
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


def _excuse(found: dict[int, Reading], window: Window, profiles: RampProfiles) -> None:
    """Protected leave, absence, return, ramp and newness, of those whom it may concern."""
    protected = Leave.objects.on(window.last).filter(kind__is_protected=True)
    for pk in protected.filter(person__in=found).values_list("person_id", flat=True):
        found[pk].is_protected = True
    for pk, days in presence(person_ids=list(found), start=window.start, end=window.until).items():
        reading = found[pk]
        here = days.employed & ~days.away
        tenure = int(days.tenure_month[-1]) if len(days) else 0
        on_ramp = ramp_factors(days, profiles) < FULL
        reading.is_exempt = (
            int(here.sum()) < MIN_PRESENT
            or 0 < tenure <= NEW
            or bool(on_ramp[-BACK:].any() or on_ramp[days.days >= np.datetime64(window.period.start)].any())
            or bool(days.employed[-1] and days.away[-1])
            or _is_just_back(days, here)
        )


def _tell_whole(found: Mapping[int, Reading], window: Window, profiles: RampProfiles) -> None:
    """How much of each earlier quarter they worked, of those who seem to be asked more than they ever brought."""
    asked = [pk for pk, reading in found.items() if reading.is_stretched]
    first = window.earlier(PAST)[0]
    for pk, days in presence(person_ids=asked, start=first, end=window.until).items():
        worked = days.employed * ~days.relieved * days.fte.astype(float) * ramp_factors(days, profiles) / FULL
        now = float(days.fte[-1]) if len(days) else 1.0
        for n, past in enumerate(found[pk].pasts):
            start, _, end = window.earlier(n + 1)
            inside = (days.days >= np.datetime64(start)) & (days.days < np.datetime64(end))
            found[pk].pasts[n] = replace(past, there=float(worked[inside].mean()) / now if inside.any() else 0.0)


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


# ── How likely it is no chance ──────────────────────────────────────────────────────────────────────────────────

LENGTHS = {"recent": 30, "long": 91}  # days of the windows beside the quarter to date
FURTHER = 5  # quarters back
SAMPLE = 200  # people that tell how much is usual
HALF = 0.45  # less: what a result is without the half that a cause takes


def _weigh(found: dict[int, Reading], window: Window, people: Collection[int] | None) -> None:
    """How likely each of them has a cause that lasts, from windows of three lengths."""
    if people is not None:
        near = Posting.objects.on(window.last)
        teams = near.filter(person__in=people).values("team")
        others = near.filter(team__in=teams, person__in=found).values_list("person_id", flat=True)
        some = {*people, *sorted(found)[:SAMPLE], *others}
        found = {pk: reading for pk, reading in found.items() if pk in some}
    windows = lengths_of(window)
    counted = _counts(list(found), sorted({days for own in windows.values() for days in own}))
    deals = _deals(list(found), min(first for own in windows.values() for first, _ in own))
    seen = []
    for spans in windows.values():
        look = {}
        due = due_of(*deals, [(number(first), number(until)) for first, until in spans], len(found))
        for at, pk in enumerate(found):
            own, *earlier = (replace(counted[pk, days], due=float(due[k, at])) for k, days in enumerate(spans))
            look[pk] = Seen(own, [one for one in earlier if one.days * 2 >= own.days > 0])
        seen.append(look)
    results = {pk: Result(r.deviation, -HALF * r.rhythm.share / r.rhythm.spread) for pk, r in found.items()}
    late = set() if window.reaches_back else {pk for pk, reading in found.items() if reading.sells_late}
    for pk, chance in chances(seen, results, late).items():
        found[pk].chances, found[pk].seen = chance, seen[0][pk]


def lengths_of(window: Window) -> dict[str, list[Days]]:
    """Windows of different lengths up to now, each followed by the same days of quarters that it does not touch."""
    ends = {k: window.earlier(k)[1] for k in range(1, FURTHER + 1)} | {0: window.until}
    untouched = range(2 if window.reaches_back else 1, FURTHER)
    found = {"now": [(window.start, window.until), *(window.earlier(k)[:2] for k in untouched)]}
    for name, length in LENGTHS.items():
        quarters = [0, *(range(2, FURTHER + 1) if length > 60 else range(1, FURTHER))]
        found[name] = [(ends[k] - timedelta(days=length), ends[k]) for k in quarters]
    return found


def _counts(people: list[int], windows: list[Days]) -> dict[tuple[int, Days], Counts]:
    """What each did in each window, in a fixed number of queries."""
    seen = looks(people, dict(enumerate(windows)))
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT d.owner_id, w.first, w.until,
                   count(*) FILTER (WHERE d.opened_on >= w.first AND d.opened_on < w.until),
                   count(*) FILTER (WHERE d.status = 'open'),
                   avg(ln(d.amount)) FILTER (WHERE d.status = 'won' AND d.amount > 0 AND d.closed_on >= w.first
                                                   AND d.closed_on < w.until)::float,
                   var_samp(ln(d.amount)) FILTER (WHERE d.status = 'won' AND d.amount > 0 AND d.closed_on >= w.first
                                                        AND d.closed_on < w.until)::float
              FROM unnest(%s::date[], %s::date[]) AS w(first, until)
              JOIN sales_deal d ON d.opened_on < w.until AND (d.closed_on IS NULL OR d.closed_on >= w.first)
             WHERE d.owner_id = ANY(%s) AND d.withdrawn_at IS NULL
             GROUP BY 1, 2, 3
            """,
            [[first for first, _ in windows], [until for _, until in windows], people],
        )
        deals = {(owner, (first, until)): row for owner, first, until, *row in cursor.fetchall()}
    found = {}
    for pk in people:
        for n, days in enumerate(windows):
            work = seen[pk].work[n]
            opened, still_open, size, spread = deals.get((pk, days), (0, 0, None, None))
            found[pk, days] = Counts(
                float(work.working_days), float(work.activities), float(opened), float(work.open_deals),
                float(work.won), float(work.decided), size or 0.0, spread, float(still_open),
            )  # fmt: skip
    return found


def _deals(people: list[int], since: date) -> tuple[Any, Any, Any]:
    """Whose deals (by place in `people`), of those open on `since` or later, and the days of opening and decision."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT p.at - 1, d.opened_on - DATE '1970-01-01',
                   CASE WHEN d.status = 'open' THEN %s ELSE d.closed_on - DATE '1970-01-01' END
              FROM unnest(%s::bigint[]) WITH ORDINALITY AS p(pk, at) JOIN sales_deal d ON d.owner_id = p.pk
             WHERE d.withdrawn_at IS NULL AND d.opened_on IS NOT NULL AND (d.status = 'open' OR d.closed_on >= %s)
            """,
            [NEVER, people, since],
        )
        owner, opened, closed = np.array(cursor.fetchall(), dtype=np.int64).reshape(-1, 3).T
    return owner, opened, closed


# ── Why ─────────────────────────────────────────────────────────────────────────────────────────────────────────

SURE = 0.5  # that one lever is the cause, before it is named whatever else moved more money


def explain(behind: Collection[Reading], window: Window, everybody: Mapping[int, Reading]) -> list[Finding]:
    """A finding for each of these readings, in a fixed number of queries and one more each for the day it began."""
    people = [reading.person.pk for reading in behind]
    if not people:
        return []
    postings = Posting.objects.on(window.last).filter(person__in=everybody).select_related("team")
    teams = {posting.person_id: posting.team for posting in postings}
    windows = [window] if window.reaches_back else [window, window.longer]
    seen = [looks(people, bounds_of_window(one)) for one in windows]
    around = _around(people, teams, window)

    def finding_of(reading: Reading) -> Finding:
        pk = reading.person.pk
        otherwise = f"Credited {percent(1 - reading.pace)} less than the plan expects by now"
        sure = reading.chances.lever if reading.chances.of.get(reading.chances.lever, 0.0) >= SURE else ""
        by_now = [_by_now(reading, one, window) for one in windows]
        told = [
            reason_of(look[pk], otherwise=otherwise, likely=sure, by_now=wanted)
            for look, wanted in zip(seen, by_now, strict=True)
        ]
        n = 1 if told[-1].cause != told[0].cause and not _is_enough(seen[0][pk]) else 0
        look, compared = seen[n][pk], windows[n]
        others = [everybody[other] for other, team in teams.items() if other != pk and team == teams.get(pk)]
        reason = beside(told[n], around.get(pk, []), shared=_is_shared(told[n].cause, others))
        evidence = evidence_of(reading, look, compared, around.get(pk, []))
        if window.reaches_back:
            evidence["counted_from"] = window.start.isoformat()
        return Finding(
            reading, teams.get(pk), window, _since(reading, window), reason.cause, reason.sentence, evidence,
            expected=reading.expected, actual=reading.credited, at_stake=reading.gap,
            chance=reading.p_miss if reading.p_miss is not None else max(reading.chances.real, reading.threshold),
        )  # fmt: skip

    found = []
    for reading in behind:
        try:
            found.append(finding_of(reading))
        except Exception:  # one person's figures do not keep everybody else's findings back
            logger.exception("finding_failed", person=reading.person.pk)
    return found


def _by_now(reading: Reading, compared: Window, window: Window) -> float | None:
    """What the plan comes to by now in the person's own rhythm; for another window it is the plan's own."""
    return float(reading.quota) * reading.rhythm.share if compared == window else None


def bounds_of_window(window: Window) -> dict[int, Days]:
    return {0: (window.start, window.until)} | {k: window.earlier(k)[:2] for k in range(1, REFERENCE + 1)}


def _is_enough(look: Look) -> bool:
    return look.usual is not None and max(look.now.won, look.usual.won) >= MIN_WON


def _is_shared(lever: str, others: Collection[Reading]) -> bool:
    """Whether the others in the team show the same fall of a lever."""
    seen = [reading.seen for reading in others if not reading.is_exempt and not reading.is_protected]
    together, each = change_of(lever, seen)
    return is_team_wide(together, each)


def _around(people: Collection[int], teams: Mapping[int, Team], window: Window) -> dict[int, list[Signal]]:
    """Product, price, delivery and service beside each of these people, and beside the others in their team."""
    mine = {teams[pk] for pk in people if pk in teams}
    near = [pk for pk, team in teams.items() if team in mine]
    year = (window.period.shift(-REFERENCE).start, window.start)
    found = shares(near, now=(window.start, window.until), before=year)
    return {
        pk: signals(pk, {other: found[other] for other in near if teams[other] == teams[pk]}, KEYS)
        for pk in people
        if pk in teams
    }


def evidence_of(reading: Reading, look: Look, window: Window, beside: Sequence[Signal]) -> dict[str, Any]:
    """What the sentence was said from, as it stood then."""
    if look.usual is None or not look.now.working_days:
        return {"figures": []}
    levers = look.levers
    return {
        "figures": _figures(reading, window, look),
        "compared_from": window.start.isoformat(),
        "quarters_earlier": look.compared,
        "levers": {name: str(value) for name, value in levers.parts.items()},
        "inputs": {side: inputs_of(work) for side, work in (("now", look.now), ("reference", look.usual))},
        "chance": round(reading.chances.real, 2),
        "signals": [_told(signal) for signal in beside],
    }


def inputs_of(work: Work) -> dict[str, str]:
    """The six inputs of a side, as they are shown."""
    return {name: str(round(float(value), 4)) for name, value in zip(INPUTS, astuple(work), strict=True)}


def _told(signal: Signal) -> dict[str, Any]:
    now, before = signal.of_team
    return {
        "label": SIGNS[signal.key].label,
        "now": signal.now.value,
        "before": signal.before.value,
        "team_now": now.value,
        "team_before": before.value,
        "whose": "team" if signal.is_team_wide else "person" if signal.is_personal else "",
    }


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


def _figures(reading: Reading, window: Window, look: Look) -> list[dict[str, Any]]:
    """The figures behind the sentence, with the way to their records."""
    scope, now, before = Scope.person(reading.person), look.now, look.usual
    assert before is not None

    def row(label: str, value: Fraction, usual: Fraction, measure: str, unit: str) -> dict[str, Any]:
        url = records_url(scope=scope, measure=measure, start=window.start, until=window.until)
        shown, then = round(float(value), 4), round(float(usual), 4)
        return {"label": label, "value": shown, "before": then, "unit": unit, "records": url}

    rows = [
        row("Activities", now.activities, before.activities, "activities", "count"),
        row("Deals won", now.won, before.won, "deals_won", "count"),
        row("Credited", now.credited, before.credited, "bookings", "money"),
    ]
    if now.decided and before.decided:
        rows.insert(1, row("Win rate", now.won / now.decided, before.won / before.decided, "win_rate", "ratio"))
    if now.won and before.won:
        rows.append(row("Credited per win", now.credited / now.won, before.credited / before.won, "deals_won", "money"))
    if before.open_deals:
        pipeline = records_url(scope=scope, measure="pipeline", start=window.period.start, until=window.period.end)
        rows.append(
            row("Open deals a day", now.open_deals, before.open_deals, "pipeline", "mean") | {"records": pipeline}
        )
    return rows


def _p_misses(found: Mapping[int, Reading], window: Window) -> dict[int, float | None]:
    """How likely each quota is missed: as last forecast, else by what earlier quarters brought after this point."""
    made = last_made(window.period, window.last)
    missed = {row.subject_id: kept(row).p_miss for row in stored("person", list(found), window.period, made)}
    for pk, reading in found.items():
        if pk in missed:
            continue
        past = [(Decimal(str(p.before)), Decimal(str(p.after))) for p in reading.pasts]
        landing = landing_range(past=past, so_far=reading.credited, elapsed=elapsed(window.period, window.last))
        if landing is None or reading.rhythm.periods < ENOUGH:
            continue
        middle, spread = float(landing.middle), max(float(landing.high - landing.middle) / 1.2816, 1.0)
        missed[pk] = round(min(max(NormalDist(middle, spread).cdf(float(reading.quota)), 0.01), 0.99), 2)
    return missed
