"""Early signs of losing a good person: for their manager alone, worked out on reading, kept nowhere."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import pairwise
from statistics import median
from zoneinfo import ZoneInfo

from coaching.models import OneOnOne, Pulse
from performance.selectors import standings
from salesmgmt.desk.kept import kept
from salesmgmt.lib.groups import SMALLEST_GROUP
from salesmgmt.lib.periods import Period
from teams.models import (
    Leadership,
    Leave,
    Organisation,
    Pay,
    Person,
    Posting,
    Showing,
    SkillRating,
    Team,
    access_of,
    led_by_others,
)
from teams.selectors import hidden_of

SKIPPED, SKIPPED_DAYS = 2, 90
GROWS = timedelta(days=365)
SETTLED = timedelta(days=540)  # in one seat before it counts as standing still
CHANGED = timedelta(days=270)
FALLS = 2  # places
GREW = {True: "no skill grew in a year", False: "no skill was ever rated"}
PAID_LESS = Decimal("0.85")  # of what comparable people are usually paid
PAID = "Pay lies below that of comparable people. HR knows more."
LOW, LOW_TIMES, MOODS_DAYS = 2, 3, timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Sign:
    """Something that is worth a talk, in a sentence about what happened."""

    key: str
    sentence: str


@dataclass(frozen=True, slots=True)
class SignsOf:
    person: Person
    signs: tuple[Sign, ...]


def early_signs(*, manager: Person, on: date, organisation: Organisation) -> list[SignsOf]:
    """The people somebody leads directly, those with most signs first; never a manager whom they stand in for."""
    led = list(Leadership.objects.on(on).filter(person=manager).values_list("team_id", flat=True))
    posted = Posting.objects.on(on).filter(team__in=led, team__department="").exclude(person=manager)
    below = Team.objects.present().filter(parent__in=led)
    lead = Leadership.objects.on(on).filter(team__in=below).exclude(person=manager)
    ids = {*posted.values_list("person_id", flat=True), *lead.values_list("person_id", flat=True)}
    led_here = Person.objects.active(on).filter(pk__in=ids)
    if manager.user is not None:
        led_here = led_here.exclude(pk__in=led_by_others(access_of(manager.user)).values("pk"))
    people = list(led_here.order_by("name", "pk"))
    known = {person.pk for person in people}
    found: dict[int, list[Sign]] = defaultdict(list)
    for pk, sign in (
        *_fallen(known, on, organisation),
        *_skipped(known, manager, on, organisation),
        *_low(known, manager, on),
        *_still(known, on),
        *_paid(known, on, organisation),
    ):
        found[pk].append(sign)
    rows = [SignsOf(person, tuple(found[person.pk])) for person in people]
    return sorted(rows, key=lambda row: -len(row.signs))


def _fallen(ids: Collection[int], on: date, organisation: Organisation) -> list[tuple[int, Sign]]:
    """Rank in the team by attainment, of the last whole quarter before the territory changed and the latest one.

    Only where ranks are shown, among five people at least, of people who were not in protected leave.
    """
    changed: dict[int, date] = {}
    postings = list(Posting.objects.filter(person__in=ids).order_by("person", "during"))
    for before, after in pairwise(postings):
        same = before.person_id == after.person_id
        if same and before.territory_id != after.territory_id and on - CHANGED <= after.starts_on <= on:
            changed[after.person_id] = after.starts_on
    hidden = hidden_of(Showing.RANKS, list(changed), days={on}, organisation=organisation)
    latest = Period.of(on, "quarter", organisation.calendar).shift(-1)
    here = {row.person_id: row for row in postings if on in row}
    found = []
    ranks: dict[tuple[int, str], dict[int, int]] = {}
    for pk, day in changed.items():
        seat = here.get(pk)
        earlier = Period.of(day, "quarter", organisation.calendar).shift(-1)
        if seat is None or pk in hidden or latest <= earlier:
            continue
        for period in (earlier, latest):
            if (seat.team_id, period.key) not in ranks:
                ranks[seat.team_id, period.key] = _ranks(seat.team_id, period, on)
        then, now = ranks[seat.team_id, earlier.key], ranks[seat.team_id, latest.key]
        if pk in then and pk in now and now[pk] - then[pk] >= FALLS:
            sentence = f"Since the territory changed on {day:%-d %b %Y}, {now[pk] - then[pk]} places lower in the team."
            found.append((pk, Sign("rank", sentence)))
    return found


def _ranks(team: int, period: Period, on: date) -> dict[int, int]:
    reached = _reached(set(Posting.objects.on(on).filter(team=team).values_list("person_id", flat=True)), period)
    if len(reached) < SMALLEST_GROUP:
        return {}
    return {pk: len(reached) - place for place, pk in enumerate(reached)}


def _reached(ids: set[int], period: Period) -> list[int]:
    """People by their attainment, the lowest first, without who was in protected leave."""
    away = Leave.objects.overlapping(period.start, period.end).filter(person__in=ids, kind__is_protected=True)
    there = ids - set(away.values_list("person_id", flat=True))
    rows = standings(person_ids=there, period=period, as_of=period.last_day)
    return [pk for _, pk in sorted((row.attainment, row.person.pk) for row in rows if row.attainment is not None)]


def _skipped(ids: Collection[int], manager: Person, on: date, organisation: Organisation) -> list[tuple[int, Sign]]:
    """1:1s called off without an excuse, or planned and past without being held."""
    today = datetime(on.year, on.month, on.day, tzinfo=ZoneInfo(organisation.time_zone))
    since = today - timedelta(days=SKIPPED_DAYS)
    talks = OneOnOne.objects.filter(person__in=ids, manager=manager, starts_at__gte=since, starts_at__lt=today)
    counts: dict[int, int] = defaultdict(int)
    for pk in talks.skipped(today).values_list("person_id", flat=True):
        counts[pk] += 1
    return [
        (pk, Sign("talks", f"{count} 1:1s were skipped in {SKIPPED_DAYS} days."))
        for pk, count in counts.items()
        if count >= SKIPPED
    ]


def _low(ids: Collection[int], manager: Person, on: date) -> list[tuple[int, Sign]]:
    """What people said to this manager in one tap: low each of the last times."""
    said: dict[int, list[int]] = defaultdict(list)
    rows = Pulse.objects.filter(person__in=ids, manager=manager, kind=Pulse.Kind.MOOD, score__isnull=False)
    lately = rows.filter(on__gt=on - MOODS_DAYS, on__lte=on).standing()
    for pulse in lately:  # the latest day of each first
        said[pulse.person_id].append(pulse.score or 0)
    return [
        (pk, Sign("mood", f"Mood was low the last {LOW_TIMES} times they said."))
        for pk, scores in said.items()
        if len(scores) >= LOW_TIMES and max(scores[:LOW_TIMES]) <= LOW
    ]


def _still(ids: Collection[int], on: date) -> list[tuple[int, Sign]]:
    """In the same seat for long, and no skill was rated higher in a year by who leads them."""
    seats: dict[int, Posting] = {}
    for posting in Posting.objects.filter(person__in=ids, during__startswith__lte=on).order_by("during"):
        last = seats.get(posting.person_id)
        if last is None or (last.team_id, last.role) != (posting.team_id, posting.role):
            seats[posting.person_id] = posting
    ratings: dict[tuple[int, int], list[tuple[date, int]]] = defaultdict(list)
    for row in SkillRating.objects.filter(person__in=ids, is_own=False, at__date__lte=on).order_by("at", "pk"):
        ratings[row.person_id, row.skill_id].append((row.at.date(), row.score))
    grown = {
        pk
        for (pk, _), rows in ratings.items()
        if rows[-1][1] > next((score for day, score in reversed(rows) if day < on - GROWS), rows[0][1])
    }
    rated_long = {pk for (pk, _), rows in ratings.items() if rows[0][0] < on - GROWS}
    rated = {pk for pk, _ in ratings}
    return [
        (pk, Sign("growth", f"In the same seat since {seat.starts_on:%b %Y}, and {GREW[pk in rated]}."))
        for pk, seat in seats.items()
        if seat.starts_on < on - SETTLED and pk not in grown and (pk in rated_long or pk not in rated)
    ]


def _paid(ids: Collection[int], on: date, organisation: Organisation) -> list[tuple[int, Sign]]:
    """Paid clearly less than the five who stand nearest in rank, by attainment in the last whole quarter.

    Compared are people of the same role and region who are paid in the same currency, for a full week each; without
    who was in protected leave then, and without who must not be shown. No amount leaves this function.
    """
    pay = {one.person_id: one for one in Pay.objects.on(on).filter(person__withdrawn_at=None)}
    if not pay.keys() & set(ids):
        return []
    hidden = hidden_of(Showing.PAY, pay, days={on}, organisation=organisation)
    hidden |= hidden_of(Showing.RANKS, pay, days={on}, organisation=organisation)
    groups: dict[tuple[str, str, str], set[int]] = defaultdict(set)
    for seat in Posting.objects.on(on).filter(person__in=pay.keys() - hidden):
        region = (seat.holiday_region or organisation.holiday_region)[:2]
        groups[seat.role, region, pay[seat.person_id].currency].add(seat.person_id)
    alike = [group for group in groups.values() if len(group) > SMALLEST_GROUP and group & set(ids)]
    latest = Period.of(on, "quarter", organisation.calendar).shift(-1)
    found = []
    for group in alike:
        ranked = kept(partial(_reached, group, latest), "reached", sorted(group), latest.key)
        for place, pk in enumerate(ranked):
            start = min(max(place - SMALLEST_GROUP // 2, 0), max(len(ranked) - 1 - SMALLEST_GROUP, 0))
            others = [one for one in ranked[start : start + 1 + SMALLEST_GROUP] if one != pk]
            if pk in ids and len(others) >= SMALLEST_GROUP:
                usual = median(pay[one].yearly for one in others)
                if pay[pk].yearly < usual * PAID_LESS:
                    found.append((pk, Sign("pay", PAID)))
    return found
