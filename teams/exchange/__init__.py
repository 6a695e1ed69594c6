"""Teams, people, postings, leave and rates as tables."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from salesmgmt.lib.kinds import Field, Kind, Plan, Referent, Row, named_by
from salesmgmt.lib.ranges import BEFORE_ALL_RECORDS, half_open, through
from teams.models import ExchangeRate, Leadership, Leave, LeaveKind, Person, Posting, Role, Team, Territory

POSTED = ("team", "role", "fte", "territory", "holiday_region", "ramp")


# ── What rows may refer to ──────────────────────────────────────────────────────────────────────────────────────


def _people(texts: set[str]) -> Iterable[tuple[Person, list[str]]]:
    for person in Person.objects.present().order_by("pk"):
        yield person, [text for text in (person.external_id, person.email, person.name) if text]


def _teams(texts: set[str]) -> Iterable[tuple[Team, list[str]]]:
    teams = {team.pk: team for team in Team.objects.present().order_by("pk")}
    for team in teams.values():
        if team.parent_id in teams:
            team.parent = teams[team.parent_id]
        yield team, [text for text in (team.external_id, team.name) if text]


def make_person(plan: Plan, text: str, row: Row) -> Person:
    """A bare person, known by a name or an e-mail address."""
    person = Person(name=text[:200], email=text if "@" in text and len(text) < 255 else "")
    plan.create(person, row)
    plan.register("person", person, text)
    plan.made.append(f"person {text}")
    return person


REFERENTS = [
    Referent("person", "person", _people, make_person, (named_by("teams_person", "external_id", "email", "name"),)),
    Referent("team", "team", _teams, None, (named_by("teams_team", "external_id", "name"),)),
]


def match(plan: Plan, key: str, row: Row, *names: str) -> tuple[Any, bool]:
    """The record a row is about, and whether the row may go on: by external id, else by the first of `names` it has.

    A record without an external id that bears the name is the same one, so a bare record gets its id later.
    """
    external_id = row.get("external_id")
    if external_id:
        same = [one for one in plan.lookup(key, external_id) if one.external_id == external_id]
        # A bare record that was made for the id has it as its name so far.
        same = same or [
            one for one in plan.lookup(key, external_id) if (one.external_id, one.name) == (None, external_id)
        ]
        if same:
            return same[0], True
    for name in names:
        text = row.get(name)
        if text is None:
            continue
        known = [
            one
            for one in plan.lookup(key, text)
            if str(getattr(one, name)).casefold() == text.casefold() and not (external_id and one.external_id)
        ]
        if len(known) > 1:
            plan.refuse(row, name, f"{len(known)} are called so; give their external_id.")
            return None, False
        if known:
            return known[0], True
    return None, True


class Once:
    """Each record may be given by one row of a file; a repeat that says the same is no fault."""

    def __init__(self) -> None:
        self._rows: dict[int, Row] = {}

    def admits(self, plan: Plan, row: Row, record: Any, column: str) -> bool:
        """Whether this row is the first about a record; a different second one is refused."""
        first = self._rows.setdefault(id(record), row)
        if first is row:
            return True
        if first.raw != row.raw:
            plan.refuse(row, column, f"Line {first.line} already gives it, and says something else.")
        return False


# ── The timeline of postings and leaderships ────────────────────────────────────────────────────────────────────


class Postings:
    """What stands and what is planned: postings by person, leaderships by team."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        people = {person.pk: person for known in plan.index("person").values() for person in known}
        teams = {team.pk: team for known in plan.index("team").values() for team in known}
        self._postings: dict[int, list[Posting]] = {}
        self._leaderships: list[Leadership] = []
        for posting in Posting.objects.filter(person__withdrawn_at=None).select_related("territory").order_by("during"):
            person = people[posting.person_id]
            posting.person = person
            if posting.team_id in teams:
                posting.team = teams[posting.team_id]
            self._postings.setdefault(id(person), []).append(posting)
        for leadership in Leadership.objects.order_by("during"):
            if leadership.person_id in people and leadership.team_id in teams:
                leadership.person, leadership.team = people[leadership.person_id], teams[leadership.team_id]
                self._leaderships.append(leadership)
        self._territories = {one.name.casefold(): one for one in Territory.objects.all()}

    def of(self, person: Person) -> list[Posting]:
        return self._postings.setdefault(id(person), [])

    def territory(self, name: str, row: Row) -> Territory:
        """The territory of that name, made if there is none."""
        known = self._territories.get(name.casefold())
        if known is None:
            known = self._territories[name.casefold()] = self.plan.create(Territory(name=name), row)
            self.plan.made.append(f"territory {name}")
        return known

    def leader(self, team: Team, day: date) -> Person | None:
        return next((one.person for one in self._leaderships if one.team is team and _holds(one.during, day)), None)

    def led_by(self, person: Person, day: date) -> list[Team]:
        return [one.team for one in self._leaderships if one.person is person and _holds(one.during, day)]

    def lead(self, team: Team, person: Person, day: date, row: Row) -> bool:
        """Have a person lead a team: from their first day where nobody did yet, else from `day`. True if it changes."""
        if self.leader(team, day) is person:
            return False
        of_team = [one for one in self._leaderships if one.team is team]
        start = day if of_team else person.hired_on or BEFORE_ALL_RECORDS
        until = min((one.starts_on for one in of_team if one.starts_on > start), default=None)
        for one in of_team:
            if _holds(one.during, start) and one.starts_on < start:
                self.plan.change(one, row, during=half_open(one.starts_on, start))
            elif one.starts_on == start:
                until = one.until
                self._leaderships.remove(one)
                self.plan.remove(one, row)
        made = Leadership(team=team, person=person, during=half_open(start, until))
        self._leaderships.append(self.plan.create(made, row))
        if not self.of(person):
            self.post(
                person, row, start=person.hired_on or BEFORE_ALL_RECORDS, until=None, team=team, role=Role.MANAGER
            )
        return True

    def post(self, person: Person, row: Row, *, start: date, until: date | None, **values: Any) -> Posting:
        posting = Posting(person=person, during=half_open(start, until), **values)
        self.of(person).append(self.plan.create(posting, row))
        self.of(person).sort(key=lambda one: one.starts_on)
        return posting

    def amend(self, person: Person, day: date, row: Row, **values: Any) -> bool:
        """From `day` on, the posting that holds there says `values`; what was before stays. True if it changes."""
        holding = next((one for one in self.of(person) if _holds(one.during, day)), None)
        if holding is None:
            if "team" not in values:
                return False
            until = min((one.starts_on for one in self.of(person) if one.starts_on > day), default=None)
            self.post(person, row, start=day, until=until, **values)
            return True
        if all(getattr(holding, name) == value for name, value in values.items()):
            return False
        if holding.starts_on == day or holding.pk is None:
            self.plan.change(holding, row, **values)
            return True
        kept = {name: getattr(holding, name) for name in (*POSTED, "working_week")}
        until = holding.until
        self.plan.change(holding, row, during=half_open(holding.starts_on, day))
        self.post(person, row, start=day, until=until, **(kept | values))
        return True

    def end(self, person: Person, day: date, row: Row) -> bool:
        """Nothing of a leaver goes on after their last day."""
        changes = False
        for posting in list(self.of(person)):
            if posting.starts_on >= day:
                self.of(person).remove(posting)
                self.plan.remove(posting, row)
                changes = True
            elif posting.until is None or posting.until > day:
                self.plan.change(posting, row, during=half_open(posting.starts_on, day))
                changes = True
        for one in list(self._leaderships):
            if one.person is person and one.starts_on < day and (one.until is None or one.until > day):
                self.plan.change(one, row, during=half_open(one.starts_on, day))
                changes = True
        return changes

    def overlay(self, person: Person, row: Row, *, start: date, until: date | None, **values: Any) -> bool:
        """In [start, until) the posting given by a row, and what stood there makes room. True if it changes."""
        for posting in self.of(person):
            if (posting.starts_on, posting.until) == (start, until):
                return bool(self.plan.change(posting, row, **values)) or posting.pk is None
        for posting in list(self.of(person)):
            first, last = posting.starts_on, posting.until
            if (until is not None and first >= until) or (last is not None and last <= start):
                continue
            if until is not None and (last is None or last > until):
                kept = {name: getattr(posting, name) for name in (*POSTED, "working_week")}
                self.post(person, row, start=until, until=last, **kept)
            if first < start:
                self.plan.change(posting, row, during=half_open(first, start))
            else:
                self.of(person).remove(posting)
                self.plan.remove(posting, row)
        self.post(person, row, start=start, until=until, **values)
        return True


def _holds(during: Any, day: date) -> bool:
    return during.lower <= day and (during.upper is None or day < during.upper)


# ── Teams ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _plan_teams(plan: Plan) -> None:
    postings, once = Postings(plan), Once()
    for row in plan.taken():
        team, goes_on = match(plan, "team", row, "name")
        if not goes_on or not plan.refer(row):
            continue
        parent = row.found.get("parent")
        above = parent
        while above is not None and team is not None:
            if above is team:
                plan.refuse(row, "parent", "A team can't stand below itself.")
                break
            above = above.parent
        if row.refusals:
            continue
        is_new = team is None
        if is_new:
            team = plan.create(Team(name=row.values["name"], parent=parent), row)
            plan.register("team", team, team.name)
            row.act = "created"
        if not once.admits(plan, row, team, "name"):
            continue
        changes = bool(parent is not None and not is_new and plan.change(team, row, parent=parent))
        if "department" in row.values:
            changes |= bool(plan.change(team, row, department=row.values["department"]))
        if manager := row.found.get("manager"):
            changes |= postings.lead(team, manager, plan.effective, row)
        if changes and not is_new:
            row.act = "changed"


def _team_rows() -> Iterator[dict[str, Any]]:
    leaders = {
        one.team_id: one.person for one in Leadership.objects.filter(during__endswith=None).select_related("person")
    }
    for team in Team.objects.present().select_related("parent").order_by("path"):
        told = {"name": team.name, "parent": team.parent, "manager": leaders.get(team.pk)}
        yield told | {"department": team.department}


# ── People ──────────────────────────────────────────────────────────────────────────────────────────────────────

OWN = ("external_id", "name", "email", "hired_on", "left_on", "birthday")


def _plan_people(plan: Plan) -> None:
    postings, once = Postings(plan), Once()
    roots = [team for known in plan.index("team").values() for team in known if team.parent_id is None]
    root = roots[0] if len({id(team) for team in roots}) == 1 else None
    for row in plan.taken():
        person, goes_on = match(plan, "person", row, "email", "name")
        hired_on = row.get("hired_on", person.hired_on if person else None)
        left_on = row.get("left_on", person.left_on if person else None)
        if hired_on and left_on and left_on < hired_on:
            plan.refuse(row, "left_on", "Nobody leaves before joining.")
        if not goes_on or not plan.refer(row):
            continue
        team, manager = row.found.get("team"), row.found.get("manager")
        if manager is not None and manager is person:
            plan.refuse(row, "manager", "Nobody is their own manager.")
            continue
        if manager is not None and team is None:
            led = postings.led_by(manager, plan.effective)
            if len(led) > 1:
                plan.refuse(row, "manager", f"{manager} leads several teams; name the team.")
                continue
            if not led and not plan.create_missing:
                plan.refuse(
                    row, "manager", f"{manager} leads no team; name the team, or have it made (--create-missing)."
                )
                continue
            team = led[0] if led else _team_of(plan, postings, manager, root, row)
        if team is not None and manager is not None and not _is_led(plan, postings, person, team, manager, row):
            continue
        is_new = person is None
        if is_new:
            person = plan.create(Person(**{name: row.values[name] for name in OWN if name in row.values}), row)
            row.act = "created"
        if not once.admits(plan, row, person, "name"):
            continue
        changes = False
        if not is_new:
            given = {name: row.values[name] for name in OWN if name in row.values}
            changes = bool(plan.change(person, row, **given))
        plan.register("person", person, person.external_id, person.email, person.name)
        changes |= _post(plan, postings, person, team, left_on, row)
        if row.get("role") == Role.MANAGER and team is not None and postings.leader(team, plan.effective) is None:
            changes |= postings.lead(team, person, plan.effective, row)
        if left_on is not None:
            changes |= postings.end(person, left_on, row)
        if changes and not is_new:
            row.act = "changed"


def _team_of(plan: Plan, postings: Postings, manager: Person, root: Team | None, row: Row) -> Team:
    """The team a manager leads, made with them at its head."""
    name = f"Team {manager.name}"[:200]
    known = plan.lookup("team", name)
    team: Team = known[0] if known else plan.create(Team(name=name, parent=root), row)
    if not known:
        plan.register("team", team, name)
        plan.made.append(f"team {name}")
    postings.lead(team, manager, plan.effective, row)
    return team


def _is_led(plan: Plan, postings: Postings, person: Person | None, team: Team, manager: Person, row: Row) -> bool:
    """Whether the manager a row names leads its team, or may; a leader's manager leads the team above."""
    leader = postings.leader(team, plan.effective)
    seat = team.parent if leader is not None and leader is person else team
    while seat is not None and postings.leader(seat, plan.effective) is None and seat is not team:
        seat = seat.parent
    if seat is None:
        return True
    leader = postings.leader(seat, plan.effective)
    if leader is None:
        if person is None or row.get("role") != Role.MANAGER:
            postings.lead(seat, manager, plan.effective, row)
        return True
    if leader is not manager and row.get("role") != Role.MANAGER:
        plan.refuse(row, "manager", f"{seat} is led by {leader}; who leads a team is said by the teams import.")
        return False
    return True


def _post(plan: Plan, postings: Postings, person: Person, team: Team | None, left_on: date | None, row: Row) -> bool:
    """The posting a row asks for: the first from day one, later ones from the effective day. True if it changes."""
    values: dict[str, Any] = {
        name: row.values[name] for name in ("role", "fte", "holiday_region") if name in row.values
    }
    if team is not None:
        values["team"] = team
    if "territory" in row.values:
        values["territory"] = postings.territory(row.values["territory"], row)
    if not values:
        return False
    if not postings.of(person):
        if team is None:
            plan.note("A person without a team: no posting was made.")
            return False
        start = person.hired_on or BEFORE_ALL_RECORDS
        if left_on is None or left_on > start:
            postings.post(person, row, start=start, until=left_on, **values)
        return True
    day = plan.effective if left_on is None else min(plan.effective, left_on - timedelta(days=1))
    return postings.amend(person, day, row, **values)


def _person_rows() -> Iterator[dict[str, Any]]:
    postings: dict[int, Posting] = {}
    for posting in Posting.objects.select_related("team", "territory").order_by("during"):
        postings[posting.person_id] = posting
    leaders = {
        one.team_id: one.person for one in Leadership.objects.filter(during__endswith=None).select_related("person")
    }
    for person in Person.objects.present().order_by("pk"):
        last = postings.get(person.pk)
        above = [leaders[team] for team in reversed(last.team.path) if team in leaders] if last else []
        yield {
            "": person,
            **{name: getattr(person, name) for name in OWN},
            "role": last and last.role,
            "team": last and last.team,
            "manager": next((one for one in above if one.pk != person.pk), None),
            "territory": last and last.territory,
            "holiday_region": last and last.holiday_region,
            "fte": last and last.fte,
        }


# ── Postings, leave, rates ──────────────────────────────────────────────────────────────────────────────────────


def _plan_postings(plan: Plan) -> None:
    postings = Postings(plan)
    for row in plan.taken():
        start, until = row.values["from"], row.get("until")
        if until is not None and until <= start:
            plan.refuse(row, "until", "It must come after from; it is the first day no longer there.")
        if not plan.refer(row):
            continue
        person, team = row.found["person"], row.found["team"]
        values: dict[str, Any] = {"team": team} | {
            name: row.values[name] for name in ("role", "fte", "holiday_region", "ramp") if name in row.values
        }
        if "territory" in row.values:
            values["territory"] = postings.territory(row.values["territory"], row)
        if "working_week" in row.values:
            values["working_week"] = week_of(plan, row)
            if row.refusals:
                continue
        stands = next((one for one in postings.of(person) if (one.starts_on, one.until) == (start, until)), None)
        is_known = stands is not None
        if person.pk is not None and person.pk == plan.own_person_id and not _says(stands, values):
            plan.refuse(row, "person", "Nobody posts themselves: their quota follows from it. Ask a colleague.")
            continue
        if postings.overlay(person, row, start=start, until=until, **values):
            row.act = "changed" if is_known else "created"


def _says(posting: Posting | None, values: dict[str, Any]) -> bool:
    return posting is not None and all(getattr(posting, name) == value for name, value in values.items())


def week_of(plan: Plan, row: Row) -> list[int] | None:
    """A working week as “1 2 3 4 5”, Monday being 1."""
    days = sorted(set(row.values["working_week"].replace(",", " ").split()))
    if not days or not set(days) <= set("1234567"):
        plan.refuse(row, "working_week", "It is the working days from 1 (Monday) to 7, such as 1 2 3 4 5.")
        return None
    return [int(day) for day in days]


def _posting_rows() -> Iterator[dict[str, Any]]:
    postings = Posting.objects.filter(person__withdrawn_at=None).select_related("person", "team", "territory")
    for one in postings.order_by("person_id", "during"):
        yield {
            "person": one.person,
            **{name: getattr(one, name) for name in POSTED},
            "from": one.starts_on,
            "until": one.until,
            "working_week": " ".join(map(str, one.working_week or [])),
        }


def _plan_leave(plan: Plan) -> None:
    kinds = {text.casefold(): kind for kind in LeaveKind.objects.all() for text in (kind.name, kind.key)}
    standing: dict[int, list[Leave]] = {}
    for leave in Leave.objects.order_by("during"):
        standing.setdefault(leave.person_id, []).append(leave)
    for row in plan.taken():
        start, last = row.values["from"], row.values["until"]
        kind = kinds.get(row.values["kind"].casefold())
        if last < start:
            plan.refuse(row, "until", "The last day away can't come before the first.")
        if kind is None:
            plan.refuse(row, "kind", f"There is no such kind of leave; there is {', '.join(sorted(kinds))}.")
        if row.refusals or not plan.refer(row):
            continue
        person, during = row.found["person"], through(start, last)
        known = standing.setdefault(person.pk or id(person), [])
        if any(one.during == during and one.kind_id == kind.pk for one in known):  # type: ignore[union-attr]
            continue
        if person.pk is not None and person.pk == plan.own_person_id:
            plan.refuse(row, "person", "Nobody takes in their own leave: their quota follows from it. Ask a colleague.")
            continue
        clash = next((one for one in known if one.starts_on < during.upper and start < one.during.upper), None)
        if clash is not None:
            until = clash.during.upper - timedelta(days=1)
            plan.refuse(row, "from", f"{person} is away from {clash.starts_on} to {until} already.")
            continue
        known.append(plan.create(Leave(person=person, kind=kind, during=during), row))
        row.act = "created"


def _leave_rows() -> Iterator[dict[str, Any]]:
    for one in Leave.objects.select_related("person", "kind").order_by("person_id", "during"):
        yield {
            "person": one.person,
            "kind": one.kind.key,
            "from": one.starts_on,
            "until": one.during.upper - timedelta(days=1),
        }


def _plan_rates(plan: Plan) -> None:
    standing: dict[tuple[str, str], list[ExchangeRate]] = {}
    for rate in ExchangeRate.objects.order_by("during"):
        standing.setdefault((rate.currency, rate.kind), []).append(rate)
    once: dict[tuple[str, str, date], Row] = {}
    for row in plan.taken():
        currency, kind = row.values["currency"], row.get("kind", "actual")
        value, start = row.values["rate"], row.values["from"]
        if currency == plan.organisation.currency:
            plan.refuse(row, "currency", "It is the reporting currency, which is always worth 1.")
            continue
        first = once.setdefault((currency, kind, start), row)
        if first.values["rate"] != value:
            plan.refuse(row, "rate", f"Line {first.line} gives another rate from the same day.")
            continue
        known = standing.setdefault((currency, kind), [])
        holding = next((one for one in known if _holds(one.during, start)), None)
        if holding is not None and holding.starts_on == start:
            if plan.change(holding, row, rate=value):
                row.act = "changed"
            continue
        if holding is not None:
            until = holding.until
            plan.change(holding, row, during=half_open(holding.starts_on, start))
        else:
            until = min((one.starts_on for one in known if one.starts_on > start), default=None)
        made = ExchangeRate(currency=currency, kind=kind, rate=value, during=half_open(start, until))
        known.append(plan.create(made, row))
        row.act = "created"


def _rate_rows() -> Iterator[dict[str, Any]]:
    for one in ExchangeRate.objects.order_by("currency", "kind", "during"):
        yield {"currency": one.currency, "rate": one.rate, "from": one.starts_on, "kind": one.kind}


class RatesOn:
    """What one unit of a currency is worth in the reporting currency on a day; None where no such rate is known."""

    def __init__(self, reporting: str, kind: str = ExchangeRate.Kind.ACTUAL) -> None:
        self._reporting = reporting
        self._known: dict[str, list[ExchangeRate]] = {}
        for rate in ExchangeRate.objects.filter(kind=kind):
            self._known.setdefault(rate.currency, []).append(rate)

    def on(self, currency: str, day: date) -> Decimal | None:
        if currency == self._reporting:
            return Decimal(1)
        return next((one.rate for one in self._known.get(currency, []) if _holds(one.during, day)), None)


# ── The kinds ───────────────────────────────────────────────────────────────────────────────────────────────────

NAME = Field(
    "name", needed=True, also=("full_name", "employee", "rep", "sales_agent", "sales_rep", "salesperson", "agent")
)
ROLE = Field("role", "choice", choices=tuple(Role.values), also=("position",))
FTE = Field("fte", "number", least=Decimal("0.0001"), most=Decimal(1), places=4)
TERRITORY = Field("territory", also=("regional_office", "region", "area", "office"))
HOLIDAYS = Field("holiday_region", longest=16, also=("calendar",))
PERSON = Field("person", "reference", needed=True, to="person", also=("name", "employee", "sales_agent", "owner"))

KINDS = [
    Kind(
        "teams",
        (
            Field("name", needed=True, also=("team", "team_name")),
            Field("parent", "reference", to="team", also=("parent_team", "above")),
            Field("manager", "reference", to="person", also=("leader", "lead", "team_lead", "head")),
            Field("department", "choice", choices=tuple(Team.Department.values)),
        ),
        _plan_teams,
        _team_rows,
        within="parent",
    ),
    Kind(
        "people",
        (
            Field("external_id", longest=100, also=("employee_id", "person_id", "id")),
            NAME,
            Field("email", "email", also=("e_mail", "mail", "email_address")),
            ROLE,
            Field("team", "reference", to="team", also=("team_name",)),
            Field("manager", "reference", to="person", also=("reports_to", "supervisor", "boss")),
            TERRITORY,
            HOLIDAYS,
            Field("hired_on", "date", also=("hire_date", "start_date", "joined_on")),
            Field("left_on", "date", also=("leave_date", "end_date", "termination_date")),
            FTE,
            Field("birthday", "date", also=("birth_date", "birthdate", "date_of_birth")),
        ),
        _plan_people,
        _person_rows,
        within="manager",
    ),
    Kind(
        "postings",
        (
            PERSON,
            Field("team", "reference", needed=True, to="team"),
            ROLE,
            TERRITORY,
            HOLIDAYS,
            FTE,
            Field("ramp", longest=100),
            Field("from", "date", needed=True, also=("start", "start_date", "starts_on")),
            Field("until", "date", also=("end", "end_date", "to", "ends_on")),
            Field("working_week", longest=20),
        ),
        _plan_postings,
        _posting_rows,
    ),
    Kind(
        "leave",
        (
            PERSON,
            Field("kind", needed=True, also=("type", "leave_type")),
            Field("from", "date", needed=True, also=("start", "start_date", "first_day")),
            Field("until", "date", needed=True, also=("end", "end_date", "to", "last_day")),
        ),
        _plan_leave,
        _leave_rows,
        together=("person",),
        guarded=("kind",),
    ),
    Kind(
        "rates",
        (
            Field("currency", "currency", needed=True, also=("code", "iso")),
            Field("rate", "number", needed=True, least=Decimal("0.00000001"), places=8, also=("exchange_rate",)),
            Field("from", "date", needed=True, also=("date", "start", "valid_from")),
            Field("kind", "choice", choices=("actual", "plan"), also=("type",)),
        ),
        _plan_rates,
        _rate_rows,
    ),
]
