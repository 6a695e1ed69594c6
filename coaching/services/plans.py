"""Plan help for somebody, fix at its start what it is judged beside, move its end, cancel it before it begins."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import IntegrityError, transaction

from coaching.analysis.effect import Effect
from coaching.models import Case, CoachingPlan, CoachingPlanChange, HelpEffect
from coaching.selectors import may_coach
from coaching.selectors.effects import comparison, end_of, usable_measures, what_helps
from salesmgmt.desk.erasure import Forgotten
from salesmgmt.lib.ratios import OPEN
from salesmgmt.lib.refusals import Refused, Stale
from teams.models import Person, User, access_of

from .edges import must_coach, tell

BACK = timedelta(days=13)  # help that has begun may be written down so much later: after that one sees how it went
AHEAD = timedelta(days=366)


@transaction.atomic
def plan_coaching(
    *,
    person: Person,
    kind: str,
    measure: str,
    starts_on: date,
    until: date,
    by: User,
    at: datetime,
    on: date,
    coach: Person | None = None,
    case: Case | None = None,
    text: str = "",
) -> CoachingPlan:
    """Help of a kind for somebody, `[starts_on, until)`, for a measure. Who helps is by default whoever plans it."""
    Person.objects.select_for_update().get(pk=person.pk)
    must_coach(by, person)
    coach = coach or Person.objects.get(user=by)
    if coach.pk == person.pk:
        raise Refused(f"{person.name} can't be their own coach; name somebody else.", field="coach")
    if kind not in CoachingPlan.Kind.values:
        raise Refused(f"There is no help “{kind}”; there is {', '.join(CoachingPlan.Kind.values)}.", field="kind")
    if measure not in usable_measures():
        raise Refused(f"Coaching can't be judged by “{measure}”; choose another measure.", field="measure")
    if not on - BACK <= starts_on <= on + AHEAD:
        raise Refused(
            f"It starts on {starts_on:%d %b %Y}; choose a day from {on - BACK:%d %b %Y}, when nobody knew yet how it"
            f" went, to {on + AHEAD:%d %b %Y}.",
            field="starts_on",
        )
    _require_end(starts_on, until)
    if case is not None and case.person_id != person.pk:
        raise Refused(f"That case isn't about {person.name}.", field="case")
    try:
        with transaction.atomic():
            plan = CoachingPlan.objects.create(
                person=person, coach=coach, kind=kind, measure=measure, starts_on=starts_on, until=until, text=text,
                case=case, planned_at=at,
            )  # fmt: skip
    except IntegrityError:
        raise Refused(
            f"{person.name} has this help for this measure from that day already.", field="starts_on"
        ) from None
    _tell_change(plan, at, by, f"Planned from {starts_on:%d %b %Y} until {until:%d %b %Y}")
    for one in (person, coach):
        if one.user_id != by.pk:
            tell(one, f"Coaching is planned from {starts_on:%d %b}.", f"/effects/{plan.pk}/", at)
    if starts_on <= on:
        _freeze(plan, at)
    return plan


@transaction.atomic
def freeze_plans(*, on: date, at: datetime) -> int:
    """Fix what plans that begin are judged beside, each once; answers how many."""
    waiting = CoachingPlan.objects.standing().filter(frozen_at=None, starts_on__lte=on)
    plans = list(waiting.select_for_update(of=("self",), skip_locked=True).select_related("person").order_by("pk"))
    for plan in plans:
        _freeze(plan, at)
    return len(plans)


@transaction.atomic
def move_plan(
    *, plan: CoachingPlan, until: date, reason: str, by: User, at: datetime, on: date, version: int | None = None
) -> CoachingPlan:
    """An earlier or later end, with the reason. What is over stays as it was, and so do the weeks it is judged by."""
    plan = _locked(plan, by, version)
    if plan.state_on(on) == "ended":
        raise Refused(f"It ended on {plan.until:%d %b %Y}; plan a new one.", field="until")
    if not reason.strip():
        raise Refused("Say in a sentence why the end moves.", field="reason")
    if until < on:
        raise Refused(f"{until:%d %b %Y} is past; choose today or later.", field="until")
    _require_end(plan.starts_on, until)
    was, plan.until, plan.version = plan.until, until, plan.version + 1
    plan.save(update_fields=["until", "version"])
    _tell_change(plan, at, by, f"End moved from {was:%d %b %Y} to {until:%d %b %Y}: {reason.strip()}")
    return plan


@transaction.atomic
def cancel_plan(*, plan: CoachingPlan, by: User, at: datetime, on: date, version: int | None = None) -> CoachingPlan:
    """Before it begins. Help that has begun is ended instead, so that what doesn't work can't be left out."""
    plan = _locked(plan, by, version)
    if plan.state_on(on) != "planned":
        raise Refused("It has begun: move its end to today instead.")
    plan.cancelled_at, plan.version = at, plan.version + 1
    plan.save(update_fields=["cancelled_at", "version"])
    _tell_change(plan, at, by, "Cancelled before it began")
    for one in (plan.person, plan.coach):
        if one.user_id != by.pk:
            tell(one, "Planned coaching was cancelled.", "/effects/", at)
    return plan


def _locked(plan: CoachingPlan, by: User, version: int | None) -> CoachingPlan:
    plan = CoachingPlan.objects.select_for_update(of=("self",)).select_related("person", "coach").get(pk=plan.pk)
    if not may_coach(access_of(by), plan.person):
        raise Refused(f"Only somebody who leads {plan.person.name} can do this.")
    if plan.cancelled_at is not None:
        raise Refused("This plan is cancelled.")
    if version is not None and plan.version != version:
        raise Stale("This plan was changed meanwhile; look at it again.")
    return plan


def _require_end(starts_on: date, until: date) -> None:
    if not starts_on < until <= starts_on + AHEAD:
        raise Refused(
            f"It ends on {until:%d %b %Y}; choose a day after {starts_on:%d %b %Y}, within a year.", field="until"
        )


def _freeze(plan: CoachingPlan, at: datetime) -> None:
    measure = usable_measures().get(plan.measure)
    if measure is not None:
        plan.peers, amount, units = comparison(person=plan.person, measure=measure, starts_on=plan.starts_on)
        plan.baseline_amount, plan.baseline_units = Decimal(str(round(amount, 4))), Decimal(str(round(units, 4)))
    plan.frozen_at, plan.counts_until = at, end_of(plan)
    plan.save(update_fields=["peers", "baseline_amount", "baseline_units", "frozen_at", "counts_until"])
    _tell_change(
        plan,
        at,
        None,
        f"Begun; {len(plan.peers)} comparable people fixed",
    )


@transaction.atomic
def refresh_help_effects(*, on: date) -> int:
    """Work out anew which kinds of help work, and for whom."""
    rows = [
        HelpEffect(
            kind=one.kind, measure=one.measure, whom=one.whom, plans=one.plans, people=one.people, verdict=one.verdict,
            peers=one.effect.peers if one.effect else 0, as_of=on, **kept_shares(one.effect),
        )
        for one in what_helps(as_of=on)
    ]  # fmt: skip
    HelpEffect.objects.all().delete()
    return len(HelpEffect.objects.bulk_create(rows))


def kept_shares(effect: Effect | None) -> dict[str, Decimal | None]:
    """An effect as it is kept; None is without an end, or not known at all."""
    if effect is None:
        return dict.fromkeys(("value", "low", "high"))
    return {
        name: Decimal(str(round(share, 4))) if share < OPEN else None
        for name, share in (("value", effect.value), ("low", min(effect.low, OPEN - 1)), ("high", effect.high))
    }


def _tell_change(plan: CoachingPlan, at: datetime, by: User | None, what: str) -> None:
    CoachingPlanChange.objects.create(plan=plan, at=at, by=by, what=what[:300])


@transaction.atomic
def forget_plans(*, person: Person) -> Forgotten:
    """Blank what was written about somebody who is erased; that they were helped, and when, stays."""
    forgotten = Forgotten()
    forgotten.blank(CoachingPlan.objects.filter(person=person).exclude(text=""), text="Erased")
    moved = CoachingPlanChange.objects.filter(plan__person=person, what__startswith="End moved")
    forgotten.blank(moved, what="End moved")
    return forgotten
