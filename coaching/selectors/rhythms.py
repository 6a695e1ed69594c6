"""Questions about rhythms, and about how people say they are."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from django.db.models import Q

from coaching.analysis.rhythms import days_of
from coaching.models import OneOnOne, Pulse, Rhythm, RhythmQuerySet
from salesmgmt.lib.groups import SMALLEST_GROUP
from teams.models import Leadership, Person, Posting, Role, Team, User, access_of
from teams.selectors import PersonDays, members, presence

AHEAD = timedelta(days=15)  # days for which talks are planned; of slower rhythms the next one
BLOCK = timedelta(weeks=4)  # of moods that are counted together
FAR = timedelta(weeks=26)  # beyond which no talk is planned, however long a leave


def rhythms_of(user: User) -> RhythmQuerySet:
    return Rhythm.objects.visible_to(user).standing().select_related("person", "manager")


@dataclass(frozen=True, slots=True)
class Slot:
    """A talk that a rhythm asks for."""

    rhythm: Rhythm
    on: date

    @property
    def starts_at(self) -> datetime:
        return self.rhythm.moment(self.on)


@dataclass(slots=True)
class Outlook:
    """What is known about pairs in the weeks to come, read once for all of them."""

    presence: dict[int, PersonDays]
    leads: dict[int, list[Leadership]]
    paths: dict[int, list[int]]
    executives: frozenset[int]
    """Everybody is theirs."""

    def are_here(self, person_id: int, manager_id: int, day: date) -> bool:
        """Do both work that day, and is neither away?"""
        return self._is_here(person_id, day) and self._is_here(manager_id, day)

    def _is_here(self, person_id: int, day: date) -> bool:
        place = self._place(person_id, day)
        mine = self.presence.get(person_id)
        return mine is not None and place is not None and bool(mine.employed[place]) and not mine.away[place]

    def _place(self, person_id: int, day: date) -> int | None:
        mine = self.presence.get(person_id)
        if mine is None:
            return None
        place = int(np.searchsorted(mine.days, np.datetime64(day, "D")))
        return place if place < len(mine) and mine.days[place] == np.datetime64(day, "D") else None

    def leads_on(self, manager_id: int, person_id: int, day: date) -> bool:
        """Does somebody lead a person on a day, anywhere up the line?"""
        mine = self.presence.get(person_id)
        if mine is None or not len(mine):
            return False
        # On a day off, where the person is posted on the next day that they work.
        place = min(int(np.searchsorted(mine.days, np.datetime64(day, "D"))), len(mine) - 1)
        team_id = int(mine.team_ids[place])
        if manager_id in self.executives:
            return bool(team_id)
        path = self.paths.get(team_id, [])
        return any(row.team_id in path and day in row for row in self.leads.get(manager_id, []))

    def leads_ever(self, manager_id: int, person_id: int) -> bool:
        """From today on, as far as postings and seats are known; a stand-in of some weeks ends nothing."""
        mine = self.presence.get(person_id)
        if mine is None or manager_id in self.executives:
            return mine is not None and bool(mine.team_ids.any())
        return any(
            row.team_id in self.paths.get(int(team_id), []) and day in row
            for row in self.leads.get(manager_id, [])
            for day, team_id in zip(mine.days.astype(object), mine.team_ids, strict=True)
        )


def outlook(pairs: Collection[tuple[int, int]], *, on: date) -> Outlook:
    """Calendars, leave and seats of these pairs (person, manager) from a day on, in eight queries."""
    ids = {one for pair in pairs for one in pair}
    seats = Leadership.objects.filter(person__in={manager for _, manager in pairs}, during__endswith__isnull=True)
    ending = Leadership.objects.filter(person__in={manager for _, manager in pairs}, during__endswith__gt=on)
    leads: dict[int, list[Leadership]] = {}
    for row in seats | ending:
        leads.setdefault(row.person_id, []).append(row)
    return Outlook(
        presence=presence(person_ids=ids, start=on, end=on + FAR) if ids else {},
        leads=leads,
        paths=dict(Team.objects.values_list("pk", "path")) if ids else {},
        executives=frozenset(
            Posting.objects.on(on).filter(role=Role.EXECUTIVE, person__in=ids).values_list("person_id", flat=True)
        ),
    )


def slots_of(rhythm: Rhythm, known: Outlook, *, on: date) -> list[Slot]:
    """The days for which a talk should stand: of the coming two weeks, or the next one. Holidays and leave are out."""
    days = days_of(
        starts_on=rhythm.starts_on, every_weeks=rhythm.every_weeks, weekday=rhythm.weekday, since=on, until=on + FAR
    )
    person, manager = rhythm.person_id, rhythm.manager_id
    found: list[Slot] = []
    for day in days:
        if found and day >= on + AHEAD:
            break
        if known.are_here(person, manager, day) and known.leads_on(manager, person, day):
            found.append(Slot(rhythm, day))
    return found


Standing = Mapping[tuple[int, int], set[date | datetime]]


def talks_standing(*, on: date, at: datetime, rhythm: Rhythm | None = None) -> Standing:
    """By pair, days of the rhythm that have had their talk, whatever came of it, and moments that are taken."""
    talks = OneOnOne.objects.filter(Q(rhythm_on__gte=on) | Q(starts_at__gte=at))
    if rhythm is not None:
        talks = talks.filter(person=rhythm.person_id, manager=rhythm.manager_id)
    found: dict[tuple[int, int], set[date | datetime]] = {}
    for person, manager, day, starts_at in talks.values_list("person", "manager", "rhythm_on", "starts_at"):
        found.setdefault((person, manager), set()).update([starts_at, *([day] if day else [])])
    return found


def missing_slots(rhythm: Rhythm, known: Outlook, stands: Standing, *, on: date, at: datetime) -> list[Slot]:
    """The talks that the rhythm asks for and that have not been placed."""
    has = stands.get((rhythm.person_id, rhythm.manager_id), set())
    return [
        slot for slot in slots_of(rhythm, known, on=on) if slot.starts_at > at and not {slot.on, slot.starts_at} & has
    ]


# ── How they say they are ───────────────────────────────────────────────────────────────────────────────────────


def pulses_of(user: User, person: Person, *, since: date) -> dict[str, list[Pulse]]:
    """Somebody's series as far as the user may see it, the latest first, by kind."""
    rows = Pulse.objects.visible_to(user).filter(person=person, on__gte=since, score__isnull=False).standing()
    found: dict[str, list[Pulse]] = {kind: [] for kind in Pulse.Kind.values}
    for row in rows:
        found[row.kind].append(row)
    return found


@dataclass(frozen=True, slots=True)
class Latest:
    """What somebody said last."""

    person: Person
    mood: Pulse | None
    workload: Pulse | None


def latest_pulses(user: User, *, since: date) -> list[Latest]:
    """Of each person who told the user, the lowest mood first."""
    access = access_of(user)
    rows = Pulse.objects.visible_to(user).exclude(person=access.person_id).filter(on__gte=since, score__isnull=False)
    rows = rows.order_by("person", "kind", "-on", "-at", "-pk").distinct("person", "kind").select_related("person")
    said: dict[int, dict[str, Pulse]] = {}
    for row in rows:
        said.setdefault(row.person_id, {})[row.kind] = row
    found = [Latest(next(iter(one.values())).person, one.get("mood"), one.get("workload")) for one in said.values()]
    return sorted(found, key=lambda one: (one.mood.score or 0 if one.mood else 6, one.person.name, one.person.pk))


@dataclass(frozen=True, slots=True)
class PulseCount:
    """How many of a group said so; never of fewer than five."""

    kind: str
    starts_on: date
    said: int
    scores: tuple[int, int, int, int, int]

    @property
    def last_day(self) -> date:
        return self.starts_on + BLOCK - timedelta(days=1)

    @property
    def low(self) -> int:
        """Who said 1 or 2."""
        return self.scores[0] + self.scores[1]

    @property
    def high(self) -> int:
        """Who said 4 or 5."""
        return self.scores[3] + self.scores[4]


def pulse_counts(*, user: User, on: date) -> list[PulseCount]:
    """The last word of each person the user leads from farther up, counted over the last four whole weeks and over the
    four before; a kind fewer than five spoke of is out.

    Blocks of weeks that are over and don't overlap: counts that move with each day would tell who spoke since
    yesterday. Whose words they read, and their own, are left out: what is left without them would be somebody's.
    """
    access = access_of(user)
    over = on - timedelta(days=(on.toordinal() - 1) % BLOCK.days)  # ordinal 1 was a Monday
    found = []
    for starts_on in (over - BLOCK, over - 2 * BLOCK):
        until = starts_on + BLOCK
        inside = Pulse.objects.filter(on__gte=starts_on, on__lt=until)
        told = Pulse.objects.visible_to(user).filter(on__gte=starts_on, on__lt=until).values("person")
        people = members(access.led_team_ids, until - timedelta(days=1)).exclude(pk__in=told)
        last = inside.filter(person__in=people.exclude(pk=access.person_id or 0), score__isnull=False)
        last = last.order_by("kind", "person", "-on", "-at", "-pk").distinct("kind", "person")
        tallies: dict[str, Counter[int]] = {}
        for kind, score in last.values_list("kind", "score"):
            tallies.setdefault(kind, Counter())[score or 0] += 1
        found += [
            PulseCount(kind, starts_on, tally.total(), (tally[1], tally[2], tally[3], tally[4], tally[5]))
            for kind, tally in sorted(tallies.items())
            if tally.total() >= SMALLEST_GROUP
        ]
    return found
