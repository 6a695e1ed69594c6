"""Monthly reports: the figures of a team as its page shows them on the day, and who they go to."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Self

from django.db.models import QuerySet

from salesmgmt.lib.periods import Period
from teams.models import Access, Leadership, Organisation, Person, Team, Viewer
from teams.selectors import members

from ..models import ForecastRow, Report
from .figures import Figure, figures
from .pace import pace, standings, team_standings
from .scope import Scope

SHOWN = (
    "bookings", "quota", "attainment", "deals_won", "deals_lost", "win_rate", "average_deal", "sales_cycle",
    "activities",
)  # fmt: skip
AHEAD = ("pipeline", "coverage")  # of the quarter that runs: what was not closed of a month that is over says nothing
WAITS = timedelta(days=5)  # after the month, for a comment


@dataclass(frozen=True, slots=True)
class Line:
    """A figure of the month beside that of the month before."""

    key: str
    label: str
    unit: str
    value: Decimal | None
    before: Decimal | None
    records: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A person or a team below, against their quota; a team against its target, where a plan gave it one."""

    pk: int
    name: str
    credited: Decimal
    quota: Decimal | None
    attainment: Decimal | None
    won: int
    lost: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """Where the quarter will land, as it was last forecast."""

    period: str
    expected: Decimal
    low: Decimal | None
    high: Decimal | None
    """80 % range."""
    quota: Decimal | None
    as_of: str


@dataclass(frozen=True, slots=True)
class Contents:
    """What a report says in figures; kept as JSON once it is sent."""

    currency: str
    credited: Decimal
    quota: Decimal | None
    expected: Decimal | None
    attainment: Decimal | None
    lines: list[Line]
    teams: list[Part]
    people: list[Part]
    outlook: Outlook | None = None
    ended: Outlook | None = None
    """The quarter that ended with the month; `expected` is what came."""

    def to_json(self) -> dict[str, Any]:
        """With decimals as text, so that not a cent is lost."""
        found: dict[str, Any] = _texts(asdict(self))
        return found

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Self:
        def number(text: str | None) -> Decimal | None:
            return None if text is None else Decimal(text)

        def part(row: dict[str, Any]) -> Part:
            return Part(**row | {name: number(row[name]) for name in ("credited", "quota", "attainment")})

        def quarter(row: dict[str, Any] | None) -> Outlook | None:
            money = ("expected", "low", "high", "quota")
            return Outlook(**row | {name: number(row[name]) for name in money}) if row else None

        return cls(
            currency=kept["currency"],
            credited=Decimal(kept["credited"]),
            quota=number(kept["quota"]),
            expected=number(kept["expected"]),
            attainment=number(kept["attainment"]),
            lines=[Line(**row | {name: number(row[name]) for name in ("value", "before")}) for row in kept["lines"]],
            teams=[part(row) for row in kept["teams"]],
            people=[part(row) for row in kept["people"]],
            outlook=quarter(kept.get("outlook")),
            ended=quarter(kept.get("ended")),
        )


def _texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _texts(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_texts(one) for one in value]
    return str(value) if isinstance(value, Decimal) else value


def contents(*, report: Report, as_of: date, organisation: Organisation) -> Contents:
    """What was sent; before that, what the pages show as of a day."""
    if report.is_sent:
        return Contents.from_json(report.figures)
    period = report.month(organisation.calendar)
    return contents_of(team=report.team, period=period, as_of=as_of, organisation=organisation)


def contents_of(*, team: Team, period: Period, as_of: date, organisation: Organisation) -> Contents:
    """The month of a team: its figures, the teams right below it, and its people. Nobody is ranked."""
    scope, earlier = Scope.team(team), _before(period)
    now = figures(scope=scope, measures=SHOWN, period=period, as_of=as_of, organisation=organisation)
    then = figures(scope=scope, measures=SHOWN, period=earlier, as_of=earlier.last_day, organisation=organisation)
    quarter = Period.of(as_of, "quarter", organisation.calendar)
    ahead, month_ago = (
        figures(scope=scope, measures=AHEAD, period=quarter, as_of=on, organisation=organisation)
        for on in (as_of, as_of - timedelta(days=period.days))
    )
    below = Team.objects.present().filter(parent=team).values_list("pk", flat=True)
    rows = team_standings(team_ids=[team.pk, *below], period=period, as_of=as_of)
    own = next(row for row in rows if row.team.pk == team.pk)
    day = min(as_of, period.last_day)
    people = members([team.pk], day).filter(withdrawn_at=None).values_list("pk", flat=True)
    return Contents(
        currency=organisation.currency,
        credited=own.credited,
        quota=own.goal,
        expected=own.expected,
        attainment=own.attainment,
        lines=[
            *(_line(figure, then[key], figure.label) for key, figure in now.items()),
            *(_line(figure, month_ago[key], f"{figure.label}, {quarter.label}") for key, figure in ahead.items()),
        ],
        teams=[_part(row.team.pk, row.team.name, row, row.goal) for row in rows if row.team.pk != team.pk],
        people=[
            _part(row.person.pk, row.person.name, row, row.quota)
            for row in standings(person_ids=list(people), period=period, as_of=as_of)
            if row.quota is not None or row.credited
        ],
        outlook=_outlook(team, as_of, organisation),
        ended=_ended(scope, period, organisation),
    )


def _before(period: Period) -> Period:
    """The month before; of one that the calendar no longer has, as many days."""
    if Period.of(period.start, "month", period.calendar) == period:
        return period.shift(-1)
    start = period.start - timedelta(days=period.days)
    return Period(start, period.start, "month", "", period.calendar)


def _line(figure: Figure, before: Figure, label: str) -> Line:
    return Line(figure.measure, label, figure.unit, figure.value, before.value, figure.records, figure.note)


def _ended(scope: Scope, period: Period, organisation: Organisation) -> Outlook | None:
    quarter = Period.of(period.start, "quarter", organisation.calendar)
    if quarter.end != period.end:
        return None
    came = pace(scope=scope, period=quarter, as_of=quarter.last_day, organisation=organisation)
    return Outlook(quarter.label, came.credited, None, None, came.goal, quarter.last_day.isoformat())


def _outlook(team: Team, as_of: date, organisation: Organisation) -> Outlook | None:
    quarter = Period.of(as_of, "quarter", organisation.calendar)
    rows = ForecastRow.objects.filter(
        level=ForecastRow.Level.TEAM, subject_id=team.pk, measure="bookings", period=quarter.key, as_of__lte=as_of
    )
    row = rows.exclude(expected=None).order_by("-as_of").first()
    if row is None or row.expected is None:
        return None
    return Outlook(quarter.label, row.expected, row.low, row.high, row.quota, row.as_of.isoformat())


def _part(pk: int, name: str, row: Any, goal: Decimal | None) -> Part:
    return Part(pk, name, row.credited, goal, row.attainment, row.won, row.lost)


def sentence_of(team: Team, period: Period, said: Contents) -> str:
    """What a report comes to, in a sentence."""
    booked = f"{team.name} booked {said.credited:,.0f} {said.currency} in {period.label}"
    if said.quota is None or said.attainment is None:
        return f"{booked}; no target was set."
    return f"{booked}, {said.attainment * 100:.0f}% of a target of {said.quota:,.0f}."


def report_line(report: Report, on: date) -> QuerySet[Person]:
    """Who a report goes to: whoever leads a team above, with a login, but not who leads the team itself."""
    above = Leadership.objects.on(on).filter(team__in=report.team.path[:-1])
    own = Leadership.objects.on(on).filter(team=report.team).values("person")
    people = Person.objects.present().active(on).filter(pk__in=above.values("person"), user__is_active=True)
    return people.exclude(pk__in=own).select_related("user").order_by("name", "pk")


def may_comment(report: Report, access: Access, on: date) -> bool:
    """Who leads the team; while nobody does, whoever leads one above."""
    if report.team_id in access.led_team_ids:
        return True
    is_led = Leadership.objects.on(on).filter(team=report.team).exists()
    return not is_led and bool(set(report.team.path) & set(access.led_team_ids))


def teams_to_report(on: date) -> QuerySet[Team]:
    """Teams that sell and that somebody leads."""
    led = Leadership.objects.on(on).values("team")
    return Team.objects.present().filter(department="", pk__in=led).order_by("path")


def reports(user: Viewer, *, period: str = "", team: Team | None = None) -> QuerySet[Report]:
    """The reports somebody may read."""
    found = Report.objects.visible_to(user).select_related("team", "sent_by")
    if period:
        found = found.filter(period=period)
    return found.filter(team__path__contains=[team.pk]) if team else found


def waiting_for(user: Viewer, access: Access) -> Sequence[Report]:
    """The reports that wait for a comment of who asks."""
    return list(Report.objects.visible_to(user).waiting().filter(team__in=access.led_team_ids).select_related("team"))
