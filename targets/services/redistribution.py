"""Redistribution: opened by who leads the giver, taken only by consent, zero-sum to the cent, reversible (R8)."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from sales.services.notices import tell
from salesmgmt.lib.ledger import reversals
from salesmgmt.lib.money import to_cents
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused, Stale
from targets.models import BOOKINGS, Candidate, Offer, OfferEvent, QuotaEntry, Redistribution
from targets.selectors.quotas import quota_of
from targets.selectors.redistribution import Landing, rooms, shared, shortfall
from targets.services.quotas import hold, hold_open, refuse_below_zero
from teams.models import Organisation, Person, User, access_of
from teams.selectors import manager_of, team_on

State, Did, Prefer = Offer.State, OfferEvent.Kind, Redistribution.Prefer
PAGE = "/redistributions/"
TAKEN_ALREADY = {State.COUNTED, State.WAITING}


@transaction.atomic
def propose_redistribution(
    *,
    giver: Person,
    during: tuple[date, date],
    landings: Mapping[int, Landing],
    reason: str,
    by: User,
    at: datetime,
    on: date,
    to: tuple[date, date] | None = None,
    amount: Decimal | None = None,
    caps: Mapping[int, Decimal] | None = None,
    prefer: str = Prefer.ALL,
    measure: str = BOOKINGS,
    giver_landing: Landing | None = None,
) -> Redistribution:
    """Ask colleagues with room to take on what somebody will not bring; nothing moves before they say yes.

    `landings` are those of the days of `to` (the same days, or a later period); `giver_landing` the giver's in
    `during`. `caps` lower the room of a person, `amount` what is offered.
    """
    to = to or during
    landing = giver_landing or landings.get(giver.pk)
    _may_open(giver, by, on)
    if not reason.strip():
        raise Refused("Say why the quota is shared out.", field="reason")
    if during[1] <= on or to[1] <= on:
        raise Refused("This period is over: what was missed in it stays where it is.", field="period")
    if to != during and to[0] < during[1]:
        raise Refused("A part of a quota moves to the same period or to a later one.", field="to")
    if landing is None:
        raise Refused(f"{giver} has no quota there, or no expected landing yet.", field="person")
    seen = {pk: one for pk, one in landings.items() if access_of(by).sees_person(pk) and pk != access_of(by).person_id}
    hold_open([giver.pk, *seen], *during)
    if to != during:
        hold_open([], *to)
    most = shortfall(giver=giver, landing=landing, start=during[0], end=during[1], measure=measure)
    if not most:
        raise Refused(f"{giver} is expected to land at the quota: there is nothing to share out.", field="person")
    total = most if amount is None else to_cents(amount)
    if not 0 < total <= most:
        raise Refused(f"At most {most:,.2f} may be offered: the quota less the expected landing.", field="amount")
    found = [
        room
        for room in rooms(
            giver=giver, landings=seen, to=to, on=on, prefer=prefer, defers=total if to != during else Decimal(0),
            measure=measure,
        )
        if room.room
    ]  # fmt: skip
    capped = {room.person.pk: min(room.room, to_cents((caps or {}).get(room.person.pk, room.room))) for room in found}
    if any(cap < 0 for cap in capped.values()):
        raise Refused("A cap can't be below zero.", field="caps")
    if not any(capped.values()):
        raise Refused("Nobody has room to take anything on: the quota stays where it is.", field="person")
    team = team_on(giver, on)
    assert team is not None
    made = Redistribution.objects.create(
        giver=giver, team=team, during=half_open(*during), to=half_open(*to), measure=measure, quota=landing.quota,
        landing=landing.landing, amount=total, prefer=prefer, reason=reason.strip(), opened_at=at, opened_by=by,
        needs_agreement=_has_another(giver, _person(by), on) and any(room.team.pk != team.pk for room in found),
    )  # fmt: skip
    Candidate.objects.bulk_create(
        Candidate(
            redistribution=made, person=room.person, team=room.team, quota=room.quota, landing=room.landing,
            room=room.room, cap=capped[room.person.pk], tier=room.tier,
        )
        for room in found
    )  # fmt: skip
    _offer(made, total, turn=1, by=by, at=at, on=on)
    if made.needs_agreement:
        tell([manager_of(giver, on)], f"A part of {giver}’s quota is offered to colleagues: do you agree?",
             link=f"{PAGE}{made.pk}/", at=at, but=by)  # fmt: skip
    return made


def _person(user: User | None) -> Person | None:
    me = access_of(user).person_id if user else None
    return Person.objects.get(pk=me) if me is not None else None


def _has_another(person: Person, opener: Person | None, on: date) -> bool:
    """Whether somebody else than who opens it leads a person: where nobody does there is nobody to ask."""
    manager = manager_of(person, on)
    return manager is not None and manager != opener


def _may_open(giver: Person, by: User, on: date) -> None:
    access, team = access_of(by), team_on(giver, on)
    if access.person_id == giver.pk:
        raise Refused("Nobody shares out their own quota: ask your manager.", field="person")
    if team is None or not (access.sees_all or set(team.path) & set(access.led_team_ids)):
        raise Refused(f"Only who leads {giver} or plans for all shares out this quota.", field="person")


def _offer(made: Redistribution, total: Decimal, *, turn: int, by: User | None, at: datetime, on: date) -> None:
    """Offer in proportion to the room that is left; who has refused or was let go is not asked again."""
    left: list[tuple[int, int, Decimal]] = []
    candidates = {one.pk: one for one in made.candidates.select_related("person", "team").order_by("pk")}
    offers: dict[int, list[Offer]] = {pk: [] for pk in candidates}
    for offer in Offer.objects.filter(candidate__in=candidates).order_by("pk"):
        offers[offer.candidate_id].append(offer)
    for pk, one in candidates.items():
        if all(offer.state in TAKEN_ALREADY for offer in offers[pk]):
            left.append((pk, one.tier, one.cap - sum((offer.amount for offer in offers[pk]), Decimal(0))))
    opener = _person(made.opened_by)
    for pk, amount in shared(total, left).items():
        one = candidates[pk]
        across = one.team_id != made.team_id
        offer = Offer.objects.create(
            candidate=one, turn=turn, amount=amount, made_at=at,
            needs_agreement=across and _has_another(one.person, opener, on),
        )  # fmt: skip
        _tell_of(offer, Did.OFFERED, by=by, at=at)
        currency = Organisation.get().currency
        tell([one.person], f"You are asked whether you would take on {amount:,.2f} {currency} more.",
             link=f"/offers/{offer.pk}/", at=at)  # fmt: skip
        if offer.needs_agreement:
            text = f"{one.person} is asked to take on {amount:,.2f} {currency}: do you agree?"
            tell([manager_of(one.person, on)], text, link=f"/offers/{offer.pk}/", at=at)


def _tell_of(offer: Offer, kind: str, *, by: User | None, at: datetime, reason: str = "") -> None:
    OfferEvent.objects.create(offer=offer, kind=kind, at=at, by=by, reason=reason)


# ── Consent ─────────────────────────────────────────────────────────────────────────────────────────────────────


def accept_offer(*, offer: Offer, by: User, at: datetime, on: date, version: int | None = None) -> Offer:
    """Take it on; only oneself may."""

    def accept(held: Offer) -> None:
        if held.candidate.person_id != access_of(by).person_id:
            raise Refused("Nobody consents for somebody else.", field="person")
        if held.accepted_at is None:
            held.accepted_at = at
            held.save(update_fields=["accepted_at"])
            _tell_of(held, Did.ACCEPTED, by=by, at=at)
        _count(held, at=at, by=by)

    return _act(offer, accept, on=on, version=version)


def agree_to_offer(*, offer: Offer, by: User, at: datetime, on: date, version: int | None = None) -> Offer:
    """Across teams the manager of who is asked agrees as well."""

    def agree(held: Offer) -> None:
        if not _leads(held.candidate.person, by, on) or held.candidate.person_id == access_of(by).person_id:
            raise Refused("Only the manager of who is asked agrees to this.", field="person")
        if held.needs_agreement and held.agreed_at is None:
            held.agreed_at = at
            held.save(update_fields=["agreed_at"])
            _tell_of(held, Did.AGREED, by=by, at=at)
        _count(held, at=at, by=by)

    return _act(offer, agree, on=on, version=version)


@transaction.atomic
def agree_to_redistribution(*, redistribution: Redistribution, by: User, at: datetime, on: date) -> Redistribution:
    """Across teams the giver's manager agrees too, where somebody else has opened it."""
    _lock(redistribution, on=on)
    made = Redistribution.objects.select_for_update().get(pk=redistribution.pk)
    if not _leads(made.giver, by, on) or made.giver_id == access_of(by).person_id:
        raise Refused("Only the giver’s manager agrees to this.", field="person")
    if made.needs_agreement and made.agreed_at is None:
        made.agreed_at = at
        made.save(update_fields=["agreed_at"])
        for offer in Offer.objects.waiting().filter(candidate__redistribution=made).order_by("pk"):
            _count(_fresh(offer), at=at, by=by)
    return made


def refuse_offer(
    *, offer: Offer, by: User, at: datetime, on: date, reason: str = "", version: int | None = None
) -> Offer:
    """Leave it; it is offered to the others anew, and needs their consent anew. What nobody takes stays."""

    def refuse(held: Offer) -> None:
        own = held.candidate.person_id == access_of(by).person_id
        if not own and not (held.needs_agreement and _leads(held.candidate.person, by, on)):
            raise Refused("Only who is asked refuses, or across teams their manager.", field="person")
        _close(held, State.REFUSED, Did.REFUSED, by=by, at=at, reason=reason)
        made = held.candidate.redistribution
        _offer(made, held.amount, turn=held.turn + 1, by=None, at=at, on=on)
        tell([_person(made.opened_by)], f"An offer of a part of {made.giver}’s quota was refused.",
             link=f"{PAGE}{made.pk}/", at=at, but=by)  # fmt: skip

    return _act(offer, refuse, on=on, version=version)


def withdraw_offer(*, offer: Offer, reason: str, by: User, at: datetime, on: date, version: int | None = None) -> Offer:
    """No longer ask somebody; the part stays with the giver."""

    def withdraw(held: Offer) -> None:
        _may_lead(held, by, on)
        _close(held, State.WITHDRAWN, Did.WITHDRAWN, by=by, at=at, reason=reason)
        tell([held.candidate.person], "What you were asked to take on is withdrawn.",
             link=f"/offers/{held.pk}/", at=at, but=by)  # fmt: skip

    return _act(offer, withdraw, on=on, version=version)


@transaction.atomic
def reverse_offer(*, offer: Offer, reason: str, by: User, at: datetime, on: date, version: int | None = None) -> Offer:
    """Take back what counted, by two entries that name those they reverse."""
    if not reason.strip():
        raise Refused("Say why it is taken back.", field="reason")
    _lock(offer.candidate.redistribution, on=on)
    held = _fresh(offer, version)
    _may_lead(held, by, on)
    if held.state != State.COUNTED:
        raise Refused(f"Only what was taken on is taken back; this one is {held.get_state_display().lower()}.")
    for entry, why, who in ((held.given, reason.strip(), by), (held.taken, "Taken back", None)):
        assert entry is not None
        hold([], entry.starts_on, entry.during.upper)
        back = reversals([entry], by=who, at=at, reason=why)
        refuse_below_zero(QuotaEntry.objects.bulk_create(back))
    _close(held, State.REVERSED, Did.REVERSED, by=by, at=at, reason=reason)
    made = held.candidate.redistribution
    tell([held.candidate.person], "What you had taken on is taken back; your quota is the original one again.",
         link=f"/offers/{held.pk}/", at=at, but=by)  # fmt: skip
    tell([made.giver], "A part of your quota that a colleague had taken on is yours again.",
         link="/quotas/", at=at, but=by)  # fmt: skip
    return held


@transaction.atomic
def _act(offer: Offer, do: Callable[[Offer], None], *, on: date, version: int | None) -> Offer:
    """One act on an offer that still waits, everybody concerned locked."""
    _lock(offer.candidate.redistribution, on=on)
    held = _fresh(offer, version)
    if not held.is_waiting:
        raise Refused(f"This is settled already: {held.get_state_display().lower()}.")
    do(held)
    held.version += 1
    held.save(update_fields=["version"])
    return held


def _lock(made: Redistribution, *, on: date) -> None:
    """Everybody who may give or take, then the months; refused where the period is past, or all of it closed."""
    during, to = made.during, made.to
    if min(during.upper, to.upper) <= on:
        raise Refused("This period is over: what was agreed in it stays.", field="period")
    people = [made.giver_id, *made.candidates.values_list("person_id", flat=True)]
    hold_open(people, during.lower, during.upper)
    if to != during:
        hold_open([], to.lower, to.upper)


def _fresh(offer: Offer, version: int | None = None) -> Offer:
    rows = Offer.objects.select_for_update(of=("self",)).select_related(
        "candidate__redistribution__giver", "candidate__redistribution__team", "candidate__person", "candidate__team",
        "candidate__redistribution__opened_by", "given", "taken",
    )  # fmt: skip
    held = rows.get(pk=offer.pk)
    if version is not None and version != held.version:
        raise Stale("This has changed since you opened it: look at it again.")
    return held


def _leads(person: Person, by: User, on: date) -> bool:
    """Who leads a person: for one who leads themselves, or a vacant seat, the next one up."""
    me = access_of(by).person_id
    manager = manager_of(person, on)
    return manager is not None and manager.pk == me


def _may_lead(held: Offer, by: User, on: date) -> None:
    made, me = held.candidate.redistribution, access_of(by).person_id
    if me is not None and me in (made.giver_id, held.candidate.person_id):
        raise Refused("Nobody changes their own quota: ask your manager.", field="person")
    _may_open(made.giver, by, on)


def _close(held: Offer, state: str, did: str, *, by: User | None, at: datetime, reason: str) -> None:
    held.state = state
    held.save(update_fields=["state"])
    _tell_of(held, did, by=by, at=at, reason=reason.strip()[:200])


def _count(held: Offer, *, at: datetime, by: User) -> None:
    """Once everybody who has to has agreed: two entries that sum to nothing, over the days that are not closed."""
    one, made = held.candidate, held.candidate.redistribution
    if held.accepted_at is None or not held.is_agreed or not made.is_agreed:
        return
    is_own = one.person_id == made.giver_id
    off, onto = (half_open(hold_open([], days.lower, days.upper), days.upper) for days in (made.during, made.to))
    sides: list[tuple[Person, int, DateRange, Decimal, str, User | None]] = [
        (made.giver, made.team_id, off, -held.amount,
         "Moved to a later period" if is_own else "Taken on by a colleague", made.opened_by),
        (one.person, one.team_id, onto, held.amount,
         "Moved from an earlier period" if is_own else "Taken on with your consent", one.person.user),
    ]  # fmt: skip
    held.given, held.taken = (
        QuotaEntry.objects.create(
            person=person, seat=person, team_id=team, during=days, measure=made.measure,
            kind=QuotaEntry.Kind.REDISTRIBUTION, amount=amount, currency=Organisation.get().currency,
            reporting_amount=amount, recorded_at=at, by=who, reason=reason,
        )
        for person, team, days, amount, reason, who in sides
    )  # fmt: skip
    left = quota_of(person_ids=[made.giver_id], start=off.lower, end=off.upper, measure=made.measure, revised=True)
    if left[made.giver_id] < 0:
        raise Refused(f"{made.giver} no longer has {held.amount:,.2f} to give in the open days: withdraw the offer.")
    refuse_below_zero([held.given])
    held.state = State.COUNTED
    held.save(update_fields=["state", "given", "taken"])
    _tell_of(held, Did.COUNTED, by=None, at=at)
    tell([made.giver], "A colleague has taken on a part of your quota; you are still judged by the original one.",
         link="/quotas/", at=at)  # fmt: skip
    tell([_person(made.opened_by)], f"{held.amount:,.2f} of {made.giver}’s quota is taken on.",
         link=f"{PAGE}{made.pk}/", at=at, but=by)  # fmt: skip
