"""Quotas follow people's lives: what postings, leave and calendars ask for is proposed, decided, and then counts."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q

from sales.models import Task
from sales.services.notices import tell
from sales.services.tasks import add_task, complete_task
from salesmgmt.desk.models import Mark
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused, Stale
from targets import selectors
from targets.models import Plan, ProposedEntry, QuotaEntry, QuotaProposal
from targets.models.watches import TOPIC
from targets.selectors.entries import (
    Key,
    QuotaLine,
    Sums,
    arithmetic,
    by_line,
    differences,
    due_entries,
    leaves_alone,
    lines_that_follow,
    place_of,
    stated_entries,
)
from targets.selectors.letters import figures_of
from targets.selectors.proposals import Vacancy, decider_of, leaders_of, newcomers, vacancies
from targets.services.letters import announce, tell_of_plan
from targets.services.quotas import hold_people, post, refuse_closed, shut
from teams.models import Organisation, Person, Posting, Role, Team, User
from teams.selectors import working_days

Kind, State = QuotaProposal.Kind, QuotaProposal.State
PORTION = 300  # marks of one transaction
WORKING_DAYS = 5  # until a proposal counts by itself
SOURCE, PAGE = "quota_change", "/quotas/changes/"


# ── Draining marks ──────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A proposal as the facts would have it."""

    kind: str
    line: QuotaLine
    team: Team
    due: Mapping[Key, Sums]
    stated: Mapping[Key, Sums]
    vacancy: Vacancy | None = None

    @property
    def key(self) -> tuple[int, int, date, date, str, str]:
        return self.line.person.pk, self.team.pk, self.line.start, self.line.end, self.line.measure, self.kind

    @property
    def facts(self) -> str:
        said = [f"{place_of(key)} {key.rate} {sums.amount} {sums.reporting}" for key, sums in self.due.items()]
        return hashlib.sha256("\n".join([self.kind, str(self.vacancy), *sorted(said)]).encode()).hexdigest()

    def entries(self) -> Iterator[ProposedEntry]:
        notes = arithmetic(self.line)
        if self.vacancy is not None:
            end = half_open(self.vacancy.start, self.vacancy.end)
            note = f"The seat that {self.vacancy.seat} left is no longer vacant"
            yield ProposedEntry(
                kind=QuotaEntry.Kind.VACANT, during=end, before=self.vacancy.amount, after=0,
                currency=self.vacancy.currency, note=note,
            )  # fmt: skip
        for key in differences(self.due, self.stated):
            before, after = (of.get(key, Sums()).amount for of in (self.stated, self.due))
            if before != after:
                yield ProposedEntry(
                    kind=key.kind, during=half_open(key.start, key.end), before=before, after=after,
                    currency=key.currency, note=notes.get(key.kind, "")[:300],
                )  # fmt: skip


@transaction.atomic
def propose_changes(*, at: datetime, on: date) -> int:
    """Work off the next portion of the marks of presence; answers how many. Doing it again changes nothing.

    People are locked first, and only then, in new statements, the facts and the ledger are read: what is committed
    later has left a mark of its own.
    """
    picked = _pick()
    if not picked:
        return 0
    spans: dict[int, list[tuple[date, date]]] = defaultdict(list)
    for pk, person, first, until in picked:
        if person is None:
            _expand(pk, on)
        else:
            spans[person].append((first, until))
    if spans:
        _propose(spans, at=at, on=on)
    Mark.objects.filter(pk__in=[row[0] for row in picked]).delete()
    return len(picked)


@transaction.atomic
def propose_for(*, people: Collection[int], during: tuple[date, date], at: datetime, on: date) -> None:
    """Look at once at what the lives of these people ask of their quotas in these days, as marks would have it done."""
    waiting = sorted(people)
    for first in range(0, len(waiting), PORTION):
        _propose({pk: [during] for pk in waiting[first : first + PORTION]}, at=at, on=on)


def _pick() -> list[tuple[int, int | None, date, date]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, person_id, greatest(coalesce(lower(days), %s), %s), least(coalesce(upper(days), %s), %s)"
            "  FROM desk_mark WHERE topic = %s ORDER BY person_id LIMIT %s FOR UPDATE SKIP LOCKED",
            [date.min, date.min, date.max, date.max, TOPIC, PORTION],
        )
        rows: list[tuple[int, int | None, date, date]] = cursor.fetchall()
        return rows


def _expand(mark_id: int, on: date) -> None:
    """A mark about everybody becomes one for each seat with a quota that is not over, so that no portion grows."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO desk_mark (topic, person_id, days)
            SELECT DISTINCT m.topic, q.seat_id, m.days * daterange(%s, NULL)
              FROM desk_mark m JOIN targets_quotaentry q ON q.kind = 'base' AND q.during && m.days
             WHERE m.id = %s AND upper(q.during) > %s AND q.seat_id IS NOT NULL
            """,
            [on, mark_id, on],
        )


def _propose(spans: Mapping[int, Sequence[tuple[date, date]]], *, at: datetime, on: date) -> None:
    people = sorted(spans)
    ahead = vacancies(newcomers(people, on), on)
    seats = sorted({*people, *(vacancy.seat.pk for mine in ahead.values() for vacancy in mine)})
    list(Person.objects.filter(pk__in=seats).order_by("pk").select_for_update(no_key=True).values_list("pk"))
    standing = {
        (one.seat_id, one.team_id, one.starts_on, one.until, one.measure, one.kind): one
        for one in QuotaProposal.objects.open()
        .filter(seat__in=people)
        .exclude(kind=Kind.CHANGE)
        .order_by("pk")
        .select_for_update()
        if one.kind == Kind.SEAT or _is_meant(spans[one.seat_id], one.starts_on, one.during.upper)
    }
    refused = set(QuotaProposal.objects.filter(seat__in=people, state=State.REFUSED).values_list("seat_id", "facts"))
    lines = [line for line in lines_that_follow(people) if _is_meant(spans[line.person.pk], line.start, line.end)]
    wanted = {
        want.key: (want, facts)
        for want in [*_following(lines), *_taking_over(people, on, refused)]
        if (want.line.person.pk, facts := want.facts) not in refused
    }
    gone = [one for key, one in standing.items() if key not in wanted]
    fresh = [
        (want, standing.get(key), facts)
        for key, (want, facts) in wanted.items()
        if key not in standing or standing[key].facts != facts
    ]
    QuotaProposal.objects.filter(pk__in=[one.pk for one in gone]).update(state=State.GONE)
    if fresh:
        _write(fresh, at=at, on=on)
    _settle_tasks({one.decider_id for one in gone}, at=at)


def _is_meant(spans: Sequence[tuple[date, date]], start: date, end: date) -> bool:
    return any(first < end and start < until for first, until in spans)


def _following(lines: Sequence[QuotaLine]) -> Iterator[_Wanted]:
    due, stated = by_line(lines, due_entries(lines)), by_line(lines, stated_entries(lines))
    for place, line in enumerate(lines):
        if differences(due[place], stated[place]):
            assert line.team is not None
            yield _Wanted(Kind.FOLLOW, line, line.team, due[place], stated[place])


def _taking_over(people: Collection[int], on: date, refused: Collection[tuple[int, str]]) -> Iterator[_Wanted]:
    """Newcomers and the vacant seats of their teams: one each, the largest first."""
    given = {
        (one.left_by_id, one.team_id, one.starts_on, one.until, one.measure)
        for one in QuotaProposal.objects.open().filter(kind=Kind.SEAT).exclude(seat__in=people)
    }
    for person, found in vacancies(newcomers(people, on), on).items():
        for vacancy in found:
            if vacancy.key in given:
                continue
            line = _line_of(person, vacancy)
            want = _Wanted(Kind.SEAT, line, vacancy.team, due_entries([line]), {}, vacancy)
            if (person.pk, want.facts) not in refused:
                given.add(vacancy.key)
                yield want
                break


def _line_of(person: Person, vacancy: Vacancy) -> QuotaLine:
    return QuotaLine(
        person, vacancy.start, vacancy.end, vacancy.amount, "base", vacancy.team, vacancy.currency, vacancy.measure,
        vacancy.rate,
    )  # fmt: skip


def _write(fresh: Sequence[tuple[_Wanted, QuotaProposal | None, str]], *, at: datetime, on: date) -> None:
    leaders, counts_on = leaders_of({want.team for want, _, _ in fresh}, on), counts_from(on)
    importers = _importers({want.line.person.pk for want, _, _ in fresh}, on)
    told: dict[Person, list[str]] = defaultdict(list)
    for want, one, facts in fresh:
        person, team = want.line.person, want.team
        decider = decider_of(team, person, leaders)
        one = one or QuotaProposal(
            kind=want.kind, seat=person, team=team, measure=want.line.measure, version=0,
            during=half_open(want.line.start, want.line.end),
        )  # fmt: skip
        one.facts, one.made_at, one.counts_on, one.decider = facts, at, counts_on, decider
        one.left_by = want.vacancy.seat if want.vacancy else None
        above = {leaders[pk].pk for pk in team.path if pk in leaders}
        one.needs_yes = person.pk in above or person.pk in importers
        one.version += 1
        one.save()
        one.entries.all().delete()
        entries = list(want.entries())
        for entry in entries:
            entry.proposal = one
        ProposedEntry.objects.bulk_create(entries)
        last = want.line.end - timedelta(days=1)
        days = f"{want.line.start:%-d %b} to {last:%-d %b %Y}"
        tell([person], f"A change of your quota for {days} is proposed.", link=PAGE, at=at)
        if decider is not None:
            told[decider].append(str(person))
    for decider, names in told.items():
        wait_for(decider, names, counts_on, at=at)


def wait_for(decider: Person | None, names: Sequence[str], counts_on: date, *, at: datetime) -> None:
    """Who decides is told whose quotas wait for it, and has it among their tasks."""
    if decider is None:
        return
    whose = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
    tell([decider], f"Quota changes wait for your yes: {whose}.", link=PAGE, at=at)
    if not Task.objects.open().filter(owner=decider, source=SOURCE).exists():
        text = "Look at the quota changes that postings, leave and managers ask for"
        add_task(owner=decider, text=text, due_on=counts_on, by=None, source=SOURCE, link=PAGE)


def _importers(people: Collection[int], on: date) -> set[int]:
    """Those of them who could have written the leave or the posting themselves."""
    posted = Posting.objects.on(on).filter(person=OuterRef("pk"), role=Role.OPERATIONS)
    found = Person.objects.filter(Q(user__is_superuser=True) | Exists(posted), pk__in=people)
    return set(found.values_list("pk", flat=True))


def counts_from(on: date) -> date:
    """The day after five working days of the organisation's calendar."""
    organisation = Organisation.get()
    start = on + timedelta(days=1)
    days = working_days(
        region=organisation.holiday_region, week=organisation.working_week, start=start, end=start + timedelta(days=60)
    )
    last: date = days[WORKING_DAYS - 1].item() if len(days) >= WORKING_DAYS else start + timedelta(days=7)
    return last + timedelta(days=1)


def _settle_tasks(deciders: Iterable[int | None], *, at: datetime) -> None:
    """Who has nothing left to decide is done with it."""
    wait = set(QuotaProposal.objects.open().filter(decider__in=deciders).values_list("decider_id", flat=True))
    done = {pk for pk in deciders if pk is not None} - wait
    for task in Task.objects.open().filter(owner__in=done, source=SOURCE):
        complete_task(task=task, by=None, at=at)


# ── Deciding ────────────────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def confirm_proposal(
    *, proposal: QuotaProposal, by: User | None, at: datetime, on: date, version: int | None = None
) -> list[QuotaEntry]:
    """Let a proposed change count; answers the entries appended. Without `by` it counts by itself.

    What its facts change must lie in open months; closed days keep what they carry.
    """
    if proposal.kind == Kind.CHANGE:
        return _announce_change(proposal, version, by=by, at=at)
    proposal = _held(proposal, version, by)
    closed = shut(proposal.starts_on, proposal.during.upper)
    facts = _as_of_now(proposal, on)
    if facts is None or facts.facts != proposal.facts:
        raise Stale("The facts have changed since this was proposed: look at it again.")
    if closed and not all(leaves_alone([facts.line], closed)):
        refuse_closed(closed)
    reason = f"Confirmed by {by}" if by else f"Proposed {proposal.made_at:%-d %b %Y}, nobody refused"
    made = []
    if facts.vacancy is not None:
        made.append(_give_up(facts.vacancy, proposal.seat, reason=reason, by=by, at=at))
    made += post([facts.line], dict(facts.due), reason=reason, by=by, at=at, plan=None)
    _decide(proposal, State.COUNTED, by=by, at=at)
    plans = selectors.plans_of(proposal.seat_id).filter(measure=proposal.measure, during__contains=proposal.during)
    came_into = plans.filter(published_at__isnull=False).first() if facts.vacancy is not None else None
    if came_into is not None:
        tell_of_plan(plan=came_into, person=proposal.seat, by=by, at=at)
    else:
        tell([proposal.seat], f"Your quota from {proposal.starts_on:%-d %b %Y} has changed.", link=PAGE, at=at, but=by)
    return made


def facts_of(figure: Decimal) -> str:
    """Of a change that somebody asks for: the figure it is to take the place of."""
    return f"{figure:.2f}"


def _announce_change(
    proposal: QuotaProposal, version: int | None, *, by: User | None, at: datetime
) -> list[QuotaEntry]:
    """The figure that a manager asked for, announced in their words by who says yes to it."""
    plans = Plan.objects.filter(during=proposal.during, measure=proposal.measure, published_at__isnull=False)
    plan = plans.select_for_update(no_key=True).first()  # before the people, as `announce` does
    proposal = _held(proposal, version, by)
    figures = figures_of(plan, [proposal.seat_id]) if plan is not None else {}
    if plan is None or facts_of(figures.get(proposal.seat_id, Decimal(0))) != proposal.facts:
        raise Stale("The figure has changed since this was asked for: refuse it, and have it asked for anew.")
    if by is None or proposal.amount is None:
        raise Refused("This takes the yes of the next manager up.")
    announce(
        plan=plan,
        headline=proposal.headline,
        person=proposal.seat,
        results=proposal.results,
        economy=proposal.economy,
        competition=proposal.competition,
        figures={proposal.seat_id: proposal.amount},
        by=by,
        at=at,
        is_approved=True,
    )
    _decide(proposal, State.COUNTED, by=by, at=at)
    _tell_asker(proposal, "has the yes it needed", by=by, at=at)
    made = QuotaEntry.objects.filter(person=proposal.seat_id, measure=proposal.measure, recorded_at=at, by=by)
    return list(made.order_by("pk"))


def _tell_asker(proposal: QuotaProposal, what: str, *, by: User, at: datetime) -> None:
    asker: Person | None = getattr(proposal.asked_by, "person", None)
    tell([asker], f"The figure you asked for, of {proposal.seat}, {what}.", link=PAGE, at=at, but=by)


@transaction.atomic
def refuse_proposal(
    *, proposal: QuotaProposal, reason: str, by: User, at: datetime, version: int | None = None
) -> QuotaProposal:
    """Leave the ledger as it is, with a reason; it is proposed again only where the facts change."""
    if not reason.strip():
        raise Refused("Say why the quota stays as it is.", field="reason")
    proposal = _held(proposal, version, by)
    _decide(proposal, State.REFUSED, by=by, at=at, reason=reason.strip())
    tell([proposal.seat], "A proposed change of your quota was refused.", link=PAGE, at=at, but=by)
    _tell_asker(proposal, "was refused", by=by, at=at)
    return proposal


def count_overdue(*, at: datetime, on: date) -> int:
    """What nobody has decided in time counts by itself, each in its own transaction; answers how many.

    Not the quota of who leads the team: that takes the yes of the next manager up. Not what would change a closed day.
    """
    due = QuotaProposal.objects.open().filter(counts_on__lte=on, needs_yes=False).order_by("pk")
    done = 0
    for proposal in due:
        try:
            confirm_proposal(proposal=proposal, by=None, at=at, on=on)
        except Refused:
            continue
        done += 1
    return done


def _held(proposal: QuotaProposal, version: int | None, by: User | None) -> QuotaProposal:
    """The proposal as it stands, its people locked; refused where it is decided, other, or not for `by` to decide."""
    hold_people(pk for pk in (proposal.seat_id, proposal.left_by_id) if pk)
    rows = QuotaProposal.objects.select_related("seat", "team", "left_by", "asked_by")
    rows = rows.select_for_update(of=("self",))
    proposal = rows.get(pk=proposal.pk)
    if by is not None and not selectors.may_decide(proposal, by):
        raise Refused("Who leads the team decides, and nobody about their own quota.", field="person")
    if not proposal.is_open:
        raise Refused(f"This is decided already: {proposal.get_state_display().lower()}.")
    if version is not None and version != proposal.version:
        raise Stale("The proposal has changed since you opened it: look at it again.")
    return proposal


def _as_of_now(proposal: QuotaProposal, on: date) -> _Wanted | None:
    """The same proposal worked out anew."""
    key = (
        proposal.seat_id, proposal.team_id, proposal.starts_on, proposal.until, proposal.measure, proposal.kind
    )  # fmt: skip
    if proposal.kind == Kind.FOLLOW:
        return next((want for want in _following(lines_that_follow([proposal.seat_id])) if want.key == key), None)
    for vacancy in vacancies([proposal.seat], on).get(proposal.seat, ()):
        line = _line_of(proposal.seat, vacancy)
        want = _Wanted(Kind.SEAT, line, vacancy.team, due_entries([line]), {}, vacancy)
        if want.key == key and vacancy.seat.pk == proposal.left_by_id:
            return want
    return None


def _give_up(vacancy: Vacancy, person: Person, *, reason: str, by: User | None, at: datetime) -> QuotaEntry:
    """The vacant part is somebody's now; the rest of their line says what of it stays vacant."""
    return QuotaEntry.objects.create(
        seat=vacancy.seat, team=vacancy.team, during=half_open(vacancy.start, vacancy.end), measure=vacancy.measure,
        kind=QuotaEntry.Kind.VACANT, basis=QuotaEntry.Basis.TAKEN, amount=-vacancy.amount, currency=vacancy.currency,
        rate=vacancy.rate, reporting_amount=-vacancy.reporting, recorded_at=at, by=by,
        reason=f"{person} takes over the seat; {reason}"[:200],
    )  # fmt: skip


def _decide(proposal: QuotaProposal, state: str, *, by: User | None, at: datetime, reason: str = "") -> None:
    proposal.state, proposal.decided_by, proposal.decided_at, proposal.reason = state, by, at, reason
    proposal.save(update_fields=["state", "decided_by", "decided_at", "reason"])
    _settle_tasks([proposal.decider_id], at=at)
