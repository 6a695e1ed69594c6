"""Who gets a new lead: by the rules of the admin, in their order; whoever has left or is absent is passed over."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import Count, Q

from sales.models import AssignmentRule, Lead, LeadChange
from salesmgmt.desk.models import Notice
from salesmgmt.lib import clock
from teams.models import Leave, Person, Posting, Role, Territory, User

from .guards import organisation_for

SELLS = (Role.REP, Role.MANAGER)
Method = AssignmentRule.Method


@dataclass(slots=True)
class Crew:
    """Who is there on a day, where, and how much waits for each."""

    there: dict[int, Person]
    posted: list[tuple[int, list[int], str, int | None]]
    above: dict[int, int | None]
    """Territories and what they are part of."""
    waiting: Counter[int] = field(default_factory=Counter)

    @classmethod
    def on(cls, day: date) -> "Crew":
        away = Leave.objects.on(day).values("person")
        people = Person.objects.present().active(day).filter(Q(hired_on=None) | Q(hired_on__lte=day))
        there = {person.pk: person for person in people.exclude(pk__in=away).order_by("pk")}
        postings = Posting.objects.on(day).filter(person__in=there).order_by("person_id")
        waiting = Lead.objects.present().waiting().filter(owner__in=there).order_by("owner")
        return cls(
            there=there,
            posted=list(postings.values_list("person_id", "team__path", "role", "territory_id")),
            above=dict(Territory.objects.values_list("pk", "parent_id")),
            waiting=Counter(dict(waiting.values_list("owner").annotate(Count("pk")))),
        )

    def up(self, territory: int | None) -> Iterator[int]:
        """A territory and all that it is part of, the nearest first."""
        seen: set[int] = set()
        while territory is not None and territory not in seen:
            seen.add(territory)
            yield territory
            territory = self.above.get(territory)

    def reps(self, team: int | None) -> list[int]:
        """Reps of a team and of those below it."""
        return [person for person, path, role, _ in self.posted if role == Role.REP and team in path]

    def covering(self, territory: int, team: int | None) -> list[int]:
        return [
            person
            for person, path, role, covers in self.posted
            if covers == territory and role in SELLS and (team is None or team in path)
        ]

    def least_busy(self, people: Iterable[int]) -> int | None:
        return min(people, key=lambda person: (self.waiting[person], person), default=None)


def _holds(rule: AssignmentRule, lead: Lead, crew: Crew) -> bool:
    alike = all(
        not (asked := getattr(rule, name)) or asked.casefold() == getattr(lead, name).casefold()
        for name in ("source", "country", "industry")
    )
    return (
        alike
        and rule.campaign_id in (None, lead.campaign_id)
        and (rule.territory_id is None or rule.territory_id in crew.up(lead.territory_id))
    )


def _choose(rule: AssignmentRule, lead: Lead, crew: Crew) -> int | None:
    match rule.method:
        case Method.PERSON:
            return rule.person_id if rule.person_id in crew.there else None
        case Method.TERRITORY:
            near = (crew.covering(territory, rule.team_id) for territory in crew.up(lead.territory_id))
            return crew.least_busy(next(filter(None, near), []))
        case Method.LOAD:
            return crew.least_busy(crew.reps(rule.team_id))
        case _:
            turn = sorted(crew.reps(rule.team_id))
            return next((person for person in turn if person > (rule.last_person_id or 0)), turn[0] if turn else None)


@transaction.atomic
def assign_leads(*, lead_ids: Iterable[int], by: User | None, at: datetime) -> int:
    """Give each waiting lead that nobody has to somebody: the first active rule that holds and finds someone says whom.

    The rules are locked, so that two leads at once don't go to the same person in turn. What no rule places stays
    unassigned, where those who lead a team see it. Answers how many were given to somebody.
    """
    rules = list(
        AssignmentRule.objects.filter(is_active=True).order_by("position", "pk").select_for_update(of=("self",))
    )
    found = Lead.objects.present().waiting().filter(pk__in=list(lead_ids), owner=None)
    leads = list(found.order_by("received_at", "pk").select_for_update(of=("self",))) if rules else []
    if not leads:
        return 0
    crew = Crew.on(clock.day_of(at, organisation_for(by).time_zone))
    given: list[Lead] = []
    changes, turns = [], set()
    for lead in leads:
        held = (rule for rule in rules if _holds(rule, lead, crew))
        rule, person = next(((rule, who) for rule in held if (who := _choose(rule, lead, crew))), (None, None))
        if rule is None or person is None:
            continue
        lead.owner_id = person
        given.append(lead)
        crew.waiting[person] += 1
        if rule.method == Method.ROUND_ROBIN:
            rule.last_person_id = person
            turns.add(rule)
        why = f"Rule “{rule.name}”: {rule.get_method_display().lower()}"
        changes.append(LeadChange(lead=lead, changed_at=at, by=by, field="owner", value=str(person), reason=why))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sales_lead l SET owner_id = g.owner, version = l.version + 1"
            "  FROM unnest(%s::bigint[], %s::bigint[]) AS g (id, owner) WHERE l.id = g.id",
            [[lead.pk for lead in given], [lead.owner_id for lead in given]],
        )
    LeadChange.objects.bulk_create(changes, batch_size=2000)
    AssignmentRule.objects.bulk_update(turns, ["last_person"])
    tell_owners(leads=given, people=crew.there, by=by, at=at)
    return len(given)


def tell_owners(*, leads: Iterable[Lead], people: dict[int, Person], by: User | None, at: datetime) -> None:
    """Each person is told once, however many leads came to them; nobody is told of what they did themselves."""
    came: dict[int, list[Lead]] = {}
    for lead in leads:
        if lead.owner_id is not None:
            came.setdefault(lead.owner_id, []).append(lead)
    logins = {person: people[person].user_id for person in came}
    Notice.objects.bulk_create(
        Notice(
            user_id=login,
            text=f"A new lead for you: {_called(mine[0])}."[:300]
            if len(mine) == 1
            else f"{len(mine)} new leads for you.",
            link=f"/leads/{mine[0].pk}/" if len(mine) == 1 else "/leads/",
            at=at,
        )
        for person, mine in came.items()
        if (login := logins[person]) and (by is None or login != by.pk)
    )


def _called(lead: Lead) -> str:
    return f"{lead.name}, {lead.company}" if lead.company else lead.name
