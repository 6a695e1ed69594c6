"""Disputes: opened, heard, decided by somebody neutral, appealed once. Each act locks the dispute first."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.http import url_has_allowed_host_and_scheme

from coaching.models import (
    Decider,
    Decision,
    Dispute,
    DisputeEvent,
    Evidence,
    Party,
    Remedy,
    RemedyShare,
    Statement,
)
from coaching.models.disputes import APPEAL, FIRST
from coaching.selectors.disputes import (
    accounts_to_claim,
    answer_for_quota,
    credited_people,
    evidence_for,
    hr_people,
    is_late_to_withdraw,
    may_add_to_theirs,
    may_name_decider,
    missing_statements,
    nameable,
    orders_to_claim,
    pay_due,
    payers,
    period_of,
    proposed_decider,
    quotas_of,
    reading_of,
    shares_of,
    teams_around,
    why_not_neutral,
)
from sales.models import Account, Deal, HandoverItem, Order, Task
from sales.services import settle_credit, settle_ownership
from salesmgmt.desk.erasure import Forgotten
from salesmgmt.desk.models import Notice
from salesmgmt.lib import clock
from salesmgmt.lib.money import to_cents
from salesmgmt.lib.periods import Period
from salesmgmt.lib.refusals import Refused, Stale
from targets.models import QuotaEntry
from targets.models.measures import BOOKINGS
from targets.selectors.responses import due_days
from targets.services import reverse_entries, settle_quota
from teams.models import Leave, Organisation, Person, Team, User
from teams.selectors import manager_of, person_of

from .edges import tell

DAYS_TO_ANSWER = timedelta(days=7)
DAYS_TO_DECIDE = timedelta(days=14)
DAYS_TO_APPEAL = timedelta(days=14)
DAYS_TO_PAY = timedelta(days=14)
FURTHEST = timedelta(days=60)
REMINDS = timedelta(days=2)
GRACE = timedelta(days=5)
MOST_PARTIES = 20

Subject, Ground, State, Outcome, Kind = (
    Dispute.Subject,
    Dispute.Ground,
    Dispute.State,
    Decision.Outcome,
    DisputeEvent.Kind,
)


class NotNeutral(Refused):
    """Who was to decide stands in the line of a party by now; `keep_disputes_going` names somebody else."""


# ── What a decision changes ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Split:
    """A new split of the order's credit, in percent. A kind that isn't named stays as it is; empty: nobody's."""

    shares: Mapping[Person, Decimal] | None = None
    overlays: Mapping[Person, Decimal] | None = None


@dataclass(frozen=True, slots=True)
class NewQuota:
    """What the claimant's quota of the period comes to."""

    amount: Decimal


@dataclass(frozen=True, slots=True)
class NewOwner:
    """Who looks after the account from the day of the decision, with its open deals."""

    taker: Person


@dataclass(frozen=True, slots=True)
class Settlement:
    """For pay: what a person is to get (below zero: give back). For conduct: what is to be done.

    Also for a quota whose period is over and closed: the quota stands, and the matter is settled otherwise.
    """

    person: Person
    text: str
    amount: Decimal | None = None


Wanted = Split | NewQuota | NewOwner | Settlement
FITS: dict[str, tuple[type, ...]] = {
    Subject.CREDIT: (Split,),
    Subject.QUOTA: (NewQuota, Settlement),
    Subject.TERRITORY: (NewOwner,),
    Subject.PAY: (Settlement,),
    Subject.CONDUCT: (Settlement,),
}
ABSOLUTE = (Split, NewQuota, NewOwner)
APPEAL_WITHDRAWN = "The appeal was withdrawn"
SAY, JUDGE, PAY = "dispute-say", "dispute-decide", "dispute-pay"  # what a task is for, by its reason


# ── Opening and hearing ─────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def open_dispute(
    *,
    subject: str,
    ground: str,
    claim: str,
    by: User,
    at: datetime,
    order: Order | None = None,
    account: Account | None = None,
    period: str = "",
    measure: str = BOOKINGS,
    others: Collection[Person] = (),
    statements_due_on: date | None = None,
) -> Dispute:
    """Open a dispute about oneself; the claim is one's statement. All whose record may change become parties.

    What the records say that day is frozen, all parties are asked for a statement, and who decides is named. Everybody
    has five working days of their own at least, leave left out, whatever day is asked for.
    """
    me, today = _myself(by), _day(at)
    if subject not in Subject.values:
        raise Refused("A dispute is about credit, territory, a quota, conduct or pay.", field="subject")
    if ground not in Ground.values:
        raise Refused("Choose the reason that fits best.", field="ground")
    claim = _words(claim, "claim", "Say what happened and what you ask for.")
    due = statements_due_on or today + DAYS_TO_ANSWER
    if not today < due <= today + FURTHEST:
        raise Refused(
            f"Statements are due on a day from tomorrow to {today + FURTHEST:%-d %b %Y}, not on {due:%-d %b %Y}.",
            field="statements_due_on",
        )
    title, named = _what(
        subject, me, today, order=order, account=account, period=period, measure=measure, others=others
    )
    parties = {me.pk, *named, *(one.pk for one in others)}
    if len(parties) < 2:
        raise Refused("Name who is on the other side.", field="others")
    if len(parties) > MOST_PARTIES:
        raise Refused(f"A dispute has at most {MOST_PARTIES} parties, not {len(parties)}.", field="others")
    days = _days_to_answer(parties - {me.pk}, at, due)
    due = max(days.values())
    made = Dispute.objects.create(
        subject=subject,
        ground=ground,
        title=title[:200],
        opened_by=me,
        opened_at=at,
        order=order,
        account=account,
        period=period,
        measure=measure if subject == Subject.QUOTA else "",
        statements_due_on=due,
        decide_by=due + DAYS_TO_DECIDE,
    )
    _note(made, Kind.OPENED, at, by=by, person=me)
    for person in Person.objects.filter(pk__in=parties).order_by("pk"):
        _join(made, person, at, is_claimant=person.pk == me.pk, claim=claim, by_day=days.get(person.pk))
    _freeze(made, at, today)
    _name_decider(made, at, today)
    return made


def _days_to_answer(people: Collection[int], at: datetime, wanted: date) -> dict[int, date]:
    """Until when each is to say how they see it: the day that is asked for, or the fifth they work from here on."""
    least = due_days(dict.fromkeys(people, at), Organisation.get())
    return {pk: max(wanted, least[pk]) for pk in people}


def _what(
    subject: str,
    me: Person,
    today: date,
    *,
    order: Order | None,
    account: Account | None,
    period: str,
    measure: str,
    others: Collection[Person],
) -> tuple[str, set[int]]:
    """What it is called, and whose record a decision may change or who answers for it."""
    manager = manager_of(me, today)
    up = {manager.pk} if manager else set()
    match subject:
        case Subject.CREDIT:
            if order is None or not orders_to_claim(me, today).filter(pk=order.pk).exists():
                raise Refused("Choose the order whose credit it is about.", field="order")
            Order.objects.select_for_update(of=("self",)).get(pk=order.pk)
            _alone(Dispute.objects.filter(order=order), "order", me)
            return f"Credit of {order}", credited_people(order)
        case Subject.TERRITORY:
            if account is None or not accounts_to_claim(me, today).filter(pk=account.pk).exists():
                raise Refused("Choose the account it is about.", field="account")
            stands = Account.objects.select_for_update(of=("self",)).get(pk=account.pk)
            _alone(Dispute.objects.filter(account=account), "account", me)
            return f"Who looks after {account}", {stands.owner_id} if stands.owner_id else set()
        case Subject.QUOTA:
            calendar = Organisation.get().calendar
            try:
                found = Period.parse(period, calendar)
            except ValueError as error:
                raise Refused(str(error), field="period") from None
            Person.objects.select_for_update(no_key=True).get(pk=me.pk)
            _alone(Dispute.objects.filter(opened_by=me, period=period), "period", me)
            days: dict[str, Any] = {"start": found.start, "end": found.end, "measure": measure}
            if not quotas_of(me, **days).exists():
                raise Refused(f"You have no quota of {found.label} as such: choose the period it is set for.",
                              field="period")  # fmt: skip
            return f"Quota of {me.name} in {found.label}", answer_for_quota(me, **days, day=today) or up
        case Subject.PAY:
            _alone_in(Dispute.objects.filter(opened_by=me, subject=subject), "ground")
            return f"Pay of {me.name}", up
        case _:
            against = Dispute.objects.filter(opened_by=me, subject=subject, parties__person__in=others)
            _alone_in(against, "others")
            return "A matter of conduct", set()


def _alone_in(same: Any, name: str) -> None:
    """One after the other about the same thing would never end."""
    if (open_one := same.unsettled().first()) is not None:
        raise Refused(f"You have opened one of this kind already, and it isn't settled: /disputes/{open_one.pk}/.",
                      field=name)  # fmt: skip


def _alone(same: Any, name: str, me: Person) -> None:
    """Two decisions about one thing would undo each other."""
    open_one = same.unsettled().first()
    if open_one is None:
        return
    if open_one.parties.filter(person=me).exists():
        raise Refused(f"“{open_one.title}” is in dispute already, and you are a party: see /disputes/{open_one.pk}/.",
                      field=name)  # fmt: skip
    raise Refused("This is in dispute already: ask HR to name you as a party.", field=name)


def _join(
    dispute: Dispute,
    person: Person,
    at: datetime,
    *,
    is_claimant: bool = False,
    claim: str = "",
    by_day: date | None = None,
) -> Party:
    party = Party.objects.create(dispute=dispute, person=person, is_claimant=is_claimant, added_at=at)
    _ask(dispute, party, at, said=claim if is_claimant else "", by_day=by_day)
    return party


def _ask(
    dispute: Dispute,
    party: Party,
    at: datetime,
    *,
    said: str = "",
    by_day: date | None = None,
    standing: Statement | None = None,
) -> None:
    """Ask a party for a statement in the running round; who brings the round about has given theirs.

    `standing`: they were asked in an appeal that was withdrawn. What they said then stands, and they have as many days
    to add to it.
    """
    due = by_day or dispute.statements_due_on
    asked = {"asked_at": at, "due_on": due, "due_at": clock.close_of(due, Organisation.get().time_zone)}
    if standing is None:
        Statement.objects.create(party=party, round=dispute.round, text=said, said_at=at if said else None, **asked)
    elif standing.said_at is None:
        new = {**asked, "reminded_at": None, "text": said, "said_at": at if said else None}
        for name, value in new.items():
            setattr(standing, name, value)
        standing.save(update_fields=list(new))
    elif said:
        Evidence.objects.create(
            dispute=dispute, kind=Evidence.Kind.ADDED, as_of=_day(at), at=at, by=party.person, text=said
        )
        _note(dispute, Kind.EVIDENCE, at, by=party.person.user, person=party.person)
        return
    if said:
        _note(dispute, Kind.STATEMENT, at, by=party.person.user, person=party.person)
        return
    what = "the appeal in a dispute" if dispute.round == APPEAL else "a dispute"
    text = f"You are asked for your statement in {what} by {due:%-d %b}: {dispute.title}."
    if standing is not None and standing.said_at is not None:
        text = f"Another appeal was made: what you said stands, add to it by {due:%-d %b}: {dispute.title}."
    _tell(party.person, text, dispute, at)
    _task(party.person, "Say how you see it", due, dispute, SAY)


def _freeze(dispute: Dispute, at: datetime, today: date) -> None:
    Evidence.objects.bulk_create(
        Evidence(dispute=dispute, kind=kind, as_of=today, at=at, content=content, link=link)
        for kind, content, link in evidence_for(dispute)
    )


@transaction.atomic
def add_party(*, dispute: Dispute, person: Person, by: User, at: datetime) -> Party:
    """HR, or who decides, names one more whose record may change: from here on they read it, and are heard.

    A party names nobody: they would choose their judge by naming the judge's people, and show a matter of conduct to
    whom they like. They propose. Who decides names nobody who puts them aside; that is for HR.
    """
    dispute, today = _locked(dispute), _day(at)
    _must_hear(dispute)
    if not reading_of(dispute, by).names_parties:
        raise Refused("HR, or who decides, names a party; you can propose one.")
    _must_be_addable(dispute, person)
    due = _days_to_answer([person.pk], at, today + DAYS_TO_ANSWER)[person.pk]
    latest = max(dispute.statements_due_on, due)
    dispute.statements_due_on, dispute.decide_by = latest, max(dispute.decide_by, latest + DAYS_TO_DECIDE)
    party = _join(dispute, person, at, by_day=due)
    _note(dispute, Kind.PARTY, at, by=by, person=person)
    _changed(dispute, "statements_due_on", "decide_by")
    me = person_of(by)
    standing = Decider.objects.standing().filter(dispute=dispute, round=dispute.round, person=me).first()
    if standing is not None and me is not None and why_not_neutral(dispute, me, today):
        raise Refused(f"You could not decide any more with {person.name} as a party: ask HR to name them.",
                      field="person")  # fmt: skip
    _recheck_decider(dispute, at, today)
    return party


def _must_be_addable(dispute: Dispute, person: Person) -> None:
    if Party.objects.filter(dispute=dispute, person=person).exists():
        raise Refused(f"{person.name} is a party already.", field="person")
    if person.withdrawn_at is not None:
        raise Refused(f"{person.name} is not here any more.", field="person")
    if dispute.parties.count() >= MOST_PARTIES:
        raise Refused(f"A dispute has at most {MOST_PARTIES} parties.", field="person")


@transaction.atomic
def propose_party(*, dispute: Dispute, person: Person, by: User, at: datetime) -> DisputeEvent:
    """A party says who else is concerned; who decides, or HR, names them or doesn't. Nothing moves by it."""
    dispute, me = _locked(dispute), _myself(by)
    _must_hear(dispute)
    if not Party.objects.filter(dispute=dispute, person=me).exists():
        raise Refused("Only a party proposes another.")
    _must_be_addable(dispute, person)
    if not nameable(dispute, by, at=at).filter(pk=person.pk).exists():
        raise Refused("Propose whose record is concerned, or who stands near you.", field="email")
    decides = Decider.objects.standing().filter(dispute=dispute, round=dispute.round).select_related("person").first()
    if decides is not None and decides.person_id == person.pk:
        raise Refused(f"{person.name} decides this: say to HR why they can't.", field="email")
    said = DisputeEvent.objects.filter(dispute=dispute, kind=Kind.PROPOSED, person=person).first()
    if said is not None:
        return said
    told = {decides.person} if decides else set()
    for one in told | set(Person.objects.present().active(_day(at)).filter(pk__in=hr_people(_day(at)))):
        if one.pk not in {me.pk, person.pk}:
            _tell(one, f"One more party is proposed in a dispute: {dispute.title}.", dispute, at)
    return DisputeEvent.objects.create(
        dispute=dispute, kind=Kind.PROPOSED, at=at, by=by, person=person, round=dispute.round
    )


@transaction.atomic
def give_statement(*, dispute: Dispute, text: str, by: User, at: datetime, version: int | None = None) -> Statement:
    """A party says how they see it, once in each round; also after the day, as long as nothing is decided."""
    dispute, me = _locked(dispute, version), _myself(by)
    _must_hear(dispute)
    asked = (
        Statement.objects.select_for_update(of=("self",))
        .filter(party__dispute=dispute, party__person=me, round=dispute.round)
        .first()
    )
    if asked is None:
        raise Refused("Only the parties are asked for a statement.")
    if asked.said_at is not None:
        raise Refused("You have given your statement; add what is new as evidence.", field="text")
    asked.text, asked.said_at = _words(text, "text", "Say how you see it."), at
    asked.save(update_fields=["text", "said_at"])
    _finish(dispute, SAY, at, owner=me)
    _note(dispute, Kind.STATEMENT, at, by=by, person=me)
    _changed(dispute)
    _tell_decider_when_all_are_in(dispute, at)
    return asked


@transaction.atomic
def add_evidence(*, dispute: Dispute, text: str, by: User, at: datetime, link: str = "") -> Evidence:
    """A party or the decider puts something forward, with its day; before the decision only."""
    dispute, me = _locked(dispute), _myself(by)
    _must_take_part(dispute, by)
    _must_hear(dispute)
    if link and not (link.startswith("/") and url_has_allowed_host_and_scheme(link, None)):
        raise Refused("A link leads to a page here, such as /deals/12/.", field="link")
    text = _words(text, "text", "Say what it shows.")
    made = Evidence.objects.create(
        dispute=dispute, kind=Evidence.Kind.ADDED, as_of=_day(at), at=at, by=me, text=text, link=link
    )
    if not missing_statements(dispute).filter(party__person=me).exists():
        _finish(dispute, SAY, at, owner=me)
    _note(dispute, Kind.EVIDENCE, at, by=by, person=me)
    _changed(dispute)
    return made


@transaction.atomic
def withdraw_dispute(*, dispute: Dispute, by: User, at: datetime, version: int | None = None) -> Dispute:
    """Who opened it takes it back, before the first decision."""
    dispute = _locked(dispute, version)
    if _myself(by).pk != dispute.opened_by_id:
        raise Refused(f"Only {dispute.opened_by.name}, who opened this dispute, can withdraw it.")
    if dispute.state != State.OPEN:
        raise Refused(f"This dispute is {dispute.get_state_display().lower()}; it can't be withdrawn any more.")
    dispute.state = State.WITHDRAWN
    _finish(dispute, SAY, at)
    _finish(dispute, JUDGE, at)
    _note(dispute, Kind.WITHDRAWN, at, by=by)
    _changed(dispute, "state")
    _tell_all(dispute, f"The dispute is withdrawn: {dispute.title}.", at, but=by)
    return dispute


# ── Who decides ─────────────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def name_decider(*, dispute: Dispute, person: Person, by: User, at: datetime) -> Decider:
    """HR, or an executive in no party's line, names somebody neutral to decide the running round."""
    dispute, today = _locked(dispute), _day(at)
    _must_hear(dispute)
    if not may_name_decider(dispute, by, today):
        raise Refused("HR, or an executive who is in no party's line, names who decides.")
    if why := why_not_neutral(dispute, person, today):
        raise Refused(why, field="person")
    standing = Decider.objects.standing().filter(dispute=dispute, round=dispute.round).first()
    if standing is not None and standing.person_id == person.pk:
        return standing
    if standing is not None:
        _end(dispute, standing, "Somebody else was named", at, by=by)
    _changed(dispute)
    return _appoint(dispute, person, at, by=by)


@transaction.atomic
def step_aside(*, dispute: Dispute, by: User, at: datetime) -> Decider | None:
    """Who was named to decide leaves it to somebody else; answers who, if there is anybody."""
    dispute, me = _locked(dispute), _myself(by)
    _must_hear(dispute)
    standing = Decider.objects.standing().filter(dispute=dispute, round=dispute.round, person=me).first()
    if standing is None:
        raise Refused("You are not the one who decides this.")
    _end(dispute, standing, "Stepped aside", at, by=by)
    _changed(dispute)
    return _name_decider(dispute, at, _day(at))


def _name_decider(dispute: Dispute, at: datetime, today: date) -> Decider | None:
    person = proposed_decider(dispute, today)
    if person is not None:
        return _appoint(dispute, person, at)
    text = f"Nobody neutral is found to decide a dispute: {dispute.title}. Name somebody."
    told = _tell_hr(dispute, text, at, today)
    if not told:  # whoever runs the installation can post somebody to HR; they are told no more than that
        Notice.objects.bulk_create(
            Notice(user=one, text=f"Dispute {dispute.pk} has nobody neutral to decide it, nor HR to name somebody.",
                   link="/disputes/", at=at)
            for one in User.objects.filter(is_superuser=True, is_active=True)
        )  # fmt: skip
    return None


def _tell_hr(dispute: Dispute, text: str, at: datetime, today: date) -> int:
    parties = dispute.parties.values("person")
    hr = Person.objects.present().active(today).filter(pk__in=hr_people(today)).exclude(pk__in=parties)
    for one in hr:
        _tell(one, text, dispute, at)
    return len(hr)


def _appoint(dispute: Dispute, person: Person, at: datetime, *, by: User | None = None) -> Decider:
    made = Decider.objects.create(dispute=dispute, round=dispute.round, person=person, since=at, named_by=by)
    _note(dispute, Kind.DECIDER, at, by=by, person=person)
    _tell(person, f"You decide a dispute by {dispute.decide_by:%-d %b}: {dispute.title}.", dispute, at)
    _task(person, "Decide a dispute", dispute.decide_by, dispute, JUDGE)
    return made


def _end(dispute: Dispute, standing: Decider, why: str, at: datetime, *, by: User | None = None) -> None:
    standing.ended_at, standing.why_ended = at, why[:200]
    standing.save(update_fields=["ended_at", "why_ended"])
    _finish(dispute, JUDGE, at)
    _note(dispute, Kind.REPLACED, at, by=by, person=standing.person)


def _recheck_decider(dispute: Dispute, at: datetime, today: date) -> bool:
    """Replace who came into a party's line, became one, left, is away or lets the day pass; answers whether it changed.

    Nobody named: try again. Somebody who is only late or away stays where nobody else is neutral.
    """
    standing = (
        Decider.objects.standing().filter(dispute=dispute, round=dispute.round).select_related("person__user").first()
    )
    if standing is not None:
        why = why_not_neutral(dispute, standing.person, today)
        late = _why_late(dispute, standing, today)
        if not why and not (late and proposed_decider(dispute, today) is not None):
            return False
        _end(dispute, standing, why or late, at)
        _tell(standing.person, f"Somebody else decides a dispute now: {dispute.title}.", dispute, at)
        if not why:
            _tell_hr(dispute, f"{late}: somebody else decides a dispute now: {dispute.title}.", at, today)
            dispute.decide_by = max(dispute.decide_by, today + DAYS_TO_DECIDE)
    elif proposed_decider(dispute, today) is None:
        return False
    _changed(dispute, "decide_by")
    _name_decider(dispute, at, today)
    return True


def _why_late(dispute: Dispute, standing: Decider, today: date) -> str:
    """Why who decides won't in time; empty: they may yet."""
    if today > dispute.decide_by + GRACE:
        return f"{standing.person.name} did not decide in time"
    away = Leave.objects.on(today).filter(person=standing.person).first()
    if away is not None and (away.until is None or away.until > dispute.decide_by):
        return f"{standing.person.name} is away until the day of the decision has passed"
    return ""


# ── Deciding ────────────────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def decide_dispute(
    *,
    dispute: Dispute,
    outcome: str,
    reasons: str,
    by: User,
    at: datetime,
    remedy: Wanted | None = None,
    version: int | None = None,
) -> Decision:
    """Decide the running round. What it changes is posted with it, or the decision doesn't stand.

    Refused while a statement is neither given nor its day over, and by anybody who is a party or in a party's line.
    An appeal that overturns takes back exactly what the first decision changed; where that can't be done any more, or
    something else is right, its own remedy says what is to stand instead.
    """
    dispute, me, today = _locked(dispute, version), _myself(by), _day(at)
    _must_hear(dispute)
    _hold_lines(dispute, me, today)
    if not Decider.objects.standing().filter(dispute=dispute, round=dispute.round, person=me).exists():
        raise Refused("You are not the one who decides this.")
    if why := why_not_neutral(dispute, me, today):
        raise NotNeutral(why)
    record_missed(dispute=dispute, at=at)
    if missing := list(missing_statements(dispute).order_by("due_on", "pk")):
        names = ", ".join(sorted(one.party.person.name for one in missing))
        raise Refused(f"The statement of {names} is asked for by {missing[-1].due_on:%-d %b %Y}: hear them first.")
    if may_add := sorted(one.name for one in may_add_to_theirs(dispute, today)):
        names, day = ", ".join(may_add), f"{dispute.statements_due_on:%-d %b %Y}"
        raise Refused(f"{names} spoke to an appeal that was withdrawn, and may add to it until {day}: wait for that.")
    _must_fit(dispute, outcome, remedy)
    made = Decision.objects.create(
        dispute=dispute,
        round=dispute.round,
        decider=me,
        outcome=outcome,
        reasons=_words(reasons, "reasons", "Give the reasons of your decision."),
        decided_at=at,
        by=by,
    )
    instead: Remedy | None = None
    try:
        if outcome == Outcome.OVERTURNED:
            for standing in Remedy.objects.filter(decision__dispute=dispute, decision__round=FIRST).order_by("pk"):
                if isinstance(remedy, ABSOLUTE) and standing.kind == dispute.subject:
                    instead = standing  # what is to stand is said in full: that it replaces
                else:
                    _take_back(made, standing, by=by, at=at, today=today)
        if remedy is not None:
            _post(made, remedy, by=by, at=at, today=today, reverses=instead)
    except Refused as refusal:
        name = refusal.field if refusal.field in {"amount", "taker", "shares"} else None
        raise Refused(f"The decision doesn't stand: {refusal.sentence}", field=name) from refusal
    dispute.state = State.DECIDED if dispute.round == FIRST else State.FINAL
    dispute.appeal_until = today + DAYS_TO_APPEAL if dispute.round == FIRST else dispute.appeal_until
    _note(dispute, Kind.DECIDED, at, by=by, person=me)
    _finish(dispute, SAY, at)
    _finish(dispute, JUDGE, at)
    if dispute.state == State.FINAL:
        _note(dispute, Kind.FINAL, at, by=by)
        _ask_to_pay(dispute, at, today)
    _changed(dispute, "state", "appeal_until")
    until = f" An appeal is open until {dispute.appeal_until:%-d %b}." if dispute.state == State.DECIDED else ""
    _tell_all(dispute, f"A dispute is decided: {dispute.title}.{until}", at, but=by)
    return made


def _must_fit(dispute: Dispute, outcome: str, remedy: Wanted | None) -> None:
    outcomes = {FIRST: (Outcome.GRANTED, Outcome.DISMISSED), APPEAL: (Outcome.UPHELD, Outcome.OVERTURNED)}
    if outcome not in outcomes[dispute.round]:
        said = " or ".join(f"“{one.label}”" for one in outcomes[dispute.round])
        raise Refused(f"Decide {said}.", field="outcome")
    if outcome in {Outcome.DISMISSED, Outcome.UPHELD} and remedy is not None:
        raise Refused("Nothing changes then: leave the remedy empty.", field="outcome")
    first = Decision.objects.filter(dispute=dispute, round=FIRST).first()
    needs = outcome == Outcome.GRANTED or (
        outcome == Outcome.OVERTURNED and first is not None and first.outcome == Outcome.DISMISSED
    )
    if needs and remedy is None:
        raise Refused("Say what changes.", field="outcome")
    if remedy is not None and not isinstance(remedy, FITS[dispute.subject]):
        raise Refused(f"That does not settle a dispute about {dispute.get_subject_display().lower()}.", field="outcome")


def _hold_lines(dispute: Dispute, me: Person, today: date) -> None:
    """Transfers and appointments that would put who decides into a party's line come before this, or after."""
    people = [me.pk, *dispute.parties.values_list("person", flat=True)]
    list(Person.objects.filter(pk__in=people).order_by("pk").select_for_update(no_key=True).values_list("pk"))
    teams = teams_around(people, today)
    list(Team.objects.filter(pk__in=teams).order_by("pk").select_for_update(no_key=True).values_list("pk"))


@transaction.atomic
def record_missed(*, dispute: Dispute, at: datetime) -> int:
    """Record whose day has passed without a statement; answers how many."""
    dispute = _locked(dispute)
    if not dispute.is_hearing:
        return 0
    missed = list(missing_statements(dispute).filter(due_at__lte=at))
    for one in missed:
        one.missed_at = at
        one.save(update_fields=["missed_at"])
        _note(dispute, Kind.MISSED, at, person=one.party.person)
    if missed:
        _changed(dispute)
        _tell_decider_when_all_are_in(dispute, at)
    return len(missed)


def _post(
    decision: Decision, wanted: Wanted, *, by: User, at: datetime, today: date, reverses: Remedy | None = None
) -> Remedy:
    """Do what was decided by the services of whose record it is; all whose record changes have been heard."""
    dispute = decision.dispute
    match wanted:
        case Split() if dispute.order is not None:
            after = shares_of(dispute.order)
            for kind, parts in (("primary", wanted.shares), ("overlay", wanted.overlays)):
                if parts is not None:
                    after = {key: share for key, share in after.items() if key[1] != kind}
                    after |= {(person.pk, kind): share for person, share in parts.items() if share}
            return _split(decision, after, by=by, at=at, reverses=reverses)
        case NewQuota():
            period = period_of(dispute)
            entry = settle_quota(
                person=dispute.opened_by, period=period, amount=wanted.amount, reason=_reason(decision), by=by, at=at,
                measure=dispute.measure or BOOKINGS,
            )  # fmt: skip
            if entry is None:
                raise Refused("The quota is that already: choose another amount, or dismiss.", field="amount")
            return _keep(decision, at, person=dispute.opened_by, amount=entry.amount, currency=entry.currency,
                         entry=entry, reverses=reverses)  # fmt: skip
        case NewOwner() if dispute.account is not None:
            account = Account.objects.select_related("owner").get(pk=dispute.account_id or 0)
            if account.owner is None:
                raise Refused(f"{account} belongs to nobody any more.", field="taker")
            _must_be_heard(dispute, {account.owner.pk, wanted.taker.pk})
            deals = Deal.objects.present().filter(account=account, owner=account.owner, status="open")
            handover = settle_ownership(
                giver=account.owner, taker=wanted.taker, accounts=[account], deals=list(deals), on=today,
                reason=_reason(decision), by=by, at=at,
            )  # fmt: skip
            return _keep(decision, at, person=wanted.taker, handover=handover, reverses=reverses)
        case Settlement():
            _must_be_heard(dispute, {wanted.person.pk})
            text = wanted.text.strip()
            if dispute.subject == Subject.PAY and not wanted.amount:
                raise Refused("Say by how much the pay changes; below zero it is given back.", field="amount")
            is_pay = dispute.subject != Subject.CONDUCT and bool(wanted.amount)
            if not is_pay and not text:
                raise Refused("Say what is to be done.", field="text")
            amount = to_cents(wanted.amount) if is_pay and wanted.amount is not None else None
            currency = Organisation.get().currency if is_pay else ""
            kind = Subject.PAY if is_pay else Subject.CONDUCT
            return _keep(decision, at, kind=kind, person=wanted.person, amount=amount, currency=currency,
                         text=text[:500])  # fmt: skip
    raise Refused("That does not settle this dispute.", field="outcome")


def _split(
    decision: Decision,
    after: Mapping[tuple[int, str], Decimal],
    *,
    by: User,
    at: datetime,
    reverses: Remedy | None = None,
) -> Remedy:
    order = Order.objects.select_for_update(of=("self",)).get(pk=decision.dispute.order_id or 0)
    before = shares_of(order)
    after = dict(after)
    if not any(kind == "primary" for _, kind in after):
        after[order.owner_id, "primary"] = Decimal(100)
    if after == before:
        raise Refused("This is how the credit is shared already: choose other parts, or dismiss.", field="shares")
    people = Person.objects.in_bulk({pk for pk, _ in after})
    _must_be_heard(decision.dispute, {pk for pk, _ in {**after, **before}} | credited_people(order))
    shares = {people[pk]: share for (pk, kind), share in after.items() if kind == "primary"}
    settle_credit(
        order=order,
        shares={} if shares == {order.owner: Decimal(100)} else shares,
        overlays={people[pk]: share for (pk, kind), share in after.items() if kind == "overlay"},
        by=by,
        at=at,
        reason=_reason(decision),
    )
    made = _keep(decision, at, reverses=reverses)
    RemedyShare.objects.bulk_create(
        RemedyShare(remedy=made, person_id=pk, kind=kind, was=before.get((pk, kind)), percent=after.get((pk, kind)))
        for pk, kind in sorted({**before, **after})
    )
    return made


def _take_back(decision: Decision, standing: Remedy, *, by: User, at: datetime, today: date) -> Remedy:
    """Exactly what the first decision changed; refused where it isn't as that left it."""
    dispute = decision.dispute
    match standing.kind:
        case Subject.CREDIT:
            order = Order.objects.select_for_update(of=("self",)).get(pk=dispute.order_id or 0)
            shares = list(standing.shares.all())
            left = {(one.person_id, one.kind): one.percent for one in shares if one.percent is not None}
            if shares_of(order) != left:
                raise Refused(
                    f"The credit of {order} has been shared otherwise since the first decision: say how it is to be.",
                    field="shares",
                )
            was = {(one.person_id, one.kind): one.was for one in shares if one.was is not None}
            return _split(decision, was, by=by, at=at, reverses=standing)
        case Subject.QUOTA:
            assert standing.entry is not None
            reverse_entries(entry_ids=[standing.entry.pk], reason=_reason(decision), by=by, at=at)
            back = QuotaEntry.objects.get(reverses=standing.entry)
            return _keep(decision, at, person=standing.person, amount=back.amount, currency=back.currency, entry=back,
                         reverses=standing)  # fmt: skip
        case Subject.TERRITORY:
            assert standing.handover is not None
            done = standing.handover
            items = HandoverItem.objects.filter(handover=done)
            accounts = Account.objects.filter(pk__in=items.filter(account__isnull=False).values("account"))
            deals = Deal.objects.present().filter(
                pk__in=items.filter(deal__isnull=False).values("deal"), owner=done.taker, status="open"
            )
            back_to = settle_ownership(
                giver=done.taker, taker=done.giver, accounts=list(accounts), deals=list(deals), on=today,
                reason=_reason(decision), by=by, at=at, takes_back=done,
            )  # fmt: skip
            return _keep(decision, at, person=done.giver, handover=back_to, reverses=standing)
        case _:
            amount = -standing.amount if standing.amount is not None else None
            return _keep(decision, at, kind=standing.kind, person=standing.person, amount=amount,
                         currency=standing.currency, reverses=standing)  # fmt: skip


def _keep(decision: Decision, at: datetime, *, kind: str = "", **values: Any) -> Remedy:
    return Remedy.objects.create(decision=decision, kind=kind or decision.dispute.subject, at=at, **values)


def _reason(decision: Decision) -> str:
    """What a ledger says of it: which dispute, nobody's words."""
    what = "Appeal in dispute" if decision.round == APPEAL else "Dispute"
    return f"{what} {decision.dispute_id}: {decision.get_outcome_display().lower()}"


def _must_be_heard(dispute: Dispute, people: set[int]) -> None:
    heard = set(dispute.parties.values_list("person", flat=True))
    if unheard := people - heard:
        names = ", ".join(Person.objects.filter(pk__in=unheard).order_by("name").values_list("name", flat=True))
        raise Refused(f"The record of {names} would change, who was not heard: name them as a party first.",
                      field="shares" if dispute.subject == Subject.CREDIT else "taker")  # fmt: skip


@transaction.atomic
def appeal_dispute(*, dispute: Dispute, text: str, by: User, at: datetime, version: int | None = None) -> Dispute:
    """A party asks for another decision, once and in time; all are heard again, somebody else decides."""
    dispute, me, today = _locked(dispute, version), _myself(by), _day(at)
    if not Party.objects.filter(dispute=dispute, person=me).exists():
        raise Refused("Only a party appeals.")
    if dispute.state != State.DECIDED:
        said = "an appeal was made already" if dispute.round == APPEAL else "nothing is decided"
        raise Refused(f"There is nothing to appeal: {said}.")
    if dispute.appeal_until is None or today > dispute.appeal_until:
        raise Refused(f"An appeal was open until {dispute.appeal_until:%-d %b %Y}; the decision is final.")
    if DisputeEvent.objects.filter(dispute=dispute, kind=Kind.APPEALED, person=me).exists():
        raise Refused("You appealed before and withdrew it: the decision stands for you.")
    text = _words(text, "text", "Say what the decision got wrong.")
    parties = list(dispute.parties.select_related("person__user").order_by("pk"))
    days = _days_to_answer([one.person_id for one in parties], at, today + DAYS_TO_ANSWER)
    dispute.state, dispute.round = State.APPEALED, APPEAL
    dispute.statements_due_on = max(days.values())
    dispute.decide_by = dispute.statements_due_on + DAYS_TO_DECIDE
    _note(dispute, Kind.APPEALED, at, by=by, person=me)
    _changed(dispute, "state", "round", "statements_due_on", "decide_by")
    asked = {one.party_id: one for one in Statement.objects.filter(party__dispute=dispute, round=APPEAL)}
    for party in parties:
        said = text if party.person_id == me.pk else ""
        _ask(dispute, party, at, said=said, by_day=days[party.person_id], standing=asked.get(party.pk))
    before = Decider.objects.filter(dispute=dispute, round=APPEAL, why_ended=APPEAL_WITHDRAWN).select_related("person")
    judge = before.order_by("pk").last()
    if judge is not None and not why_not_neutral(dispute, judge.person, today):
        _appoint(dispute, judge.person, at)  # nobody chooses their judge by appealing in turns
    else:
        _name_decider(dispute, at, today)
    return dispute


@transaction.atomic
def withdraw_appeal(*, dispute: Dispute, by: User, at: datetime, version: int | None = None) -> Dispute:
    """Who appealed takes it back before it is decided; the first decision stands again.

    Nobody's own appeal is lost by it: the other parties may appeal until the day they could, and a week at least.
    """
    dispute, me, today = _locked(dispute, version), _myself(by), _day(at)
    appealed = DisputeEvent.objects.filter(dispute=dispute, kind=Kind.APPEALED).order_by("at", "pk").last()
    if dispute.state != State.APPEALED or appealed is None or appealed.person_id != me.pk:
        raise Refused("Only who appealed can withdraw the appeal, before it is decided.")
    if is_late_to_withdraw(dispute, at):
        raise Refused("The day of a statement has passed: the appeal is decided now.")
    for standing in Decider.objects.standing().filter(dispute=dispute, round=APPEAL).select_related("person"):
        _end(dispute, standing, APPEAL_WITHDRAWN, at, by=by)
    _finish(dispute, SAY, at)
    _note(dispute, Kind.TAKEN_BACK, at, by=by, person=me)
    dispute.state, dispute.round = State.DECIDED, FIRST
    dispute.appeal_until = max(dispute.appeal_until or today, today + DAYS_TO_ANSWER)
    _changed(dispute, "state", "round", "appeal_until")
    until = f"You may appeal yourself until {dispute.appeal_until:%-d %b}."
    _tell_all(dispute, f"The appeal is withdrawn: {dispute.title}. {until}", at, but=by)
    return dispute


# ── What time brings ────────────────────────────────────────────────────────────────────────────────────────────


def keep_disputes_going(*, at: datetime) -> int:
    """Record missed days, replace who may not decide any more, remind, end what is past its appeal; how many changed.

    Each dispute in a transaction of its own; running it again changes nothing.
    """
    changed = 0
    for dispute in Dispute.objects.unsettled().order_by("pk"):
        changed += keep_dispute_going(dispute=dispute, at=at)
    return changed


@transaction.atomic
def keep_dispute_going(*, dispute: Dispute, at: datetime) -> bool:
    """What time and transfers have changed about one; answers whether anything did."""
    dispute, today = _locked(dispute), _day(at)
    if dispute.state == State.DECIDED:
        if dispute.appeal_until is None or today <= dispute.appeal_until:
            return False
        dispute.state = State.FINAL
        _note(dispute, Kind.FINAL, at)
        _changed(dispute, "state")
        _ask_to_pay(dispute, at, today)
        _tell_all(dispute, f"Nobody appealed; the decision is final: {dispute.title}.", at)
        return True
    if not dispute.is_hearing:
        return False
    was = dispute.version
    record_missed(dispute=dispute, at=at)
    dispute.refresh_from_db()
    _recheck_decider(dispute, at, today)
    return _remind(dispute, at, today) > 0 or dispute.version != was


def _remind(dispute: Dispute, at: datetime, today: date) -> int:
    """Once for each asking, two days before the day."""
    told = 0
    for one in missing_statements(dispute).filter(due_on__lte=today + REMINDS, reminded_at=None):
        one.reminded_at = at
        one.save(update_fields=["reminded_at"])
        _tell(
            one.party.person, f"Reminder: your statement is due by {one.due_on:%-d %b}: {dispute.title}.", dispute, at
        )
        told += 1
    standing = Decider.objects.standing().filter(dispute=dispute, round=dispute.round, reminded_at=None)
    if dispute.decide_by <= today + REMINDS:
        for decider in standing.select_related("person"):
            decider.reminded_at = at
            decider.save(update_fields=["reminded_at"])
            text = f"Reminder: you decide a dispute by {dispute.decide_by:%-d %b}: {dispute.title}."
            _tell(decider.person, text, dispute, at)
            told += 1
    return told


@transaction.atomic
def forget_disputes(*, person: Person) -> Forgotten:
    """Blank what somebody who is erased said, and what was decided about them; the other parties' words are theirs.

    Their name goes from those words as it goes from every text. Refused while a dispute of theirs is heard or can be
    appealed: the ground of a decision isn't taken from under it.
    """
    about = Dispute.objects.filter(parties__person=person)
    if about.unsettled().exists():
        raise Refused(f"A dispute with {person} isn't settled yet: erase when it is.")
    forgotten = Forgotten()
    forgotten.blank(Statement.objects.filter(party__person=person).exclude(text=""), text="Erased")
    forgotten.blank(Evidence.objects.filter(by=person).exclude(text=""), text="Erased")
    opened = Dispute.objects.filter(opened_by=person).values("pk")
    forgotten.blank(Decision.objects.filter(dispute__in=opened).exclude(reasons=""), reasons="Erased")
    forgotten.blank(Remedy.objects.filter(person=person).exclude(text=""), text="Erased")
    return forgotten


# ── What every act needs ────────────────────────────────────────────────────────────────────────────────────────


def _locked(dispute: Dispute, version: int | None = None) -> Dispute:
    found = Dispute.objects.select_for_update(of=("self",)).select_related("opened_by", "order", "account")
    dispute = found.get(pk=dispute.pk)
    if version is not None and version != dispute.version:
        raise Stale("Something was added to this dispute since you opened it. Read it first, your text is kept below.")
    return dispute


def _changed(dispute: Dispute, *names: str) -> None:
    dispute.version += 1
    dispute.save(update_fields=[*names, "version"])


def _myself(by: User) -> Person:
    me = person_of(by)
    if me is None:
        raise Refused("Disputes are for people who work here.")
    return me


def _day(at: datetime) -> date:
    return clock.day_of(at, Organisation.get().time_zone)


def _words(text: str, name: str, otherwise: str) -> str:
    if not text.strip():
        raise Refused(otherwise, field=name)
    return text.strip()


def _must_hear(dispute: Dispute) -> None:
    if not dispute.is_hearing:
        raise Refused(f"This dispute is {dispute.get_state_display().lower()}; nothing is added to it any more.")


def _must_take_part(dispute: Dispute, by: User) -> None:
    reading = reading_of(dispute, by)
    if reading.party is None and reading.decides != dispute.round and not reading.is_hr:
        raise Refused("Only the parties, who decides, and HR do this.")


def _note(dispute: Dispute, kind: str, at: datetime, *, by: User | None = None, person: Person | None = None) -> None:
    DisputeEvent.objects.create(dispute=dispute, kind=kind, at=at, by=by, person=person, round=dispute.round)


def _tell(person: Person, text: str, dispute: Dispute, at: datetime) -> None:
    """Each of these asks for something by a day, or says what was decided: told whatever one has chosen to hear."""
    tell(person, text, f"/disputes/{dispute.pk}/", at, must=True)


def _task(person: Person, text: str, due: date, dispute: Dispute, what: str) -> None:
    """In the to-do list of this person; it says nothing of whom or what it is about."""
    Task.objects.create(
        owner=person, text=text, due_on=due, source="dispute", reason=f"{what}:{dispute.pk}",
        link=f"/disputes/{dispute.pk}/",
    )  # fmt: skip


def _finish(dispute: Dispute, what: str, at: datetime, *, owner: Person | None = None) -> None:
    waiting = Task.objects.filter(source="dispute", reason=f"{what}:{dispute.pk}", done_at=None)
    (waiting.filter(owner=owner) if owner else waiting).update(done_at=at)


def finish_paying(*, dispute: int, at: datetime) -> None:
    """All pay of a dispute is settled: nothing is left to do about it."""
    Task.objects.filter(source="dispute", reason=f"{PAY}:{dispute}", done_at=None).update(done_at=at)


def _ask_to_pay(dispute: Dispute, at: datetime, today: date) -> None:
    """What was granted is paid once it is final: a task for who pays, without a word of the dispute."""
    due = [one for one in pay_due(dispute=dispute) if one.amount]
    payer = payers(today).exclude(pk__in=dispute.parties.values("person")).order_by("external_id", "pk").first()
    if due and payer is not None:
        Task.objects.create(
            owner=payer, text="Settle pay as a dispute was decided", due_on=today + DAYS_TO_PAY, source="dispute",
            reason=f"{PAY}:{dispute.pk}", link="/settlements/",
        )  # fmt: skip
        tell(payer, "Pay is to be settled as a dispute was decided.", "/settlements/", at, must=True)


def _tell_all(dispute: Dispute, text: str, at: datetime, *, but: User | None = None) -> None:
    for party in dispute.parties.select_related("person"):
        if but is None or party.person.user_id != but.pk:
            _tell(party.person, text, dispute, at)


def _tell_decider_when_all_are_in(dispute: Dispute, at: datetime) -> None:
    if missing_statements(dispute).exists():
        return
    for standing in Decider.objects.standing().filter(dispute=dispute, round=dispute.round).select_related("person"):
        _tell(standing.person, f"All parties have been heard; it is yours to decide: {dispute.title}.", dispute, at)
