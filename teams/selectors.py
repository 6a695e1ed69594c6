"""Questions about people, teams and calendars: who was where, who leads whom, which days count."""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Min, QuerySet
from django.db.models.functions import Lower

from salesmgmt.desk.models import Token
from salesmgmt.desk.tokens import digest
from salesmgmt.lib.groups import tellable
from salesmgmt.lib.periods import FiscalCalendar, Kind, SetUp
from salesmgmt.lib.periods import Period as PeriodValue
from salesmgmt.lib.refusals import Refused

from .models import (
    Access,
    ExchangeRate,
    Holiday,
    Leadership,
    Leave,
    Organisation,
    Period,
    Person,
    Posting,
    Role,
    Showing,
    Skill,
    SkillRating,
    Team,
    User,
    Viewer,
    access_of,
    led_by_others,
)

Days = np.ndarray[Any, np.dtype[np.datetime64]]


def organisation() -> Organisation:
    """The one organisation; ask once per request and hand it on."""
    return Organisation.get()


def organisation_of(user: User) -> Organisation:
    """The organisation as `access_of` read it: at no further query."""
    access_of(user)
    return user._organisation


def person_of(user: Viewer) -> Person | None:
    """The person behind a login, looked up once per user object."""
    pk = access_of(user).person_id  # which mostly finds the person on its way
    if pk is None or not isinstance(user, User):
        return None
    if not hasattr(user, "_person"):
        user._person = Person.objects.filter(pk=pk).first()
    return user._person


# ── People's rights ─────────────────────────────────────────────────────────────────────────────────────────────


def hidden_of(
    what: Showing, person_ids: Collection[int], *, days: Iterable[date], organisation: Organisation
) -> set[int]:
    """Of whom this may not be shown: by the switch for all, or by the country they are posted in on one of the days.

    Whoever has left, or is not yet there, is of the country they were in last, else of the organisation's.
    """
    if not organisation.shows(what):
        return set(person_ids)
    without = organisation.countries_without(what)
    if not without or not person_ids:
        return set()
    hidden: set[int] = set()
    for day in set(days):
        posted = Posting.objects.filter(person__in=person_ids, during__startswith__lte=day)
        last = posted.order_by("person", "-during").distinct("person").values_list("person", "holiday_region")
        regions = dict.fromkeys(person_ids, "") | dict(last)
        hidden |= {pk for pk, region in regions.items() if (region or organisation.holiday_region)[:2] in without}
    return hidden


def told_of(what: Showing, *, on: date, today: date, organisation: Organisation) -> set[int] | None:
    """Of which teams (0: the company), as posted on a day, a figure of this may be told; None: of all.

    It must not tell of somebody of whom none may be shown: counted are only they, for of the others it is shown anyway.
    """
    if organisation.shows(what) and not organisation.countries_without(what):
        return None
    posted = Posting.objects.on(on).values_list("person_id", "team__path")
    under: dict[int, set[int]] = {pk: set() for pk in Team.objects.present().values_list("pk", flat=True)}
    under[0] = set()
    for person, path in posted:
        for pk in (0, *path):
            under.setdefault(pk, set()).add(person)
    hidden = hidden_of(what, under[0], days={on, today}, organisation=organisation)
    return tellable({pk: people & hidden for pk, people in under.items()})


# ── Where people are posted ─────────────────────────────────────────────────────────────────────────────────────


def team_on(person: Person, day: date) -> Team | None:
    """The team a person is posted to on a day."""
    posting = Posting.objects.on(day).filter(person=person).select_related("team").first()
    return posting.team if posting else None


def manager_of(person: Person, day: date) -> Person | None:
    """Who leads a person's team on a day; for the leader themselves, and where the seat is vacant, the next team up."""
    team = team_on(person, day)
    if team is None:
        return None
    above = Leadership.objects.on(day).filter(team__in=team.path).exclude(person=person).select_related("person")
    leaders = {leadership.team_id: leadership.person for leadership in above}
    return next((leaders[team_id] for team_id in reversed(team.path) if team_id in leaders), None)


def people_here(day: date) -> QuerySet[Person]:
    """Everybody who works here on a day, by name."""
    return Person.objects.present().active(day).order_by("name", "pk")


def members(team_ids: Sequence[int], day: date) -> QuerySet[Person]:
    """Everybody posted on a day to these teams or below them."""
    return Person.objects.filter(pk__in=Posting.objects.on(day).under(list(team_ids)).values("person"))


# ── Calendars ───────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, eq=False)
class PersonDays:
    """The working days of one person's own calendar and what holds on each: parallel arrays of one length.

    A day without a posting is not `employed`, has team 0 and the calendar of the posting next to it, or the
    organisation's where there is none.
    """

    days: Days
    team_ids: np.ndarray[Any, np.dtype[np.int64]]
    employed: np.ndarray[Any, np.dtype[np.bool_]]
    fte: np.ndarray[Any, np.dtype[np.object_]]
    """Decimals; 1 is a full week."""
    relieved: np.ndarray[Any, np.dtype[np.bool_]]
    """On leave that relieves quota (R3)."""
    away: np.ndarray[Any, np.dtype[np.bool_]]
    """On any leave; moves pace."""
    tenure_month: np.ndarray[Any, np.dtype[np.int64]]
    """From 1, by the day of joining: 10 Aug to 9 Sep is month 1 (R2); 0 before."""
    ramp: np.ndarray[Any, np.dtype[np.object_]]
    """Name of the ramp profile, or empty."""
    role: np.ndarray[Any, np.dtype[np.object_]] | None = None
    start: np.ndarray[Any, np.dtype[np.object_]] | None = None
    """What the person last began: "new" in the company, "transfer" to a team, "return" from a long leave."""
    start_month: np.ndarray[Any, np.dtype[np.int64]] | None = None
    """From 1, counted from that start as tenure is."""

    def __len__(self) -> int:
        return len(self.days)


def working_days(*, region: str, week: Sequence[int], start: date, end: date) -> Days:
    """The days in `[start, end)` that are in the working week and no public holiday of the region."""
    holidays = Holiday.objects.of(region).filter(on__gte=start, on__lt=end).values_list("on", flat=True)
    grid = _grid(start, end)
    days: Days = grid[_is_working(grid, tuple(week), holidays)]
    return days


def presence(*, person_ids: Iterable[int], start: date, end: date) -> dict[int, PersonDays]:
    """The base of every quota and pace figure: who was there, where and how much, day by day, in five queries."""
    ids = set(person_ids)
    organisation = Organisation.get()
    people = Person.objects.filter(pk__in=ids).annotate(first_posted_on=Min(Lower("postings__during")))
    postings: dict[int, list[Posting]] = {}
    ever = Posting.objects.filter(person__in=ids, during__startswith__lt=end)
    for posting in ever.order_by("during"):
        postings.setdefault(posting.person_id, []).append(posting)
    leaves: dict[int, list[Leave]] = {}
    lately = Leave.objects.overlapping(start - RETURN_SHOWS, end).filter(person__in=ids)
    for leave in lately.select_related("kind").order_by("during"):
        leaves.setdefault(leave.person_id, []).append(leave)
    regions = {posting.holiday_region for mine in postings.values() for posting in mine} | {organisation.holiday_region}
    holidays: dict[str, list[date]] = {}
    for region, on in Holiday.objects.filter(region__in=regions, on__gte=start, on__lt=end).values_list("region", "on"):
        holidays.setdefault(region, []).append(on)

    grid = _grid(start, end)
    calendars: dict[tuple[str, tuple[int, ...]], np.ndarray[Any, np.dtype[np.bool_]]] = {}

    def calendar(posting: Posting | None) -> np.ndarray[Any, np.dtype[np.bool_]]:
        region = (posting and posting.holiday_region) or organisation.holiday_region
        week = tuple((posting and posting.working_week) or organisation.working_week)
        if (region, week) not in calendars:
            calendars[region, week] = _is_working(grid, week, holidays.get(region, ()))
        return calendars[region, week]

    return {
        person.pk: _days_of(person, postings.get(person.pk, []), leaves.get(person.pk, []), grid, calendar, start)
        for person in people
    }


def _days_of(
    person: Any, ever: list[Posting], leaves: list[Leave], grid: Days, calendar: Any, start: date
) -> PersonDays:
    size = len(grid)
    postings = [posting for posting in ever if posting.until is None or posting.until > start]
    first = grid[0].astype(date) if size else date.min

    def span(lower: date | None, upper: date | None) -> slice:
        return slice(
            min(max((lower - first).days, 0), size) if lower else 0,
            max(min((upper - first).days, size), 0) if upper else size,
        )

    works = calendar(postings[0] if postings else None).copy()
    team_ids = np.zeros(size, dtype=np.int64)
    fte = np.full(size, Decimal(1), dtype=object)
    ramp, role = np.full(size, "", dtype=object), np.full(size, "", dtype=object)
    for posting in postings:
        days = span(posting.starts_on, posting.until)
        works[days.start :] = calendar(posting)[days.start :]  # also a gap behind it has its calendar
        team_ids[days], fte[days], ramp[days] = posting.team_id, posting.fte, posting.ramp
        role[days] = posting.role
    here = np.zeros(size, dtype=np.bool_)
    here[span(person.hired_on, person.left_on)] = True
    team_ids[~here] = 0
    relieved, away = np.zeros(size, dtype=np.bool_), np.zeros(size, dtype=np.bool_)
    for leave in leaves:
        days = span(leave.starts_on, leave.until)
        away[days] = True
        relieved[days] = leave.kind.relieves_quota
    begun, start_month = np.full(size, "", dtype=object), np.zeros(size, dtype=np.int64)
    for on, kind in _starts(person, ever, leaves):
        days = span(on, None)
        begun[days], start_month[days] = kind, _tenure_months(grid[days], on)
    return PersonDays(
        days=grid[works],
        team_ids=team_ids[works],
        employed=team_ids[works] > 0,
        fte=fte[works],
        relieved=relieved[works],
        away=away[works],
        tenure_month=_tenure_months(grid, person.hired_on or person.first_posted_on)[works],
        ramp=ramp[works],
        role=role[works],
        start=begun[works],
        start_month=start_month[works],
    )


RETURN_SHOWS = timedelta(days=731)  # how long after a long leave somebody may still be coming back
LONG_LEAVE = timedelta(days=56)


def _starts(person: Any, ever: list[Posting], leaves: list[Leave]) -> list[tuple[date, str]]:
    """What a person began and when, the earliest first: joined, moved to another team, came back after eight weeks."""
    joined = person.hired_on or person.first_posted_on
    found = [(joined, "new")] if joined else []
    for before, posting in pairwise(ever):
        if posting.team_id != before.team_id:
            found.append((posting.starts_on, "transfer"))
    for leave in leaves:
        if leave.until and leave.kind.relieves_quota and leave.until - leave.starts_on >= LONG_LEAVE:
            found.append((leave.until, "return"))
    return sorted(found)


def _tenure_months(grid: Days, joined: date | None) -> np.ndarray[Any, np.dtype[np.int64]]:
    if joined is None:
        return np.zeros(len(grid), dtype=np.int64)
    months = grid.astype("datetime64[M]")
    length = ((months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")).astype(np.int64)
    day = (grid - months.astype("datetime64[D]")).astype(np.int64) + 1
    # Joined on the 31st: where a month has no such day, its last day begins the next month of tenure.
    begun = day >= np.minimum(joined.day, length)
    whole = (months - np.datetime64(joined, "M")).astype(np.int64)
    months_here: np.ndarray[Any, np.dtype[np.int64]] = np.maximum(whole + begun, 0)
    return months_here


def _grid(start: date, end: date) -> Days:
    return np.arange(np.datetime64(start, "D"), np.datetime64(end, "D"))


def _is_working(grid: Days, week: tuple[int, ...], holidays: Iterable[date]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    weekday = (grid.astype(np.int64) + 3) % 7 + 1  # 1 January 1970 was a Thursday, ISO weekday 4
    off = np.array(list(holidays), dtype="datetime64[D]")
    return np.isin(weekday, week) & ~np.isin(grid, off)


def next_working_day(person: Person, day: date) -> date:
    """The first day after `day` on which a person works: their calendar, without their leave."""
    start = day + timedelta(days=1)
    for end in (start + timedelta(days=21), start + timedelta(days=400)):
        mine = presence(person_ids=[person.pk], start=start, end=end)[person.pk]
        if len(found := mine.days[~mine.away]):
            first: date = found[0].astype(date)
            return first
    return start


# ── The fiscal calendar ─────────────────────────────────────────────────────────────────────────────────────────

SHORTEST_YEAR, LONGEST_YEAR = timedelta(days=28), timedelta(days=18 * 31)
HORIZON = 35  # years ahead for which periods are stored at least


@dataclass(frozen=True, slots=True)
class CalendarChange:
    """What another set-up would do: the calendar it leads to, stored periods that move, those in their place."""

    calendar: FiscalCalendar
    starts_on: date
    moved: list[Period]
    made: list[PeriodValue]

    @property
    def first(self) -> date:
        """The first day from which something is another than it was."""
        return min(
            [*(row.starts_on for row in self.moved), *(month.start for month in self.made)], default=self.starts_on
        )


def calendar_change(calendar: FiscalCalendar, setup: SetUp) -> CalendarChange:
    """Compare a set-up with the periods that are stored. Refused where it makes no calendar."""
    _check(calendar, setup)
    changed = calendar.changed(setup)
    # The year before it may end elsewhere.
    start = min(calendar.start_of(setup.year - 1), changed.start_of(setup.year - 1))
    rows = list(Period.objects.standing().filter(during__endswith__gt=start).order_by("during"))
    last = max([setup.starts_on.replace(month=1, day=1).year + HORIZON, *(row.during.upper.year for row in rows[-1:])])
    wanted: dict[tuple[str, date, date], PeriodValue] = {}
    for year in range(setup.year - 1, changed.year_of(date(last, 1, 1)) + 1):
        for month in PeriodValue.parse(f"{year:04d}-FY", changed).months():
            wanted[month.key, month.start, month.end] = month
    stored = {(row.key, row.starts_on, row.until): row for row in rows}
    return CalendarChange(
        calendar=changed,
        starts_on=start,
        moved=[row for key, row in stored.items() if key not in wanted],
        made=[month for key, month in wanted.items() if key not in stored],
    )


def _check(calendar: FiscalCalendar, setup: SetUp) -> None:
    if not 1901 <= setup.year <= 9900:
        raise Refused(f"{setup.year} is no fiscal year; name one such as 2027.", field="year")
    day = setup.starts_on
    if setup.layout == "months" and day.day != 1:
        raise Refused(f"A year of months starts on the first of a month, not on {day:%-d %b %Y}.", field="starts_on")
    fits = range(-3, 4) if setup.nearest else range(-6, 1)
    if setup.layout != "months" and (day - setup.first_of_month).days not in fits:
        near = "within three days of" if setup.nearest else "on or within six days before"
        raise Refused(f"A year of weeks starts {near} the first of a month, not on {day:%-d %b %Y}.", field="starts_on")
    changed = calendar.changed(setup)
    for each in changed.setups[1:]:
        before = changed.start_of(each.year - 1)
        if not SHORTEST_YEAR <= each.starts_on - before <= LONGEST_YEAR:
            raise Refused(
                f"FY {each.year - 1} starts on {before:%-d %b %Y}: FY {each.year} can start four weeks to eighteen "
                f"months later, not on {each.starts_on:%-d %b %Y}.",
                field="starts_on",
            )


# ── Periods, closing, rates ─────────────────────────────────────────────────────────────────────────────────────


def period(key: str) -> PeriodValue:
    """The period of a key in the organisation's fiscal calendar. Raises ValueError with a sentence."""
    return PeriodValue.parse(key, Organisation.get().calendar)


def current_period(kind: Kind, day: date) -> PeriodValue:
    """The month, quarter or year of the organisation's fiscal calendar that holds a day."""
    return PeriodValue.of(day, kind, Organisation.get().calendar)


def is_closed(value: PeriodValue) -> bool:
    """A period is closed when every month of it is."""
    months = value.months()
    keys = [month.key for month in months]
    closed = Period.objects.standing().filter(key__in=keys, closed_at__isnull=False)
    return bool(keys) and closed.count() == len(keys)


def posting_day(occurred_on: date) -> date:
    """The day a fact is posted on: its own while that month is open, else the first day of the next open month.

    Holds the month against closing until the transaction ends (house, "Period").
    """
    return posting_days([occurred_on])[occurred_on]


def posting_days(days: Iterable[date]) -> dict[date, date]:
    """`posting_day` of many days, in two queries unless somebody is closing a month right now."""
    wanted = set(days)
    shut = Period.objects.filter(closed_at__isnull=False)
    closed = {during.lower: during.upper for during in shut.values_list("during", flat=True)}
    while True:
        posted = _first_open(wanted, closed)
        with connection.cursor() as cursor:
            cursor.execute(
                """
                SELECT lower(p.during), upper(p.during), p.closed_at
                  FROM unnest(%s::date[]) AS d JOIN teams_period p ON p.during @> d AND p.superseded_at IS NULL
                 ORDER BY p.id FOR SHARE OF p
                """,
                [sorted(set(posted.values()))],
            )
            # A closing that was waited for shows here: FOR SHARE reads the row as it is once the lock is had.
            meanwhile = {first: until for first, until, closed_at in cursor.fetchall() if closed_at}
        if not meanwhile:
            return posted
        closed |= meanwhile


def _first_open(days: Iterable[date], closed: dict[date, date]) -> dict[date, date]:
    """Each day, or the first one after the closed months around it."""
    starts = sorted(closed)
    found = {}
    for day in days:
        posted = day
        while (place := bisect_right(starts, posted)) and posted < (until := closed[starts[place - 1]]):
            posted = until
        found[day] = posted
    return found


def rate(currency: str, on: date, kind: str = ExchangeRate.Kind.ACTUAL) -> Decimal:
    """What one unit of a currency is worth in the reporting currency on a day; refused where no rate is known."""
    return rates([(currency, on)], kind)[currency, on]


def rates(wanted: Iterable[tuple[str, date]], kind: str = ExchangeRate.Kind.ACTUAL) -> dict[tuple[str, date], Decimal]:
    """`rate` of many (currency, day), in two queries."""
    pairs = set(wanted)
    own = Organisation.get().currency
    foreign = {currency for currency, _ in pairs} - {own}
    known: dict[str, list[ExchangeRate]] = {}
    for row in ExchangeRate.objects.filter(currency__in=foreign, kind=kind) if foreign else ():
        known.setdefault(row.currency, []).append(row)
    found = {}
    for currency, on in pairs:
        holding = (row.rate for row in known.get(currency, ()) if on in row.during)
        value = Decimal(1) if currency == own else next(holding, None)
        if value is None:
            raise Refused(f"There is no {kind} rate for {currency} on {on:%-d %b %Y}; add one first.", field="currency")
        found[currency, on] = value
    return found


# ── Secrets ─────────────────────────────────────────────────────────────────────────────────────────────────────


def invitation(secret: str, *, at: datetime, lock: bool = False) -> Token | None:
    """The invitation a link stands for, while it works."""
    tokens = Token.objects.select_for_update(of=("self",)) if lock else Token.objects
    return (
        tokens.select_related("user")
        .filter(digest=digest(secret), purpose=Token.Purpose.INVITATION, used_at=None, revoked_at=None)
        .filter(expires_at__gt=at, user__is_active=True)
        .first()
    )


def api_tokens(user: User) -> QuerySet[Token]:
    """A user's tokens for API clients that are in use, the latest first."""
    return Token.objects.filter(user=user, purpose=Token.Purpose.API, revoked_at=None).order_by("-made_at")


def addresses(user: User) -> dict[str, Token]:
    """A user's calendar and mail address in use, by purpose."""
    kinds = [Token.Purpose.CALENDAR, Token.Purpose.MAIL]
    return {token.purpose: token for token in Token.objects.filter(user=user, purpose__in=kinds, revoked_at=None)}


# ── Skills ──────────────────────────────────────────────────────────────────────────────────────────────────────


def skill_scores(person_ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    """What who leads them thinks of people's skills: the sum of the scores that stand, and how many; none contested."""
    found: dict[int, tuple[int, int]] = {}
    rows = SkillRating.objects.standing().filter(person__in=person_ids, is_own=False, skill__is_active=True)
    for person, score, contested_at in rows.values_list("person_id", "score", "contested_at"):
        if contested_at is None:
            total, count = found.get(person, (0, 0))
            found[person] = (total + score, count + 1)
    return found


def reads_ratings(access: Access, person: Person, on: date) -> bool:
    """Whether a user reads what was written with a rating: the person, who leads them today, executives; no stand-in of
    theirs.

    Who runs the installation sees the scores, and leads people as anybody else does.
    """
    if access.person_id == person.pk or access.role == Role.EXECUTIVE:
        return True
    if not access.sees_all:
        return access.sees_person(person.pk) and not led_by_others(access).filter(pk=person.pk).exists()
    return access.leads and Posting.objects.on(on).under(access.led_team_ids).filter(person=person).exists()


@dataclass(frozen=True, slots=True)
class SkillRow:
    """A skill of a person: how they see it, how who leads them does."""

    skill: Skill
    own: SkillRating | None
    manager: SkillRating | None


def skills_of(person: Person) -> list[SkillRow]:
    """Every skill in use with the ratings that stand."""
    ratings = {
        (row.skill_id, row.is_own): row
        for row in SkillRating.objects.standing().filter(person=person).select_related("by")
    }
    return [
        SkillRow(skill, ratings.get((skill.pk, True)), ratings.get((skill.pk, False)))
        for skill in Skill.objects.filter(is_active=True).order_by("name")
    ]
