"""Questions about disputes: who may read what, who stands in whose line, who could decide, what was decided before."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet, Sum

from coaching.models import Decider, Decision, Dispute, DisputeEvent, Evidence, Party, Remedy, Statement
from coaching.models.disputes import APPEAL, FIRST
from sales.models import Account, Activity, Credit, CreditShare, DealShare, Order
from salesmgmt.lib import clock
from salesmgmt.lib.groups import SMALLEST_GROUP
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused
from targets.models import QuotaEntry
from targets.models.measures import BOOKINGS
from teams.models import Leadership, Leave, Organisation, Person, Posting, Role, Team, User, Viewer, access_of
from teams.selectors import manager_of, person_of

DECIDING = (Role.MANAGER, Role.EXECUTIVE, Role.HR)
LATELY = timedelta(days=30)
LOOKS_BACK = timedelta(days=550)  # for what somebody may claim a part of
MOST_ROWS = 200  # of frozen evidence

State, Outcome = Dispute.State, Decision.Outcome


# ── Reading ─────────────────────────────────────────────────────────────────────────────────────────────────────


def disputes_of(user: Viewer) -> QuerySet[Dispute]:
    return Dispute.objects.visible_to(user).select_related("opened_by")


def open_disputes_about(*, person: Person) -> QuerySet[Dispute]:
    """Not settled yet, appeal included, that this person is a party of."""
    return Dispute.objects.unsettled().filter(pk__in=Party.objects.filter(person=person).values("dispute"))


def waiting_for(user: Viewer) -> QuerySet[Dispute]:
    """Those that wait for a statement of the user, or for their decision."""
    me = access_of(user).person_id
    asked = Statement.objects.filter(
        party__dispute=OuterRef("pk"), round=OuterRef("round"), party__person=me, said_at=None
    )
    decides = Decider.objects.standing().filter(dispute=OuterRef("pk"), round=OuterRef("round"), person=me)
    return disputes_of(user).filter(Exists(asked) | Exists(decides), state__in=Dispute.HEARING)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a viewer is in a dispute. Words are for the parties, who decides, and HR."""

    party: Party | None
    decides: int
    """The latest round the viewer decides or decided; 0: none."""
    is_hr: bool
    is_executive: bool = False

    @property
    def sees(self) -> bool:
        """Executives know that there is a dispute; the others who do read it."""
        return self.words or self.is_executive

    @property
    def names_parties(self) -> bool:
        """HR, and who decides; a party proposes."""
        return self.party is None and (self.is_hr or self.decides > 0)

    @property
    def words(self) -> bool:
        return self.party is not None or self.decides > 0 or self.is_hr

    def rounds(self) -> Collection[int]:
        """Of which rounds they read statements: who decided first is not told what was said after."""
        if self.party is not None or self.is_hr or self.decides == APPEAL:
            return (FIRST, APPEAL)
        return (FIRST,) if self.decides else ()


def reading_of(dispute: Dispute, user: Viewer) -> Reading:
    """As of this request: who decides, or decided, and stands in a party's line by now reads nothing any more."""
    access = access_of(user)
    me = access.person_id
    party = Party.objects.filter(dispute=dispute, person=me).first() if me else None
    rounds = list(Decider.objects.standing().filter(dispute=dispute, person=me).values_list("round", flat=True))
    if me and rounds and party is None:
        parties = Party.objects.filter(dispute=dispute).values_list("person", flat=True)
        today = clock.today(Organisation.get().time_zone)
        if me in line_of(parties, today, since=since_of(dispute, today)):
            rounds = []
    return Reading(party, max(rounds, default=0) if me else 0, access.role == Role.HR, access.role == Role.EXECUTIVE)


@dataclass(frozen=True, slots=True)
class Words:
    """What was said and put forward, as far as a viewer may read it."""

    statements: list[Statement]
    """All that are asked for; `text` blanked where the viewer may not read it."""
    evidence: list[Evidence]
    decisions: list[Decision]


def words_of(dispute: Dispute, reading: Reading) -> Words:
    statements = list(
        Statement.objects.filter(party__dispute=dispute)
        .select_related("party__person")
        .order_by("round", "-party__is_claimant", "party__person__name", "pk")
    )
    for one in statements:
        own = reading.party is not None and one.party_id == reading.party.pk
        if not own and one.round not in reading.rounds():
            one.text = ""
    evidence = Evidence.objects.filter(dispute=dispute).select_related("by").order_by("at", "pk")
    shares = Prefetch(
        "remedies", Remedy.objects.select_related("person", "reverses").prefetch_related("shares__person")
    )
    decisions = list(
        Decision.objects.filter(dispute=dispute).select_related("decider").prefetch_related(shares).order_by("round")
    )
    if not reading.words:
        for decision in decisions:
            decision.reasons = ""
    if reading.decides == FIRST and reading.party is None and not reading.is_hr:
        # Who decided first is not told what was said after.
        until = next((one.decided_at for one in decisions if one.round == FIRST), None)
        evidence = evidence.filter(at__lte=until) if until else evidence
    return Words(statements, list(evidence) if reading.words else [], decisions)


def last_appeal(dispute: Dispute) -> DisputeEvent | None:
    """The running appeal, or the last there was."""
    return DisputeEvent.objects.filter(dispute=dispute, kind=DisputeEvent.Kind.APPEALED).order_by("at", "pk").last()


def may_withdraw_appeal(dispute: Dispute, me: int | None, *, at: datetime) -> bool:
    """Who made the running appeal, until the day of a statement has passed."""
    last = last_appeal(dispute) if dispute.state == State.APPEALED else None
    return last is not None and last.person_id == me and not is_late_to_withdraw(dispute, at)


def is_late_to_withdraw(dispute: Dispute, at: datetime) -> bool:
    """Whether somebody let their day in the appeal pass: with another appeal they would count as heard, unasked."""
    over = Q(missed_at__isnull=False) | Q(said_at=None, due_at__lte=at)
    return Statement.objects.filter(over, party__dispute=dispute, round=APPEAL).exists()


def may_add_to_theirs(dispute: Dispute, day: date) -> list[Person]:
    """Who spoke to an appeal that was withdrawn, and has neither added to it since another was made nor had the days
    for it."""
    last = last_appeal(dispute) if dispute.state == State.APPEALED else None
    if last is None or day > dispute.statements_due_on:
        return []
    events = DisputeEvent.objects.filter(dispute=dispute, round=APPEAL)
    spoke = events.filter(kind=DisputeEvent.Kind.STATEMENT, pk__lt=last.pk).values("person")
    added = events.filter(kind=DisputeEvent.Kind.EVIDENCE, pk__gt=last.pk).values("person")
    return list(Person.objects.filter(pk__in=spoke).exclude(pk__in=added))


def story_of_dispute(dispute: Dispute) -> QuerySet[DisputeEvent]:
    return DisputeEvent.objects.filter(dispute=dispute).select_related("by__person", "person").order_by("at", "pk")


def deciders_of(dispute: Dispute) -> dict[int, Decider]:
    """Who decides or decided, by round."""
    return {one.round: one for one in Decider.objects.standing().filter(dispute=dispute).select_related("person")}


def missing_statements(dispute: Dispute) -> QuerySet[Statement]:
    """Asked for in the running round, neither given nor recorded as missed."""
    return Statement.objects.filter(
        party__dispute=dispute, round=dispute.round, said_at=None, missed_at=None
    ).select_related("party__person")


# ── Who may decide ──────────────────────────────────────────────────────────────────────────────────────────────


def line_of(person_ids: Iterable[int], day: date, *, since: date | None = None) -> set[int]:
    """Everybody above or below any of these people, some weeks before a day (or since another) and from then on.

    Not on one day alone: a stand-in of a week, or a transfer since, makes nobody neutral about what was theirs.
    """
    ids, start = set(person_ids), (since or day) - LATELY
    led = list(
        Leadership.objects.filter(person__in=ids, during__overlap=half_open(start)).values_list("team", "team__path")
    )
    postings = Posting.objects.filter(during__overlap=half_open(start))
    leaderships = Leadership.objects.filter(during__overlap=half_open(start))
    paths = [path for _, path in led]
    paths += postings.filter(person__in=ids).values_list("team__path", flat=True)
    above = {team for path in paths for team in path}
    found = set(leaderships.filter(team__in=above).values_list("person", flat=True))
    if led:
        below = [team for team, _ in led]
        found |= set(postings.under(below).values_list("person", flat=True))
        found |= set(leaderships.filter(team__path__overlap=below).values_list("person", flat=True))
    return found - ids


def since_of(dispute: Dispute, day: date) -> date:
    """From when on lines matter: the days in dispute, or the day it was opened."""
    found = [day, clock.day_of(dispute.opened_at, Organisation.get().time_zone)]
    if dispute.order is not None:
        found.append(dispute.order.ordered_on)
    if dispute.subject == Dispute.Subject.QUOTA:
        found.append(period_of(dispute).start)
    return min(found)


def able_to_decide(day: date) -> QuerySet[Person]:
    """Managers, executives and HR who are here on a day and have a login."""
    posted = Posting.objects.on(day).filter(role__in=DECIDING).values("person")
    leads = Leadership.objects.on(day).values("person")
    here = Person.objects.present().active(day).filter(user__is_active=True)
    return here.filter(Q(pk__in=posted) | Q(pk__in=leads))


def neutral_people(dispute: Dispute, day: date) -> QuerySet[Person]:
    """Who could decide the running round: no party, in no party's line, and nobody who was asked before."""
    parties = set(Party.objects.filter(dispute=dispute).values_list("person", flat=True))
    before = set(Decider.objects.filter(dispute=dispute).values_list("person", flat=True))
    return able_to_decide(day).exclude(pk__in=parties | before | line_of(parties, day, since=since_of(dispute, day)))


def proposed_decider(dispute: Dispute, day: date) -> Person | None:
    """The neutral person who has the fewest disputes to decide; nobody who is away."""
    away = Leave.objects.on(day).values("person")
    busy = Count("disputes_to_decide", filter=Q(disputes_to_decide__dispute__state__in=Dispute.HEARING))
    people = neutral_people(dispute, day).exclude(pk__in=away).annotate(busy=busy)
    return people.order_by("busy", "external_id", "pk").first()


def why_not_neutral(dispute: Dispute, person: Person, day: date) -> str:
    """Why somebody can't decide on a day, as a sentence; none: they can."""
    parties = dict(Party.objects.filter(dispute=dispute).values_list("person", "person__name"))
    if person.pk in parties:
        return f"{person.name} is a party of this dispute: somebody else decides it."
    if person.pk in line_of(parties, day, since=since_of(dispute, day)):
        return f"{person.name} stands in the line of a party, or did in the days in dispute: somebody else decides it."
    if not able_to_decide(day).filter(pk=person.pk).exists():
        return f"{person.name} no longer leads, or is no longer here: somebody else decides this dispute."
    if Decision.objects.filter(dispute=dispute, decider=person).exists():
        return f"{person.name} decided this dispute before: an appeal is decided by somebody else."
    return ""


def may_name_decider(dispute: Dispute, user: User, day: date) -> bool:
    """HR and executives who are no party and in no party's line."""
    access = access_of(user)
    if access.role not in {Role.HR, Role.EXECUTIVE} or access.person_id is None:
        return False
    parties = set(Party.objects.filter(dispute=dispute).values_list("person", flat=True))
    return access.person_id not in parties | line_of(parties, day, since=since_of(dispute, day))


# ── What there is to dispute ────────────────────────────────────────────────────────────────────────────────────


def orders_to_claim(person: Person, day: date) -> QuerySet[Order]:
    """Orders somebody has or may claim a part of: their own, credited, or of customers and deals they worked on."""
    since = day - LOOKS_BACK
    worked = Activity.objects.present().filter(owner=person, occurred_on__gte=since)
    mine = (
        Q(owner=person)
        | Q(pk__in=Credit.objects.filter(person=person).values("order"))
        | Q(pk__in=CreditShare.objects.filter(person=person).values("order"))
        | Q(deal__in=worked.filter(deal__isnull=False).values("deal"))
        | Q(account__in=worked.filter(account__isnull=False).values("account"))
        | Q(account__in=accounts_once_of(person).values("pk"))
    )
    return Order.objects.present().standing().filter(mine, ordered_on__gte=since)


def accounts_once_of(person: Person) -> QuerySet[Account]:
    """Accounts that are or were somebody's."""
    return Account.objects.present().filter(ownerships__owner=person).distinct()


def accounts_to_claim(person: Person, day: date) -> QuerySet[Account]:
    """Accounts with an owner that are or were somebody's, or that they worked on."""
    worked = Activity.objects.present().filter(owner=person, occurred_on__gte=day - LOOKS_BACK, account__isnull=False)
    mine = Q(pk__in=worked.values("account")) | Q(pk__in=accounts_once_of(person).values("pk"))
    return Account.objects.present().filter(mine, owner__isnull=False)


def people_around(person: Person, day: date) -> QuerySet[Person]:
    """Those above and below somebody, and the colleagues of their team."""
    team = Posting.objects.on(day).filter(person=person).values("team")
    colleagues = Posting.objects.on(day).filter(team__in=team).values("person")
    near = Q(pk__in=line_of([person.pk], day)) | Q(pk__in=colleagues) | Q(pk__in=hr_people(day))
    return Person.objects.present().active(day).filter(near).exclude(pk=person.pk)


def order_to_claim(user: User, number: int, *, at: datetime) -> Order | None:
    me, day = _me_and_day(user, at)
    return orders_to_claim(me, day).filter(pk=number).first() if me else None


def account_to_claim(user: User, number: int, *, at: datetime) -> Account | None:
    me, day = _me_and_day(user, at)
    return accounts_to_claim(me, day).filter(pk=number).first() if me else None


def people_named(user: User, numbers: Collection[int], *, at: datetime) -> list[Person]:
    """Those around somebody; refused where one isn't."""
    me, day = _me_and_day(user, at)
    found = list(people_around(me, day).filter(pk__in=numbers)) if me and numbers else []
    if missing := set(numbers) - {one.pk for one in found}:
        raise Refused(f"There is no person {min(missing)} near you to name as a party.", field="others")
    return found


def hr_people(day: date) -> QuerySet[Any, Any]:
    """The numbers of who is posted to HR."""
    return Posting.objects.on(day).filter(role=Role.HR).values("person")


def concerned(dispute: Dispute) -> set[int]:
    """Whose record stands in what is disputed."""
    found = credited_people(dispute.order) if dispute.order is not None else set()
    if dispute.account is not None:
        found |= set(dispute.account.ownerships.values_list("owner", flat=True))
    return found


def proposed_parties(dispute: Dispute) -> QuerySet[Person]:
    """Whom a party has proposed and nobody has named yet."""
    said = DisputeEvent.objects.filter(dispute=dispute, kind=DisputeEvent.Kind.PROPOSED).values("person")
    return Person.objects.present().filter(pk__in=said).exclude(disputes__dispute=dispute).order_by("name", "pk")


def nameable(dispute: Dispute, user: User, *, at: datetime) -> QuerySet[Person]:
    """Whom a user may name or propose as a party: HR anybody, the others who is concerned or near a party."""
    reading, day = reading_of(dispute, user), clock.day_of(at, Organisation.get().time_zone)
    people = Person.objects.present().exclude(disputes__dispute=dispute)
    if reading.is_hr and reading.party is None:
        return people
    ids = concerned(dispute)
    if reading.party is not None:
        ids |= set(people_around(reading.party.person, day).values_list("pk", flat=True))
    elif reading.decides:
        ids |= line_of(Party.objects.filter(dispute=dispute).values_list("person", flat=True), day)
        ids |= set(proposed_parties(dispute).values_list("pk", flat=True))
    return people.filter(pk__in=ids)


def person_at(email: str, among: QuerySet[Person]) -> Person:
    """One of these by their e-mail address; who is somewhere else is not told from who isn't here at all."""
    person = among.filter(email__iexact=email).order_by("pk").first()
    if person is None:
        raise Refused(f"Nobody whom you may name has the address {email}.", field="email")
    return person


def able_to_name(dispute: Dispute, user: User, *, at: datetime) -> QuerySet[Person]:
    """Among whom a user may look for somebody to decide."""
    day = clock.day_of(at, Organisation.get().time_zone)
    return Person.objects.present() if may_name_decider(dispute, user, day) else Person.objects.none()


def people_heard(dispute: Dispute) -> QuerySet[Person]:
    """The parties."""
    return Person.objects.filter(disputes__dispute=dispute)


def _me_and_day(user: User, at: datetime) -> tuple[Person | None, date]:
    return person_of(user), clock.day_of(at, Organisation.get().time_zone)


def credited_people(order: Order) -> set[int]:
    """Whose record a new split may change: the owner, who has a share, who holds credit of it."""
    return {
        order.owner_id,
        *CreditShare.objects.filter(order=order).values_list("person", flat=True),
        *Credit.objects.filter(order=order).values_list("person", flat=True),
    }


def shares_of(order: Order) -> dict[tuple[int, str], Decimal]:
    """Percent by person and kind; the owner has all where nobody shares."""
    rows = CreditShare.objects.filter(order=order).values_list("person", "kind", "percent")
    found = {(person, kind): percent for person, kind, percent in rows}
    if not any(kind == "primary" for _, kind in found):
        found[order.owner_id, "primary"] = Decimal(100)
    return found


# ── Evidence ────────────────────────────────────────────────────────────────────────────────────────────────────


def evidence_for(dispute: Dispute) -> list[tuple[str, dict[str, Any], str]]:
    """What the records say today about what is disputed: kind, table as texts, link."""
    match dispute.subject:
        case Dispute.Subject.CREDIT if dispute.order is not None:
            link = f"/orders/{dispute.order.pk}/"
            return [
                (Evidence.Kind.SHARES, _shares_table(dispute.order), link),
                (Evidence.Kind.CREDITS, _credits_table(dispute.order), link),
            ]
        case Dispute.Subject.TERRITORY if dispute.account is not None:
            return [(Evidence.Kind.OWNERS, _owners_table(dispute.account), f"/accounts/{dispute.account.pk}/")]
        case Dispute.Subject.QUOTA:
            return [(Evidence.Kind.QUOTA, _quota_table(dispute), f"/quotas/{dispute.opened_by_id}/")]
    return []


def _table(columns: list[str], rows: Iterable[Iterable[Any]]) -> dict[str, Any]:
    return {"columns": columns, "rows": [["" if one is None else str(one) for one in row] for row in rows]}


def _shares_table(order: Order) -> dict[str, Any]:
    shares = shares_of(order)
    names = dict(Person.objects.filter(pk__in={pk for pk, _ in shares}).values_list("pk", "name"))
    rows = [(names[pk], kind, f"{percent.normalize():f} %", "order") for (pk, kind), percent in sorted(shares.items())]
    planned = DealShare.objects.filter(deal=order.deal_id or 0).order_by("pk").select_related("person")
    rows += [(one.person.name, one.kind, f"{one.percent.normalize():f} %", "deal") for one in planned]
    return _table(["Person", "Kind", "Share", "Of"], rows)


def _credits_table(order: Order) -> dict[str, Any]:
    rows = Credit.objects.filter(order=order).order_by("pk")[:MOST_ROWS].values_list(
        "person__name", "team__name", "kind", "occurred_on", "posted_on", "amount", "currency", "reason"
    )  # fmt: skip
    return _table(["Person", "Team", "Kind", "Occurred", "Posted", "Amount", "Currency", "Reason"], rows)


def _owners_table(account: Account) -> dict[str, Any]:
    rows = (
        (one.owner.name, one.starts_on, one.until, one.reason)
        for one in account.ownerships.select_related("owner").order_by("during")[:MOST_ROWS]
    )
    return _table(["Owner", "From", "Until", "Reason"], rows)


def quotas_of(person: Person, *, start: date, end: date, measure: str) -> QuerySet[QuotaEntry]:
    """The entries of one quota: of exactly these days."""
    return QuotaEntry.objects.filter(person=person, measure=measure, during=half_open(start, end))


def answer_for_quota(person: Person, *, start: date, end: date, measure: str, day: date) -> set[int]:
    """Who set a quota, and who led the person while it ran: they are heard, and nobody's judge of it."""
    last = min(end - timedelta(days=1), max(day, start))
    found = {one.pk for on in (start, last) if (one := manager_of(person, on)) is not None}
    entries = quotas_of(person, start=start, end=end, measure=measure)
    found |= set(entries.filter(by__person__isnull=False).values_list("by__person", flat=True))
    here = Person.objects.present().active(day).filter(pk__in=found - {person.pk})
    return set(here.values_list("pk", flat=True))


def _quota_table(dispute: Dispute) -> dict[str, Any]:
    period = period_of(dispute)
    rows = quotas_of(dispute.opened_by, start=period.start, end=period.end, measure=dispute.measure or BOOKINGS)
    return _table(
        ["Kind", "From", "Until", "Measure", "Amount", "Currency", "Reason"],
        (
            (one.kind, one.starts_on, one.until, one.measure, one.amount, one.currency, one.reason)
            for one in rows.order_by("pk")[:MOST_ROWS]
        ),
    )


def period_of(dispute: Dispute) -> Period:
    """The period whose quota is disputed."""
    return Period.parse(dispute.period, Organisation.get().calendar)


# ── What was decided before ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Similar:
    """A settled dispute of the same kind, without names; `pk` only for who may read it."""

    when: str
    is_same_ground: bool
    outcome: str
    appeal: str
    pk: int | None


def similar_to(dispute: Dispute, user: Viewer, *, most: int = 5) -> list[Similar]:
    """Settled disputes of the same subject, those with the same reasons first, the latest first.

    To who may not read them they are told from five on, and by their quarter: of one or two everybody knows whose.
    """
    settled = Dispute.objects.filter(subject=dispute.subject, state=State.FINAL).exclude(pk=dispute.pk)
    found = list(settled.prefetch_related("decisions").order_by("-opened_at", "-pk")[:100])
    mine = Dispute.objects.visible_to(user).filter(pk__in=[one.pk for one in found])
    seen = set(mine.values_list("pk", flat=True)) if found else set()
    if len(found) < SMALLEST_GROUP:
        found = [one for one in found if one.pk in seen]
    organisation = Organisation.get()
    rows = []
    for one in sorted(found, key=lambda one: one.ground != dispute.ground)[:most]:
        by_round = {decision.round: decision for decision in one.decisions.all()}
        if (first := by_round.get(FIRST)) is None:
            continue
        second = by_round.get(APPEAL)
        day = clock.day_of(first.decided_at, organisation.time_zone)
        rows.append(
            Similar(
                when=f"{day:%b %Y}" if one.pk in seen else Period.of(day, "quarter", organisation.calendar).label,
                is_same_ground=one.ground == dispute.ground,
                outcome=first.get_outcome_display(),
                appeal=second.get_outcome_display() if second else "",
                pk=one.pk if one.pk in seen else None,
            )
        )
    return rows


@dataclass(frozen=True, slots=True)
class PayDue:
    """What a settled dispute comes to for one person: all its remedies of pay together."""

    dispute: int
    person: Person
    amount: Decimal
    currency: str


def pay_due(*, dispute: Dispute | None = None) -> list[PayDue]:
    """Pay as decided for good, by dispute and person; what an appeal took back adds up to nothing and is left out."""
    rows = Remedy.objects.filter(kind=Dispute.Subject.PAY, decision__dispute__state=State.FINAL, amount__isnull=False)
    if dispute is not None:
        rows = rows.filter(decision__dispute=dispute)
    by_person = rows.values("decision__dispute", "person", "currency").annotate(total=Sum("amount"))
    sums = list(by_person.exclude(total=0).order_by("decision__dispute", "person"))
    people = Person.objects.in_bulk({one["person"] for one in sums})
    return [PayDue(one["decision__dispute"], people[one["person"]], one["total"], one["currency"]) for one in sums]


def payers(day: date) -> QuerySet[Person]:
    """Who settles pay: operations, who run the plans it follows; where there are none, HR."""
    able = Person.objects.present().active(day).filter(user__is_active=True)
    posted = Posting.objects.on(day)
    operations = able.filter(pk__in=posted.filter(role=Role.OPERATIONS).values("person"))
    return operations if operations.exists() else able.filter(pk__in=posted.filter(role=Role.HR).values("person"))


def held(*, order: int | None = None, account: int | None = None) -> bool:
    """Whether an order's credit or an account is in a dispute that isn't settled."""
    unsettled = Dispute.objects.unsettled()
    return unsettled.filter(order=order).exists() if order else unsettled.filter(account=account).exists()


def quota_held(person: int, start: date, end: date, measure: str) -> bool:
    """Whether somebody's quota of exactly these days is in a dispute that isn't settled."""
    found = Dispute.objects.unsettled().filter(
        opened_by=person, subject=Dispute.Subject.QUOTA, measure__in=[measure, ""] if measure == BOOKINGS else [measure]
    )
    return any((period_of(one).start, period_of(one).end) == (start, end) for one in found)


def reversed_for(*, manager: Person, start: date, end: date) -> int:
    """What a manager did that a dispute put right: granted against them and not overturned, or overturned of theirs."""
    zone = Organisation.get().time_zone
    moments = {
        "decided_at__gte": clock.close_of(start - timedelta(days=1), zone),
        "decided_at__lt": clock.close_of(end - timedelta(days=1), zone),
    }
    overturned = Decision.objects.filter(outcome=Outcome.OVERTURNED)
    granted = Decision.objects.filter(outcome=Outcome.GRANTED, **moments).exclude(
        dispute__in=overturned.values("dispute")
    )
    against = granted.filter(dispute__parties__person=manager, dispute__parties__is_claimant=False)
    own = overturned.filter(dispute__decisions__round=FIRST, dispute__decisions__decider=manager, **moments)
    return against.count() + own.count()


def teams_around(person_ids: Iterable[int], day: date) -> set[int]:
    """The teams above these people: who leads them decides who stands in whose line."""
    paths = Posting.objects.on(day).filter(person__in=set(person_ids)).values_list("team__path", flat=True)
    led = Team.objects.filter(leaderships__person__in=set(person_ids)).values_list("path", flat=True)
    return {team for path in [*paths, *led] for team in path}
