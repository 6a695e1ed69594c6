"""A manager's own record: how their people did, how soon they answered, what they kept."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import Any

from django.db.models import Min, Q
from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from coaching.models import Case, OneOnOne
from coaching.selectors import reversed_for
from performance.models import Flag, FlagEvent
from performance.selectors import standings
from performance.selectors.calls import Judged, judged
from salesmgmt.desk.edges import csv_answer
from salesmgmt.lib import clock
from salesmgmt.lib.groups import SMALLEST_GROUP
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ratios import ratio
from teams.edges import SignedIn, looked
from teams.models import Leadership, Look, Organisation, Person, Posting, PostingQuerySet, Team, access_of

QUARTERS = 5
HEADER = (
    "quarter", "people_with_quota", "at_quota", "share_at_quota", "lowest", "lower_quarter", "median", "upper_quarter",
    "highest", "calls_judged", "call_error", "call_bias", "flags", "flags_answered", "median_hours_to_answer",
    "talks_planned", "talks_held", "people_at_start", "people_kept", "disputes_reversed",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Spread:
    """Where the attainment of a group lies; none of fewer than five people, who could be told apart."""

    lowest: Decimal
    lower: Decimal
    middle: Decimal
    upper: Decimal
    highest: Decimal


@dataclass(frozen=True, slots=True)
class Quarter:
    """What a manager did in a quarter, as far as they led in it."""

    period: Period
    people: int
    """With a quota, and there for half of the days at least."""
    at_quota: int
    spread: Spread | None
    flags: int
    answered: int
    answer_took: timedelta | None
    """The median from a flag to the first thing the manager did about it; putting it off with a reason is one."""
    planned: int
    held: int
    there: int
    kept: int
    reversed: int = 0
    """Disputes granted against what they did, or decisions of theirs overturned on appeal."""
    calls: tuple[Judged, ...] = ()
    """The manager's own calls for teams, as they stood at the checkpoints, beside what came (R18)."""

    @property
    def call_error(self) -> Decimal | None:
        """How far off the calls were, whichever way ÷ result."""
        return ratio(sum(abs(one.off) for one in self.calls), sum(one.result for one in self.calls))

    @property
    def call_bias(self) -> Decimal | None:
        """(called − result) ÷ result; above zero: called too much."""
        return ratio(sum(one.off for one in self.calls), sum(one.result for one in self.calls))

    @property
    def share_at_quota(self) -> Decimal | None:
        return ratio(self.at_quota, self.people)

    @property
    def share_held(self) -> Decimal | None:
        return ratio(self.held, self.planned)

    @property
    def share_kept(self) -> Decimal | None:
        return ratio(self.kept, self.there)


def record_of(manager: Person, *, as_of: date, organisation: Organisation, quarters: int = QUARTERS) -> list[Quarter]:
    """The quarters in which somebody led a team, the latest first."""
    now = Period.of(as_of, "quarter", organisation.calendar)
    found = []
    calls: dict[str, list[Judged]] = {}
    for of_team in judged(q=Q(person=manager, team__isnull=False), as_of=as_of, key="team_id").values():
        for one in of_team:
            calls.setdefault(one.period.key, []).append(one)
    for ago in range(quarters):
        period = now.shift(-ago)
        led = _led(manager, period)
        if led:
            found.append(replace(_quarter(manager, led, period, as_of), calls=tuple(calls.get(period.key, ()))))
    return found


def _led(manager: Person, period: Period) -> dict[int, tuple[date, date]]:
    """Teams led in a period, each with the part of it in which they were."""
    rows = Leadership.objects.overlapping(period.start, period.end).filter(person=manager)
    return {row.team_id: (max(row.starts_on, period.start), min(row.until or period.end, period.end)) for row in rows}


def _quarter(manager: Person, led: dict[int, tuple[date, date]], period: Period, as_of: date) -> Quarter:
    start, until = min(one for one, _ in led.values()), max(one for _, one in led.values())
    last = min(as_of, until - timedelta(days=1))
    under = list(Team.objects.under(list(led)).values_list("pk", flat=True))
    posted = Posting.objects.filter(team__in=under).exclude(person=manager)
    first, people, own = _there(posted, start, last)
    rows = [row for row in standings(person_ids=own, period=period, as_of=last) if row.attainment is not None]
    reached = sorted(row.attainment for row in rows if row.attainment is not None)
    flags, waits = _answers(manager, people | first, start, min(until, as_of + timedelta(days=1)))
    talks = OneOnOne.objects.filter(manager=manager, starts_at__date__gte=start, starts_at__date__lte=last)
    talks = talks.exclude(is_excused=True)  # leave, or another manager's by then
    states = list(talks.values_list("state", flat=True))
    here = Person.objects.filter(pk__in=first).filter(Q(left_on=None) | Q(left_on__gt=last))
    return Quarter(
        period=period,
        people=len(rows),
        at_quota=sum(1 for one in reached if one >= 1),
        spread=_spread(reached),
        flags=flags,
        answered=len(waits),
        answer_took=_middle(waits),
        planned=len(states),
        held=states.count(OneOnOne.State.HELD),
        there=len(first),
        kept=here.count(),
        reversed=reversed_for(manager=manager, start=start, end=last + timedelta(days=1)),
    )


def _there(posted: PostingQuerySet, start: date, last: date) -> tuple[set[int], set[int], set[int]]:
    """Who was there on the first day; who on the last; and of these who for half of the days: what others reached, they
    reached elsewhere."""
    first, now = set[int](), set[int]()
    days: dict[int, int] = {}
    for row in posted.overlapping(min(start, last), max(start, last) + timedelta(days=1)):
        began, until = row.starts_on or date.min, row.until or date.max
        first |= {row.person_id} if began <= start < until else set()
        now |= {row.person_id} if began <= last < until else set()
        span = min(until, last + timedelta(days=1)) - max(began, start)
        days[row.person_id] = days.get(row.person_id, 0) + max(span.days, 0)
    return first, now, {pk for pk in now if 2 * days[pk] >= (last - start).days + 1 > 0}


def _spread(reached: list[Decimal]) -> Spread | None:
    if len(reached) < SMALLEST_GROUP:
        return None

    def at(share: float) -> Decimal:
        place = share * (len(reached) - 1)
        low = int(place)
        high = min(low + 1, len(reached) - 1)
        return reached[low] + (reached[high] - reached[low]) * Decimal(str(place - low))

    return Spread(reached[0], at(0.25), at(0.5), at(0.75), reached[-1])


def _middle(waits: list[timedelta]) -> timedelta | None:
    return timedelta(seconds=median(wait.total_seconds() for wait in waits)) if waits else None


def _answers(manager: Person, people: set[int], start: date, until: date) -> tuple[int, list[timedelta]]:
    """Flags raised about one's people, and how long the answered ones waited for a case, a talk, or a word why not."""
    flags = Flag.objects.filter(person__in=people, raised_on__gte=start, raised_on__lt=until)
    raised = dict(
        FlagEvent.objects.filter(flag__in=flags, kind=FlagEvent.Kind.RAISED).values_list("flag").annotate(Min("at"))
    )
    cases = Case.objects.filter(flag__in=flags, owner=manager).values_list("flag", "opened_at")
    talks = OneOnOne.objects.filter(manager=manager, person__in=people).exclude(state=OneOnOne.State.CANCELLED)
    made: dict[int, list[datetime]] = {}
    for person, at in talks.values_list("person", "planned_at"):
        made.setdefault(person, []).append(at)
    opened = dict(cases)
    put_off = FlagEvent.objects.filter(flag__in=flags, kind=FlagEvent.Kind.SNOOZED, by__person=manager)
    said = dict(put_off.values_list("flag").annotate(Min("at")))
    waits = []
    count = 0
    for pk, person in flags.values_list("pk", "person_id"):
        count += 1
        began = raised.get(pk)
        if began is None:
            continue
        after = [at for at in (opened.get(pk), said.get(pk), *made.get(person, [])) if at is not None and at >= began]
        if after:
            waits.append(min(after) - began)
    return count, waits


@require_GET
def record(request: SignedIn, pk: int) -> HttpResponseBase:
    """The record of somebody who leads, or led lately; seen by themselves and up the line."""
    manager = get_object_or_404(Person.objects.visible_to(request.user), pk=pk)
    looked(request, Look.Page.MANAGER, manager.pk)
    organisation = Organisation.get()
    today = clock.today(organisation.time_zone)
    quarters = record_of(manager, as_of=today, organisation=organisation)
    if not quarters and not Leadership.objects.filter(person=manager).exists():
        raise Http404
    if request.GET.get("export") == "csv":
        return csv_answer(request, f"record-{pk}", HEADER, (_cells(one) for one in quarters))
    context = {
        "manager": manager,
        "is_own": access_of(request.user).person_id == manager.pk,
        "quarters": quarters,
        "now": quarters[0] if quarters else None,
        "last": next((one for one in quarters if one.period.last_day < today), None),
        "smallest": SMALLEST_GROUP,
        "as_of": today,
    }
    return render(request, "pages/manager_record.html", context)


def _cells(one: Quarter) -> tuple[Any, ...]:
    spread = one.spread
    hours = round(one.answer_took.total_seconds() / 3600, 1) if one.answer_took is not None else None
    five = (spread.lowest, spread.lower, spread.middle, spread.upper, spread.highest) if spread else (None,) * 5
    return (
        one.period.key, one.people, one.at_quota, one.share_at_quota, *five, len(one.calls),
        one.call_error, one.call_bias, one.flags, one.answered, hours,
        one.planned, one.held, one.there, one.kept, one.reversed,
    )  # fmt: skip
