"""What a gap is made of (R21), beside one's own earlier periods or beside comparable people; set-based."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

import numpy as np
from django.db import connection
from django.db.models.functions import Coalesce

from sales.models import Activity
from salesmgmt.lib.groups import SMALLEST_GROUP
from salesmgmt.lib.money import to_cents
from salesmgmt.lib.periods import Period
from teams.models import Posting, Team
from teams.selectors import PersonDays, presence

from ..analysis.levers import Levers, Work, mean_work
from .catalogue import ACTIVITY_KINDS
from .cells import Cells, Span, read
from .pace import elapsed, same_point
from .scope import Scope

Days = tuple[date, date]  # half-open
Against = Literal["past", "peers"]

CUSTOMER_FACING = {kind: key for kind, key in ACTIVITY_KINDS.items() if kind != Activity.Kind.TASK}
REFERENCE = 4  # earlier periods that are compared with
KEPT = Decimal("0.80")  # of what the plan expected then; a cause that lasts would hide itself otherwise
PEERS = SMALLEST_GROUP
SETTLED = timedelta(days=365)  # in the job: newcomers are compared with newcomers

_DONE = ("deals_won", "deals_lost", "uncounted_won", "uncounted_lost", *CUSTOMER_FACING.values())
_CREDITED = ("bookings", "overlay", "expected")


@dataclass(frozen=True, slots=True)
class Look:
    """What somebody did in a window, beside the mean of the same days of earlier quarters as far as these compare."""

    work: dict[int, Work]  # now (0), and so many quarters ago
    expected: dict[int, Decimal]
    kinds: dict[int, dict[str, int]]
    compared: list[int]  # quarters ago
    usual: Work | None

    @property
    def now(self) -> Work:
        return self.work[0]

    @property
    def levers(self) -> Levers:
        return Levers.of(self.now, self.usual, self.expected[0])


def look_of(work: dict[int, Work], expected: dict[int, Decimal], kinds: dict[int, dict[str, int]]) -> Look:
    """The usual is the mean of those quarters in which somebody was there and kept to the plan, or just was there."""
    days = work[0].working_days
    usable = [k for k in sorted(work)[1:] if work[k].working_days * 2 >= days > 0 and work[k].credited > 0]
    compared = [k for k in usable if work[k].credited >= KEPT * expected[k]] or usable
    usual = mean_work([work[k].scaled(days) for k in compared]) if compared else None
    return Look(work, expected, kinds, compared, usual)


def looks(people: Collection[int], bounds: Mapping[int, Days]) -> dict[int, Look]:
    """A look at each of these people; `bounds` are the days now (0) and so many quarters ago. In seven queries."""
    cells = _read(bounds, people=people, each=True)
    there = presence(
        person_ids=people, start=min(s for s, _ in bounds.values()), end=max(e for _, e in bounds.values())
    )
    opened = _open_deals(list(bounds.values()), people=list(people))
    found = {}
    for pk in people:
        work, expected, kinds = {}, {}, {}
        for k, days in bounds.items():
            present = _present(there[pk], days) if pk in there else 0
            work[k] = _work(cells, pk, str(k), opened.get((pk, *days), Fraction(0)), present, overlay=True)
            expected[k] = to_cents(cells.total("expected", key=pk, span=str(k)))
            kinds[k] = {kind: cells.count(key, key=pk, span=str(k)) for kind, key in CUSTOMER_FACING.items()}
        found[pk] = look_of(work, expected, kinds)
    return found


def look_at_teams(team_ids: Collection[int] | None, bounds: Mapping[int, Days]) -> Look:
    """Teams together (None: the company), with everybody as they were posted on each day."""
    cells = _read(bounds, teams=team_ids)
    start, end = min(s for s, _ in bounds.values()), max(e for _, e in bounds.values())
    posted = Posting.objects.overlapping(start, end)
    posted = posted if team_ids is None else posted.filter(team__in=team_ids)
    people = set(posted.values_list("person_id", flat=True))
    there = presence(person_ids=people, start=start, end=end)
    opened = _open_deals(list(bounds.values()), team_ids=None if team_ids is None else list(team_ids))
    work, expected, kinds = {}, {}, {}
    for k, days in bounds.items():
        present = sum(_present(own, days, team_ids) for own in there.values())
        work[k] = _work(cells, 0, str(k), opened.get((0, *days), Fraction(0)), present, overlay=False)
        expected[k] = to_cents(cells.total("expected", span=str(k)))
        kinds[k] = {kind: cells.count(key, span=str(k)) for kind, key in CUSTOMER_FACING.items()}
    return look_of(work, expected, kinds)


def bounds_of(period: Period, as_of: date) -> dict[int, Days]:
    """The period to date, and the same days of earlier ones."""
    last = min(as_of, period.last_day)
    share = elapsed(period, last)
    found = {0: (period.start, max(last + timedelta(days=1), period.start))}
    for k in range(1, REFERENCE + 1):
        earlier = period.shift(-k)
        found[k] = (earlier.start, same_point(earlier, share) + timedelta(days=1))
    return found


def levers(*, scope: Scope, period: Period, as_of: date, against: Against = "past") -> Levers:
    """The gap of a scope to its plan: plan stretch and four levers that sum to it to the cent."""
    if against == "past":
        return levers_of(look_at(scope=scope, period=period, as_of=as_of), period)
    if scope.kind == "person":
        assert scope.pk is not None
        return _against_peers(scope.pk, bounds_of(period, as_of)[0])
    look = look_at(scope=scope, period=period, as_of=as_of)
    note = "Comparable people are those of a person; a team is compared with its own past."
    return Levers.of(look.now, None, look.expected[0], note=note)


def look_at(*, scope: Scope, period: Period, as_of: date) -> Look:
    """The period to date of a person, a team or the company, beside the same days of earlier periods."""
    bounds = bounds_of(period, as_of)
    if scope.kind == "person":
        assert scope.pk is not None
        return looks([scope.pk], bounds)[scope.pk]
    return look_at_teams(scope.team_ids if scope.kind == "team" else None, bounds)


def levers_of(look: Look, period: Period) -> Levers:
    compared = tuple(period.shift(-k).key for k in look.compared)
    note = "" if compared else "There is no earlier period to compare with."
    return Levers.of(look.now, look.usual, look.expected[0], compared=compared, note=note)


def _against_peers(person: int, now: Days) -> Levers:
    group = comparable(person, on=now[1] - timedelta(days=1))
    seen = looks([person, *group], {0: now})
    own = seen[person].now
    there = [seen[pk].now for pk in group if seen[pk].now.working_days * 2 >= own.working_days > 0]
    if len(there) < PEERS:
        return Levers.of(own, None, seen[person].expected[0], note="Fewer than five people are comparable.")
    usual = mean_work([work.scaled(own.working_days) for work in there])
    return Levers.of(own, usual, seen[person].expected[0], compared=(str(len(there)),))


def comparable(person: int, *, on: date) -> list[int]:
    """Who has the same role and is as new or as settled: in the same team, else in the next one up with five such."""
    posting = Posting.objects.on(on).filter(person=person).select_related("team", "person").first()
    if posting is None:
        return []
    began = posting.person.hired_on or posting.starts_on or on
    settled = on - began >= SETTLED
    alike = Posting.objects.on(on).filter(role=posting.role).exclude(person=person)
    alike = alike.annotate(began=Coalesce("person__hired_on", "during__startswith"))
    alike = alike.filter(began__lte=on - SETTLED) if settled else alike.filter(began__gt=on - SETTLED)
    within = dict(alike.values_list("person_id", "team_id"))
    paths = dict(Team.objects.filter(pk__in=set(within.values())).values_list("pk", "path"))
    for team in reversed(posting.team.path):
        group = sorted(pk for pk, where in within.items() if team in paths[where])
        if len(group) >= PEERS:
            return group
    return []


def _read(bounds: Mapping[int, Days], **whose: Any) -> Cells:
    return read([Span(str(k), [*_DONE, *_CREDITED], *days) for k, days in bounds.items()], **whose)


def _work(cells: Cells, key: int, span: str, open_deals: Fraction, present: int, *, overlay: bool) -> Work:
    won = cells.count("deals_won", key=key, span=span) - cells.count("uncounted_won", key=key, span=span)
    lost = cells.count("deals_lost", key=key, span=span) - cells.count("uncounted_lost", key=key, span=span)
    credited = cells.total("bookings", key=key, span=span)
    credited += cells.total("overlay", key=key, span=span) if overlay else 0
    activities = sum(cells.count(kind, key=key, span=span) for kind in CUSTOMER_FACING.values())
    # A reopening may leave fewer than none.
    won, lost = max(won, 0), max(lost, 0)
    return Work(
        Fraction(activities), open_deals, Fraction(won), Fraction(won + lost), Fraction(to_cents(credited)),
        Fraction(present),
    )  # fmt: skip


def _present(own: PersonDays, days: Days, team_ids: Collection[int] | None = None) -> int:
    inside = (own.days >= np.datetime64(days[0])) & (own.days < np.datetime64(days[1]))
    if team_ids is not None:
        inside &= np.isin(own.team_ids, list(team_ids))
    return int((inside & own.employed & ~own.away).sum())


def _open_deals(
    windows: list[Days], *, people: list[int] | None = None, team_ids: list[int] | None = None
) -> dict[tuple[int, date, date], Fraction]:
    """Mean number of deals open at the close of a day of each window, from the daily snapshots.

    Of each of these people; else of teams (None: of all) together, under 0, as deals belonged to them on each day. A
    deal that was written down only once it was decided was in no snapshot open: its own dates say when it was.
    """
    column, ids = ("person_id", people) if people is not None else ("team_id", team_ids)
    key = "person_id" if people is not None else "0"
    whose = "true" if ids is None else f"h.{column} = ANY(%(ids)s)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH w AS (SELECT * FROM unnest(%(starts)s::date[], %(ends)s::date[]) AS w(first, until)),
            held AS (
                SELECT v.person_id, v.team_id, v."on" AS first, v.until FROM performance_dealversion v
                 WHERE v.status = 'open' AND v."on" < %(last)s AND (v.until IS NULL OR v.until > %(start)s)
                 UNION ALL
                SELECT d.owner_id, p.team_id, greatest(d.opened_on, lower(p.during)),
                       least(d.closed_on, upper(p.during))
                  FROM sales_deal d
                  LEFT JOIN teams_posting p
                    ON p.person_id = d.owner_id AND p.during && daterange(d.opened_on, d.closed_on)
                 WHERE d.status <> 'open' AND d.withdrawn_at IS NULL AND d.closed_on > d.opened_on
                       AND d.opened_on < %(last)s AND d.closed_on > %(start)s
                       AND NOT EXISTS (SELECT FROM performance_dealversion v
                                        WHERE v.deal_id = d.id AND v.status = 'open')
            )
            SELECT {key}, w.first, w.until,
                   sum(least(coalesce(h.until, w.until), w.until) - greatest(h.first, w.first))
              FROM w JOIN held h ON w.first < w.until AND h.first < w.until AND (h.until IS NULL OR h.until > w.first)
             WHERE {whose}
             GROUP BY 1, 2, 3
            """,  # nosec B608 (constants)
            {
                "starts": [start for start, _ in windows], "ends": [end for _, end in windows], "ids": ids,
                "start": min(start for start, _ in windows), "last": max(end for _, end in windows),
            },
        )  # fmt: skip
        return {(key, a, b): Fraction(int(days), (b - a).days) for key, a, b, days in cursor.fetchall()}
