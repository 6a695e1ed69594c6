"""Questions about praise: the wall, what the system suggests, and boards that shame nobody (R24)."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import connection
from django.db.models import Count, Exists, OuterRef, QuerySet

from coaching.models import Party
from coaching.selectors import praiseworthy_plans
from coaching.selectors.disputes import PayDue, pay_due, payers
from performance.selectors import Pace, Scope, Standing, pace, standings
from performance.selectors.catalogue import CREDITED
from performance.selectors.cells import Span, read
from recognition.analysis import is_best, named, ranks, streak
from recognition.models import (
    Applause,
    Award,
    AwardKind,
    BoardKind,
    Kudos,
    PaySettlement,
    PersonalBest,
    Screen,
    Suggestion,
)
from sales.selectors.deal_lines import discounts_given
from sales.selectors.feedback import csat_of_people
from salesmgmt.desk.tokens import digest
from salesmgmt.lib.groups import is_told_apart
from salesmgmt.lib.money import to_cents
from salesmgmt.lib.periods import FiscalCalendar, Period
from salesmgmt.lib.ratios import ratio
from targets.models import BOOKINGS, QuotaEntry
from targets.selectors import quota_parts
from teams.models import Leave, Organisation, Person, Posting, Role, Showing, Team, User, Viewer, access_of
from teams.selectors import hidden_of, members

LEAST_OF_A_QUOTA = Decimal("0.25")  # below it a percentage says little (R24)
IMPROVEMENT = Decimal("0.10")
UNITS: dict[str, str] = {
    BoardKind.ATTAINMENT: "share",
    BoardKind.RAMPED: "share",
    BoardKind.IMPROVEMENT: "points",
    BoardKind.CSAT: "grade",
    BoardKind.DISCOUNT: "discount",
}
QUALITY = {BoardKind.CSAT, BoardKind.DISCOUNT}
STREAK = 3
MONTHS = 24
FEWEST_MONTHS = 6


# ── Who takes part ──────────────────────────────────────────────────────────────────────────────────────────────


def comparable(person_ids: Collection[int], *, period: Period, as_of: date) -> set[int]:
    """Who may stand beside others: with at least a quarter of a full quota, and not in protected leave on the day."""
    away = Leave.objects.on(as_of).filter(kind__is_protected=True, person__in=person_ids)
    found = set()
    for person, kinds in quota_parts(person_ids=person_ids, start=period.start, end=period.end).items():
        quota, base = sum(kinds.values(), Decimal(0)), kinds.get("base", Decimal(0))
        if quota > 0 and quota >= base * LEAST_OF_A_QUOTA:
            found.add(person)
    return found - set(away.values_list("person_id", flat=True))


def may_be_ranked(person_ids: Collection[int], *, on: date, today: date, organisation: Organisation) -> set[int]:
    """Who may be named beside others at all: in a country that has ranks, then and today; not in protected leave."""
    away = (
        Leave.objects.on(on).filter(kind__is_protected=True, person__in=person_ids).values_list("person_id", flat=True)
    )
    found = set(person_ids) - set(away)
    return found - hidden_of(Showing.RANKS, found, days={on, today}, organisation=organisation)


# ── Boards ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Place:
    """A place with a name: of the top few. Rank and score only; what others sold is theirs."""

    rank: int
    person: Person
    score: Decimal
    is_own: bool


@dataclass(frozen=True, slots=True)
class Own:
    """Where one stands oneself. No rank: one is last, which nobody is told. `to_next` is what the next place takes."""

    rank: int | None
    score: Decimal
    to_next: Decimal | None
    is_money: bool


@dataclass(frozen=True, slots=True)
class Board:
    """A board of a team: the top few, oneself, and how many stand on it."""

    team: Team | None
    measure: str
    places: list[Place]
    own: Own | None
    size: int
    is_shown: bool

    @property
    def label(self) -> str:
        return BoardKind(self.measure).label

    @property
    def is_small(self) -> bool:
        """So few people that each would be known by their place."""
        return is_told_apart(self.size)

    @property
    def unit(self) -> str:
        """How a score is written: `share` of a quota, `points` of change, `grade` from 1 to 5, `discount`."""
        return UNITS[self.measure]

    @property
    def is_own_named(self) -> bool:
        return any(place.is_own for place in self.places)


def boards_of(user: Viewer) -> QuerySet[Team]:
    """The boards one may look at: of the team one is posted to, of those one leads and below, or of all."""
    return Team.objects.visible_to(user)


def own_board(user: Viewer) -> Team | None:
    """The board shown unasked: of the team one leads, else of one's own, else of the topmost."""
    access = access_of(user)
    teams = {team.pk: team for team in boards_of(user).order_by("path")}
    wanted = [*access.led_team_ids, access.team_id]
    return next((teams[pk] for pk in wanted if pk in teams), next(iter(teams.values()), None))


def leaderboard(
    *, user: User, period: Period, as_of: date, by: str = BoardKind.ATTAINMENT, team: Team | None = None
) -> Board:
    """Who is ahead in a team (none: that of `own_board`) and all below it. DoesNotExist for other people's boards.

    Improvement is pace now against attainment of the period before, in points: both count what the plan expected.
    """
    team = own_board(user) if team is None else boards_of(user).get(pk=team.pk)
    if team is None:
        return Board(None, by, [], None, 0, is_shown=False)
    return board_of(team=team, period=period, as_of=as_of, by=by, me=access_of(user).person_id)


def board_of(*, team: Team, period: Period, as_of: date, by: str, me: int | None = None) -> Board:
    """The same for whoever may see it: the top few, and the place of one person."""
    organisation = Organisation.get()
    if not organisation.shows(Showing.RANKS):
        return Board(team, by, [], None, 0, is_shown=False)
    day = min(as_of, period.last_day)
    ids = list(members([team.pk], day).filter(withdrawn_at=None).values_list("pk", flat=True))
    able = may_be_ranked(ids, on=day, today=as_of, organisation=organisation)
    if by not in QUALITY:
        able &= comparable(ids, period=period, as_of=day)
    rows = {row.person.pk: row for row in standings(person_ids=ids, period=period, as_of=day) if row.person.pk in able}
    scores = scores_of(rows, period=period, as_of=day, by=by)
    if is_told_apart(len(scores)):
        return Board(team, by, [], None, len(scores), is_shown=True)
    return _board(me, team, by, rows, scores)


def pace_on_screen(*, team: Team, period: Period, as_of: date, organisation: Organisation) -> Pace | None:
    """How a team stands, for whoever passes by; None where so few hold a quota that it would tell of one of them."""
    scope = Scope.team(team)
    held = QuotaEntry.objects.overlapping(period.start, period.end).filter(team__in=scope.team_ids, measure=BOOKINGS)
    if is_told_apart(held.exclude(person=None).values("person").distinct().count()):
        return None
    return pace(scope=scope, period=period, as_of=as_of, organisation=organisation)


def scores_of(rows: dict[int, Standing], *, period: Period, as_of: date, by: str) -> dict[int, Decimal]:
    """Each person's score, the higher the better; who has none is left out."""
    until = min(as_of + timedelta(days=1), period.end)
    match by:
        case BoardKind.ATTAINMENT:
            return {pk: row.attainment for pk, row in rows.items() if row.attainment is not None}
        case BoardKind.RAMPED:
            return {pk: row.pace for pk, row in rows.items() if row.pace is not None}
        case BoardKind.CSAT:
            return csat_of_people(rows, start=period.start, end=until)
        case BoardKind.DISCOUNT:
            return {pk: -share for pk, share in discounts_given(rows, start=period.start, end=until).items()}
    before = period.shift(-1)
    able = comparable(list(rows), period=before, as_of=as_of)
    past = {row.person.pk: row for row in standings(person_ids=able, period=before, as_of=before.last_day)}
    return {
        pk: now - row.attainment
        for pk, row in past.items()
        if (now := rows[pk].pace) is not None and row.attainment is not None
    }


def _board(me: int | None, team: Team, by: str, rows: dict[int, Standing], scores: dict[int, Decimal]) -> Board:
    placed = ranks(scores)
    last = max(placed.values(), default=0)
    shown = abs if by == BoardKind.DISCOUNT else Decimal
    top = [pk for pk in placed if placed[pk] <= named(len(placed)) and (placed[pk] < last or last == 1)]
    places = [
        Place(placed[pk], rows[pk].person, shown(scores[pk]), is_own=pk == me)
        for pk in sorted(top, key=lambda pk: (placed[pk], rows[pk].person.name, pk))
    ]
    own = None
    if me in placed:
        above = [score for pk, score in scores.items() if placed[pk] < placed[me]]
        missing = min(above) - scores[me] if above else None
        is_money = by in {BoardKind.ATTAINMENT, BoardKind.RAMPED}
        of = {BoardKind.ATTAINMENT: rows[me].quota, BoardKind.RAMPED: rows[me].expected}.get(BoardKind(by))
        if missing is not None and of is not None:
            missing = to_cents(missing * of)
        is_last = placed[me] == last and last > 1
        own = Own(None if is_last else placed[me], shown(scores[me]), missing, is_money=is_money)
    return Board(team, by, places, own, len(placed), is_shown=True)


# ── Personal bests ──────────────────────────────────────────────────────────────────────────────────────────────


BESTS: dict[str, tuple[str, ...]] = {
    "bookings": CREDITED,
    "deals_won": ("deals_won",),
    "activities.meeting": ("activities.meeting",),
}
IN_MONEY = {"bookings"}
# How many periods are looked back on, and how many of them must have brought something.
LOOKS_BACK: dict[str, tuple[int, int]] = {
    PersonalBest.Kind.WEEK: (52, 8),
    PersonalBest.Kind.MONTH: (24, FEWEST_MONTHS),
    PersonalBest.Kind.QUARTER: (8, 3),
}


@dataclass(frozen=True, slots=True)
class BestFound:
    """A period that is over and was better than all before it."""

    person_id: int
    measure: str
    period: Period
    value: Decimal
    before: Decimal


def bests(*, as_of: date, calendar: FiscalCalendar) -> list[BestFound]:
    """Whose last week, month or quarter was their best so far, in a query for each."""
    here = set(Person.objects.present().active(as_of).values_list("pk", flat=True))
    found = []
    for kind, (back, fewest) in LOOKS_BACK.items():
        last = Period.of(as_of, kind, calendar).shift(-1)  # type: ignore[arg-type]
        starts = [last.shift(-ago).start for ago in range(back, -1, -1)]
        for measure, parts in BESTS.items():
            value = "sum(total)" if measure in IN_MONEY else "sum(count)"
            with connection.cursor() as cursor:
                cursor.execute(
                    f"""
                    WITH each AS (
                        SELECT person_id, width_bucket("on", %(starts)s::date[]) AS at, {value} AS value
                          FROM performance_rollup
                         WHERE measure = ANY(%(parts)s) AND "on" >= %(start)s AND "on" < %(end)s AND person_id > 0
                         GROUP BY 1, 2
                    )
                    SELECT person_id, max(value) FILTER (WHERE at = %(last)s) AS now,
                           max(value) FILTER (WHERE at < %(last)s) AS before
                      FROM each GROUP BY 1
                    HAVING count(*) FILTER (WHERE at < %(last)s AND value > 0) >= %(fewest)s
                       AND max(value) FILTER (WHERE at = %(last)s) > max(value) FILTER (WHERE at < %(last)s)
                    """,  # nosec B608 (one of two constants)
                    {
                        "starts": starts, "parts": list(parts), "start": starts[0], "end": last.end,
                        "last": len(starts), "fewest": fewest,
                    },
                )  # fmt: skip
                rows = cursor.fetchall()
            found += [
                BestFound(person, measure, last, to_cents(Decimal(now)), to_cents(Decimal(before)))
                for person, now, before in rows
                if person in here
            ]
    return found


def bests_of(user: Viewer, person: Person) -> list[PersonalBest]:
    """The standing best week, month and quarter of somebody in each measure."""
    found = PersonalBest.objects.visible_to(user).filter(person=person)
    return list(found.order_by("measure", "kind", "-value").distinct("measure", "kind"))


# ── Screens ─────────────────────────────────────────────────────────────────────────────────────────────────────


def screen_of(secret: str) -> Screen | None:
    """The screen that this secret opens, while it is switched on."""
    return Screen.objects.filter(digest=digest(secret), is_on=True).select_related("team").first()


def lately_awarded(team: Team, *, since: datetime, on: date, count: int = 3) -> list[Award]:
    """The latest praise of a team's people that stands on the wall."""
    people = members([team.pk], on)
    found = Award.objects.filter(person__in=people, taken_down_at=None, given_at__gte=since).select_related("person")
    return list(found.order_by("-given_at", "-pk")[:count])


# ── What the system would praise ────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Found:
    """Something that earns praise, with what makes it unique and the figures behind it."""

    person_id: int
    kind: AwardKind
    key: str
    sentence: str
    evidence: dict[str, str]


def praiseworthy(*, as_of: date) -> list[Found]:
    """Quotas reached, best months, the most improved of each team and streaks, as of the end of a day."""
    organisation = Organisation.get()
    quarter = Period.of(as_of, "quarter", organisation.calendar)
    people = Person.objects.active(as_of).filter(withdrawn_at=None, pk__in=Posting.objects.on(as_of).values("person"))
    ids = list(people.values_list("pk", flat=True))
    able = comparable(ids, period=quarter, as_of=as_of)
    found = _reached(able, quarter, as_of, organisation.currency)
    found += _most_improved(ids, quarter.shift(-1), as_of)
    month = Period.of(as_of, "month", organisation.calendar).shift(-1)
    found += _by_month(able, month, organisation.currency)
    return found + _helped(set(ids), as_of)


def _helped(ids: Collection[int], as_of: date) -> list[Found]:
    """Whose measure stands above what was to be expected, beyond chance. That there was help is not the wall's."""
    found = []
    for one in praiseworthy_plans(as_of=as_of):
        if one.plan.person_id in ids and one.effect is not None:
            value, low, high = one.effect.shown
            sentence = f"{one.measure} {value} against what was to be expected, between {low} and {high}."
            key = f"{one.plan.measure} {one.plan.starts_on:%Y-%m-%d}"[:60]
            evidence = {"effect": f"{one.effect.value:.4f}", "low": f"{one.effect.low:.4f}"}
            found.append(Found(one.plan.person_id, AwardKind.IMPROVED, key, sentence, evidence))
    return found


def _reached(able: set[int], quarter: Period, as_of: date, currency: str) -> list[Found]:
    found = []
    for row in standings(person_ids=able, period=quarter, as_of=as_of):
        if row.quota and row.credited >= row.quota:
            left = (quarter.last_day - as_of).days
            when = f"with {left} days to go" if left else "on the last day"
            sentence = (
                f"Reached the quota for {quarter.label} {when}: {row.credited:,.0f} of {row.quota:,.0f} {currency}."
            )
            evidence = {"credited": str(row.credited), "quota": str(row.quota), "as_of": as_of.isoformat()}
            found.append(Found(row.person.pk, AwardKind.QUOTA_REACHED, quarter.key, sentence, evidence))
    return found


def _most_improved(ids: Collection[int], quarter: Period, as_of: date) -> list[Found]:
    """Of the quarter that is over, in each team that is no small group the one whose attainment rose most."""
    able = comparable(ids, period=quarter, as_of=as_of)
    able &= may_be_ranked(able, on=quarter.last_day, today=as_of, organisation=Organisation.get())
    rows = {row.person.pk: row for row in standings(person_ids=able, period=quarter, as_of=quarter.last_day)}
    scores = scores_of(rows, period=quarter, as_of=as_of, by="improvement")
    teams: dict[int, list[int]] = defaultdict(list)
    for pk in scores:
        if (team := rows[pk].team) is not None:
            teams[team.pk].append(pk)
    found = []
    for compared in teams.values():
        people = [pk for pk in compared if scores[pk] >= IMPROVEMENT]
        if not people or is_told_apart(len(compared)):
            continue
        best = max(people, key=lambda pk: (scores[pk], -pk))
        points, row = scores[best] * 100, rows[best]
        attainment = (row.attainment or Decimal(0)) * 100
        sentence = f"Most improved of the team in {quarter.label}: {attainment:.0f}% of quota, {points:.0f} points up."
        evidence = {"improvement": str(round(scores[best], 4)), "attainment": str(round(attainment / 100, 4))}
        found.append(Found(best, AwardKind.MOST_IMPROVED, quarter.key, sentence, evidence))
    return found


def _by_month(able: set[int], month: Period, currency: str) -> list[Found]:
    """Best months and streaks, from the months up to one that is over."""
    months = [month.shift(-back) for back in range(MONTHS - 1, -1, -1)]
    spans = [Span(each.key, ["bookings", "overlay", "expected"], each.start, each.end) for each in months]
    cells = read(spans, people=able, each=True) if able else None
    found: list[Found] = []
    for person in sorted(able):
        assert cells is not None
        credited = [
            cells.total("bookings", key=person, span=each.key) + cells.total("overlay", key=person, span=each.key)
            for each in months
        ]
        if is_best(credited, fewest=FEWEST_MONTHS):
            sentence = f"Best month so far: {credited[-1]:,.0f} {currency} in {month.label}."
            evidence = {"credited": str(to_cents(credited[-1])), "best_before": str(to_cents(max(credited[:-1])))}
            found.append(Found(person, AwardKind.BEST_MONTH, month.key, sentence, evidence))
        expected = [cells.total("expected", key=person, span=each.key) for each in months]
        paces = [ratio(done, asked) for done, asked in zip(credited, expected, strict=True)]
        length = streak([pace is not None and pace >= 1 for pace in paces])
        if length and length % STREAK == 0:
            sentence = f"{length} months in a row on or ahead of plan, {month.label} included."
            found.append(Found(person, AwardKind.STREAK, month.key, sentence, {"months": str(length)}))
    return found


def waiting_suggestions(user: User) -> QuerySet[Suggestion]:
    """What waits for the word of this user: who leads the person, or plans for all; nobody's own."""
    access = access_of(user)
    if not (access.leads or access.sees_all):
        return Suggestion.objects.none()
    return Suggestion.objects.visible_to(user).waiting().select_related("person").order_by("-made_on", "-pk")


# ── The wall ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Praise:
    """An award or a kudos as the wall shows it."""

    item: Award | Kudos
    kind: str
    person: Person
    title: str
    words: str
    by: str
    at: datetime
    applause: int
    has_applauded: bool
    may_applaud: bool
    may_take_down: bool


def wall(*, user: User, before: datetime | None = None, count: int = 30) -> list[Praise]:
    """Awards and kudos, latest first, in two queries; with `before`, those further down."""
    access = access_of(user)
    mine = Applause.objects.filter(person=access.person_id)
    awards = Award.objects.visible_to(user).select_related("person", "given_by")
    thanks = Kudos.objects.visible_to(user).select_related("giver", "receiver")
    if before is not None:
        awards, thanks = awards.filter(given_at__lt=before), thanks.filter(at__lt=before)
    awards = awards.annotate(claps=Count("applause"), clapped=Exists(mine.filter(award=OuterRef("pk"))))
    thanks = thanks.annotate(claps=Count("applause"), clapped=Exists(mine.filter(kudos=OuterRef("pk"))))
    me = access.person_id
    found = [
        Praise(
            item=award,
            kind="award",
            person=award.person,
            title=award.title,
            words=award.sentence,
            by=award.given_by.get_full_name() or award.given_by.username,
            at=award.given_at,
            applause=award.claps,
            has_applauded=award.clapped,
            may_applaud=me is not None and award.person_id != me,
            may_take_down=may_take_down(award, user),
        )
        for award in awards.order_by("-given_at", "-pk")[:count]
    ]
    found += [
        Praise(
            item=kudos,
            kind="kudos",
            person=kudos.receiver,
            title="",
            words=kudos.text,
            by=kudos.giver.name,
            at=kudos.at,
            applause=kudos.claps,
            has_applauded=kudos.clapped,
            may_applaud=me is not None and kudos.receiver_id != me,
            may_take_down=may_take_down(kudos, user),
        )
        for kudos in thanks.order_by("-at", "-pk")[:count]
    ]
    return sorted(found, key=lambda praise: praise.at, reverse=True)[:count]


def may_take_down(item: Award | Kudos, user: User) -> bool:
    """Who gave it, whom it is about, and the admin."""
    access = access_of(user)
    if access.role == "admin":
        return True
    if isinstance(item, Award):
        return item.given_by_id == user.pk or (access.person_id is not None and item.person_id == access.person_id)
    return access.person_id is not None and access.person_id in (item.giver_id, item.receiver_id)


def colleagues(*, user: User, on: date) -> QuerySet[Person]:
    """Everybody who works here today, for a thank-you: names only, as the wall shows them; not oneself."""
    if access_of(user).person_id is None:
        return Person.objects.none()
    here = Person.objects.active(on).filter(withdrawn_at=None, pk__in=Posting.objects.on(on).values("person"))
    return here.exclude(pk=access_of(user).person_id or 0).order_by("name", "pk")


def praised_by(*, user: User, on: date) -> QuerySet[Person]:
    """Whom a user may give an award: the people they lead, or everybody where they see all; not oneself."""
    access = access_of(user)
    if not (access.leads or access.sees_all):
        return Person.objects.none()
    return Person.objects.visible_to(user).active(on).exclude(pk=access.person_id or 0).order_by("name", "pk")


# ── Pay that disputes granted ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class PayWaiting:
    """Pay as a dispute was decided for good that nobody has settled yet."""

    due: PayDue
    may_settle: bool


def pay_waiting(user: User, *, on: date) -> list[PayWaiting]:
    """What waits to be settled: one's own, and of all for operations and HR. Nobody settles a matter of their own."""
    access = access_of(user)
    sees_all = access.role in {Role.OPERATIONS, Role.HR}
    done = set(PaySettlement.objects.values_list("dispute_id", "person_id"))
    is_payer = access.person_id is not None and payers(on).filter(pk=access.person_id).exists()
    found = [one for one in pay_due() if (one.dispute, one.person.pk) not in done]
    found = [one for one in found if sees_all or one.person.pk == access.person_id]
    mine = set(
        Party.objects.filter(person=access.person_id, dispute__in={one.dispute for one in found}).values_list(
            "dispute_id", flat=True
        )
    )
    return [PayWaiting(one, is_payer and one.dispute not in mine) for one in found]
