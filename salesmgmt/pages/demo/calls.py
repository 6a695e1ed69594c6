"""Writes what people and managers staked on the last quarters, each with a bias of their own, and on this one."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

import numpy as np

from performance.models import Call
from performance.selectors.calls import WEEKS, checkpoint
from performance.selectors.cells import Span, read
from performance.selectors.landings import landings
from salesmgmt.lib.periods import Period
from teams.models import Leadership, Organisation, Person, Posting, Role, Team

from .organisation import ZONE

QUARTERS = 6  # before this one
NOTES = ("", "", "Two large ones are late in the quarter.", "The frame contract is verbal.", "")
STEP = Decimal(500)
CREDIT = ("bookings", "overlay")


def write_calls(*, seed: int, today: date) -> None:
    """Some call high, some low, all come closer as the quarter goes by; managers shave the sum of their people."""
    if Call.objects.exists():
        return
    random = np.random.default_rng([seed, today.toordinal(), 9])
    quarter = Period.of(today, "quarter", Organisation.get().calendar)
    sellers = list(Person.objects.filter(postings__role=Role.REP).distinct().order_by("pk").select_related("user"))
    ids = [person.pk for person in sellers]
    bias = dict(zip(ids, random.normal(0.04, 0.12, len(ids)), strict=True))
    past = [quarter.shift(-back) for back in range(QUARTERS, 0, -1)]
    spans = [Span(one.key, CREDIT, one.start, one.end) for one in past]
    cells = read(spans, people=ids, each=True)
    now = landings(person_ids=ids, period=quarter, as_of=today)
    made: list[Call] = []
    for period in [*past, quarter]:
        for place, week in enumerate(WEEKS):
            on = checkpoint(period, week) - timedelta(days=int(random.integers(1, 4)))
            noise = random.normal(0, (0.22, 0.14, 0.08)[place], len(ids))
            best, note = random.uniform(1.1, 1.4, len(ids)), random.integers(0, len(NOTES), len(ids))
            if on >= today:
                continue
            posted = dict(Posting.objects.on(on).filter(role=Role.REP).values_list("person_id", "team_id"))
            stood: dict[int, Call] = {}
            for row, person in enumerate(sellers):
                if person.pk not in posted:
                    continue
                if period == quarter:
                    final = now[person.pk].landing if person.pk in now else Decimal(0)
                else:
                    final = sum((cells.total(name, key=person.pk, span=period.key) for name in CREDIT), Decimal(0))
                commit = _round(final * Decimal(str(max(1 + bias[person.pk] + noise[row], 0.2))))
                if commit > 0:
                    stood[person.pk] = _call(person, None, period, commit, best[row], on, NOTES[note[row]])
            made += [*stood.values(), *_of_managers(list(stood.values()), posted, period, on, random)]
    Call.objects.bulk_create(made)


def _of_managers(
    people: Sequence[Call], posted: dict[int, int], period: Period, on: date, random: np.random.Generator
) -> list[Call]:
    """Each team that has a leader: a little less than its people say."""
    made = []
    leaders = Leadership.objects.on(on).select_related("team", "person__user").order_by("team")
    for leadership in leaders:
        below = [call for call in people if posted[call.person_id] == leadership.team_id]
        factor = random.normal(0.95, 0.04)
        if below:
            commit = sum((call.commit for call in below), Decimal(0))
            best = sum((call.best_case for call in below), Decimal(0))
            call = _call(leadership.person, leadership.team, period, _round(commit * Decimal(str(factor))), 1.2, on, "")
            call.people_commit, call.people_best_case = commit, best
            made.append(call)
    return made


def _call(person: Person, team: Team | None, period: Period, commit: Decimal, best: float, on: date, note: str) -> Call:
    return Call(
        person=person, team=team, period=period.key, starts_on=period.start, until=period.end, commit=commit,
        best_case=max(_round(commit * Decimal(str(best))), commit), currency="EUR", note=note, made_on=on,
        made_at=datetime.combine(on, time(9 if team is None else 15), ZoneInfo(ZONE)), by=person.user,
    )  # fmt: skip


def _round(amount: Decimal) -> Decimal:
    return (amount / STEP).quantize(Decimal(1), ROUND_HALF_UP) * STEP
