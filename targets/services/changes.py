"""A published figure is changed where everybody can read why; and who has none yet is given one."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from sales.services.guards import name_of
from sales.services.notices import tell
from salesmgmt.lib import clock
from salesmgmt.lib.money import to_cents
from salesmgmt.lib.periods import Period as PeriodValue
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused
from targets.models import BOOKINGS, ProposedEntry, QuotaEntry, QuotaProposal
from targets.selectors.changes import FreeSeat, free_seats, is_beyond, plan_holding
from targets.selectors.entries import QuotaLine
from targets.selectors.letters import figures_of
from targets.selectors.proposals import leaders_of
from targets.services.letters import announce, held, may_announce, tell_of_plan, what_changed
from targets.services.proposals import PAGE, counts_from, facts_of, wait_for
from targets.services.quotas import adjust_quota, enter_quotas, hold, hold_open, refuse_above_scale
from teams.models import Organisation, Person, Posting, Team, User, access_of
from teams.selectors import manager_of


@transaction.atomic
def change_quota(
    *,
    person: Person,
    period: PeriodValue,
    amount: Decimal,
    reason: str,
    by: User,
    at: datetime,
    measure: str = BOOKINGS,
    results: str = "",
    economy: str = "",
    competition: str = "",
) -> QuotaProposal | None:
    """Change what somebody is held to. A published figure is announced, with what changed: results, economy or rivals.

    More than `by` may change alone is proposed to the next manager up: that is the answer; their yes announces it.
    """
    plan = plan_holding(person.pk, period, measure)
    if plan is None:
        made = adjust_quota(person=person, period=period, amount=amount, reason=reason, by=by, at=at, measure=measure)
        if made is not None:
            said = f"Your quota for {period.label} has changed: {reason.strip()}"[:300]
            tell([person], said, link=f"/quotas/?period={period.key}", at=at, but=by)
        return None
    plan = held(plan)
    if not reason.strip():
        raise Refused("Say why the quota changes.", field="reason")
    may_announce(plan, by, None, person)
    words = what_changed(reason, results, economy, competition)
    if amount < 0:
        raise Refused("A quota can't be below zero.", field="amount")
    refuse_above_scale(amount, measure)
    was = figures_of(plan, [person.pk]).get(person.pk, Decimal(0))
    if to_cents(amount) == was:
        raise Refused("This is the figure as it stands.", field="amount")
    if not is_beyond(plan, person.pk, was=was, amount=amount, by=by):
        announce(
            plan=plan,
            headline=reason,
            person=person,
            results=results,
            economy=economy,
            competition=competition,
            figures={person.pk: amount},
            by=by,
            at=at,
        )
        return None
    start, end = plan.starts_on, plan.during.upper
    if plan.of.adds_up:
        hold_open([person.pk], start, end)
    else:
        hold([person.pk], start, end)
    on = clock.day_of(at, Organisation.get().time_zone)
    led = _led(person, by, at)
    leaders = leaders_of([led], on)
    above = (leaders[pk] for pk in reversed(led.path[:-1]) if pk in leaders)
    own = access_of(by).person_id
    decider = next((leader for leader in above if leader.pk not in (person.pk, own)), None)
    counts_on = counts_from(on)
    asked = QuotaProposal.objects.open().filter(kind=QuotaProposal.Kind.CHANGE, seat=person, measure=measure)
    asked.filter(during=half_open(start, end)).update(state=QuotaProposal.State.GONE)
    proposal = QuotaProposal.objects.create(
        kind=QuotaProposal.Kind.CHANGE,
        seat=person,
        team=led,
        measure=measure,
        during=half_open(start, end),
        facts=facts_of(was),
        decider=decider,
        needs_yes=True,
        made_at=at,
        counts_on=counts_on,
        asked_by=by,
        amount=to_cents(amount),
        headline=reason.strip()[:200],
        **words,
    )
    ProposedEntry.objects.create(
        proposal=proposal, kind=QuotaEntry.Kind.RELIEF, during=proposal.during, before=0,
        after=to_cents(amount) - was, currency=Organisation.get().currency,
        note=f"{name_of(by)} asks for it: {reason.strip()}"[:300],
    )  # fmt: skip
    tell([person], f"{name_of(by)} asks for another figure of {plan.name} for you.", link=PAGE, at=at, but=by)
    wait_for(decider, [str(person)], counts_on, at=at)
    return proposal


def _led(person: Person, by: User, at: datetime) -> Team:
    """The topmost team through which somebody leads a person."""
    on = clock.day_of(at, Organisation.get().time_zone)
    team = Posting.objects.on(on).select_related("team").get(person=person).team
    led = next(pk for pk in team.path if pk in access_of(by).led_team_ids)
    return Team.objects.get(pk=led)


@transaction.atomic
def give_quota(
    *, person: Person, period: PeriodValue, seat: str, amount: Decimal, reason: str, by: User, at: datetime
) -> list[QuotaEntry]:
    """Hold somebody who has no figure yet to one: the amount of a full seat, from which employment and ramp follow.

    `seat` is the key of one of their `free_seats`. The next manager up is told, and the person to read their letter.
    """
    access = access_of(by)
    if access.person_id == person.pk:
        raise Refused("Nobody sets their own quota: ask somebody else who plans.", field="person")
    if not (access.sees_all or (access.leads and access.sees_person(person.pk))):
        raise Refused(f"Only who leads {person} or plans for all gives them a quota.", field="person")
    if amount <= 0:
        raise Refused("Say what a full seat is held to: more than zero.", field="amount")
    if not reason.strip():
        raise Refused("Say why: a new seat, or what else.", field="reason")
    on = clock.day_of(at, Organisation.get().time_zone)
    chosen: FreeSeat | None = next((one for one in free_seats(person, period, on=on) if one.key == seat), None)
    if chosen is None:
        raise Refused(f"{person} has a figure there already, or is not posted there.", field="seat")
    if not (access.sees_all or set(chosen.team.path) & set(access.led_team_ids)):
        raise Refused(f"Only who leads {chosen.team} or plans for all gives a quota there.", field="seat")
    basis = "base" if chosen.of.adds_up else "final"
    line = QuotaLine(person, chosen.start, chosen.end, amount, basis, chosen.team, measure=chosen.of.key)
    made = enter_quotas(lines=[line], reason=reason.strip()[:200], by=by, at=at, plan=chosen.plan)
    if chosen.plan is not None:
        tell_of_plan(plan=chosen.plan, person=person, by=by, at=at)
    else:
        tell([person], f"You have a quota for {period.label}.", link=f"/quotas/?period={period.key}", at=at, but=by)
    mine: Person | None = getattr(by, "person", None)
    above = manager_of(mine, on) if mine is not None and not access.sees_all else None
    said = f"{name_of(by)} gives {person} a quota: {amount:,.2f} for a full seat."
    tell([above], said, link=f"/quotas/{person.pk}/?period={period.key}", at=at, but=by)
    return made
