"""What is proposed of quotas, and who may decide; the vacant seats that somebody could take over."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Exists, OuterRef, Prefetch, Q, Sum

from targets.models import ProposedEntry, QuotaEntry, QuotaProposal, QuotaProposalQuerySet
from targets.selectors.entries import QuotaLine, leaves_alone, lines_that_follow
from teams.models import Leadership, Period, Person, Posting, Role, Team, User, Viewer, access_of

NEW = timedelta(days=92)  # who was in the team longer before a seat fell vacant has no quota for some other reason


@dataclass(frozen=True, slots=True)
class Vacancy:
    """A vacant part of a seat that nobody has taken over."""

    seat: Person
    team: Team
    start: date
    end: date
    measure: str
    currency: str
    rate: Decimal
    amount: Decimal
    reporting: Decimal

    @property
    def key(self) -> tuple[int, int, date, date, str]:
        return self.seat.pk, self.team.pk, self.start, self.end, self.measure


def newcomers(people: Collection[int], on: date) -> list[Person]:
    """Those of the people who are reps of a team now or later."""
    posted = Posting.objects.filter(person=OuterRef("pk"), role=Role.REP).overlapping(on, date.max)
    return list(Person.objects.present().filter(Exists(posted), pk__in=people).order_by("pk"))


def vacancies(people: Iterable[Person], on: date) -> dict[Person, list[Vacancy]]:
    """What each could take over, the largest first: in a team where they are posted meanwhile and hold nothing."""
    by_id = {person.pk: person for person in people}
    spans: dict[int, dict[int, tuple[date, date]]] = defaultdict(dict)
    for posting in Posting.objects.filter(person__in=by_id, role=Role.REP).order_by("during"):
        since, _ = spans[posting.team_id].get(posting.person_id, (posting.starts_on, date.max))
        spans[posting.team_id][posting.person_id] = (since, posting.until or date.max)
    if not spans:
        return {}
    left = (
        QuotaEntry.objects.filter(team__in=spans, kind=QuotaEntry.Kind.VACANT, during__endswith__gt=on)
        .values_list("seat_id", "team_id", "during", "measure", "currency", "rate")
        .annotate(total=Sum("amount"), worth=Sum("reporting_amount"))
        .filter(total__gt=0)
        .order_by("-total", "seat_id", "during")
    )
    rows = list(left)
    seats, teams = Person.objects.in_bulk({row[0] for row in rows}), Team.objects.in_bulk({row[1] for row in rows})
    holds: dict[tuple[int, int, str], list[tuple[date, date]]] = defaultdict(list)
    bases = QuotaEntry.objects.filter(person__in=by_id, kind=QuotaEntry.Kind.BASE, team__in=teams)
    for person, team, measure, during in bases.values_list("person_id", "team_id", "measure", "during").distinct():
        if person is not None and team is not None:
            holds[person, team, measure].append((during.lower, during.upper))
    found: dict[Person, list[Vacancy]] = defaultdict(list)
    for seat, team, during, measure, currency, rate, total, worth in rows:
        for person, (start, until) in spans[team].items() if seat is not None else ():
            meets = start < during.upper and during.lower < until and start >= during.lower - NEW
            held = any(s < during.upper and during.lower < e for s, e in holds[person, team, measure])
            if meets and not held and person != seat:
                found[by_id[person]].append(
                    Vacancy(seats[seat], teams[team], during.lower, during.upper, measure, currency, rate, total, worth)
                )
    return dict(found)


def leaders_of(teams: Iterable[Team], on: date) -> dict[int, Person]:
    """Who leads these teams and those above them on a day."""
    ids = {pk for team in teams for pk in team.path}
    return {row.team_id: row.person for row in Leadership.objects.on(on).filter(team__in=ids).select_related("person")}


def decider_of(team: Team, person: Person, leaders: Mapping[int, Person]) -> Person | None:
    """Who leads the team; for a leader, and where the seat is vacant, the next one up."""
    lead = (leaders[pk] for pk in reversed(team.path) if pk in leaders)
    return next((leader for leader in lead if leader.pk != person.pk), None)


def may_decide(proposal: QuotaProposal, user: Viewer) -> bool:
    """Who leads the team or one above, and who plans for all; nobody about their own, or what they ask for themselves.

    What a manager asks for is for those above them: the team is the one they lead.
    """
    access = access_of(user)
    if proposal.seat_id == access.person_id or (proposal.asked_by_id is not None and proposal.asked_by_id == user.pk):
        return False
    if proposal.kind == QuotaProposal.Kind.CHANGE:
        return access.sees_all or bool(set(proposal.team.path[:-1]) & set(access.led_team_ids))
    return access.sees_all or bool(set(proposal.team.path) & set(access.led_team_ids))


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """A proposal as its page shows it."""

    proposal: QuotaProposal
    entries: list[ProposedEntry]
    before: Decimal
    after: Decimal
    left_before: Decimal
    left_after: Decimal
    closed: str
    """The key of a closed month of whose days it would change what they carry: it can't count."""
    may_decide: bool

    @property
    def change(self) -> Decimal:
        return self.after - self.before


FACTS = {QuotaProposal.Kind.FOLLOW, QuotaProposal.Kind.SEAT}
LEFT = {QuotaEntry.Kind.VACANT, QuotaEntry.Kind.UNCOVERED}


def proposals(user: User, *, is_open: bool = True) -> QuotaProposalQuerySet:
    """What is proposed and may be seen, those that count first at the top; decided ones the latest first."""
    rows = QuotaProposal.objects.visible_to(user).select_related(
        "seat", "team", "left_by", "decider", "decided_by", "asked_by"
    )
    rows = rows.prefetch_related(Prefetch("entries", ProposedEntry.objects.order_by("pk")))
    if is_open:
        return rows.open().order_by("counts_on", "pk")
    return rows.exclude(state__in=[QuotaProposal.State.OPEN, QuotaProposal.State.GONE]).order_by("-decided_at", "-pk")


def proposal_rows(found: Iterable[QuotaProposal], user: User) -> list[ProposalRow]:
    """Each with its arithmetic: the quota of the person in these days before and after, and what the team keeps."""
    found = list(found)
    if not found:
        return []
    start, end = min(one.starts_on for one in found), max(one.during.upper for one in found)
    shut = list(Period.objects.overlapping(start, end).filter(closed_at__isnull=False).order_by("during"))
    blocked = _blocked([one for one in found if one.is_open and one.kind in FACTS], shut) if shut else {}
    sums: dict[tuple[int, int, str], list[tuple[date, date, Decimal]]] = defaultdict(list)
    ledger = QuotaEntry.objects.overlapping(start, end).filter(person__in={one.seat_id for one in found})
    for row in ledger.exclude(kind=QuotaEntry.Kind.REDISTRIBUTION):
        sums[row.person_id or 0, row.team_id or 0, row.measure].append((row.starts_on, row.during.upper, row.amount))
    rows = []
    for one in found:
        entries = list(one.entries.all())
        held = [e for e in entries if e.kind not in LEFT]
        left = [e for e in entries if e.kind in LEFT]
        inside = sums[one.seat_id, one.team_id, one.measure]
        if one.kind == QuotaProposal.Kind.CHANGE:  # of all they are held to, wherever
            theirs = [parts for (seat, _, of), parts in sums.items() if (seat, of) == (one.seat_id, one.measure)]
            inside = [part for parts in theirs for part in parts]
        now = sum((amount for s, e, amount in inside if one.starts_on <= s and e <= one.during.upper), Decimal(0))
        change = sum((e.after - e.before for e in held), Decimal(0)) if one.is_open else Decimal(0)
        was = Decimal(0) if one.is_open else sum((e.after - e.before for e in held), Decimal(0))
        counted = one.state == QuotaProposal.State.COUNTED
        rows.append(
            ProposalRow(
                proposal=one,
                entries=entries,
                before=now - was if counted else now,
                after=now + change,
                left_before=sum((e.before for e in left), Decimal(0)),
                left_after=sum((e.after for e in left), Decimal(0)),
                closed=blocked.get(one.pk, ""),
                may_decide=one.is_open and may_decide(one, user),
            )
        )
    return rows


def _blocked(found: Iterable[QuotaProposal], shut: Sequence[Period]) -> dict[int, str]:
    """Of those that would change what a closed day carries, the first closed month in their days."""
    near = {
        one: keys
        for one in found
        if one.kind != QuotaProposal.Kind.CHANGE  # it moves what open days carry
        and (keys := [p.key for p in shut if p.starts_on < one.during.upper and one.starts_on < p.during.upper])
    }
    follow = {
        (line.person.pk, line.team.pk, line.start, line.end, line.measure): line
        for line in lines_that_follow([one.seat_id for one in near])
        if line.team is not None
    }
    lines = [
        follow.get((one.seat_id, one.team_id, one.starts_on, one.during.upper, one.measure))
        or QuotaLine(one.seat, one.starts_on, one.during.upper, Decimal(1), "base", one.team, measure=one.measure)
        for one in near
    ]
    alone = leaves_alone(lines, shut) if lines else []
    return {one.pk: keys[0] for (one, keys), is_alone in zip(near.items(), alone, strict=True) if not is_alone}


def without_quota(user: User, on: date) -> list[Posting]:
    """Of whom one may see: who sells or supports today in a team that is held to something they have no figure of."""
    entries = QuotaEntry.objects.on(on)
    mine = entries.filter(person=OuterRef(OuterRef("person")), measure=OuterRef("measure"))
    lacking = entries.filter(~Exists(mine), team=OuterRef("team"))
    rows = Posting.objects.visible_to(user).on(on).filter(person__withdrawn_at=None)
    rows = rows.filter(Q(role=Role.REP) | ~Q(team__department=""), Exists(lacking))
    return list(rows.select_related("person", "team").order_by("person__name", "pk")[:50])
