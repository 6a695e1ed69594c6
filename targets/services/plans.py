"""Plans: made, shaped, copied, published. Nobody publishes their own figure."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from salesmgmt.lib import clock
from salesmgmt.lib.money import to_cents
from salesmgmt.lib.periods import Period as PeriodValue
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused, Stale
from targets import selectors
from targets.models import (
    BOOKINGS,
    ELEMENTS,
    MEASURES,
    MOST_CAPABILITY,
    Allocation,
    Plan,
    Slice,
    Target,
)
from targets.services.letters import tell_of_plan
from targets.services.proposals import propose_for
from targets.services.quotas import enter_quotas, refuse_above_scale
from targets.services.seasons import learn_season
from teams.models import Organisation, Person, Team, User, access_of

SETTINGS = (
    *(f"weight_{element}" for element in ELEMENTS),
    *("quarter_weights", "follows_trend", "tames_outliers", "shrink", "growth", "stretch"),
)
STORY = ("name", "amount", "market", "competition")
MOST_QUARTERS = 12

# ── Plans ───────────────────────────────────────────────────────────────────────────────────────────────────────


def plans_for_all(by: User) -> None:
    """Refuse whoever doesn't plan for the whole company."""
    if not access_of(by).sees_all:
        raise Refused("Executives, operations and the admin make and publish plans.")


def draft(plan: Plan) -> Plan:
    """The plan, held until the transaction ends; refused once it is published."""
    plan = Plan.objects.select_for_update(no_key=True).get(pk=plan.pk)
    if plan.is_published:
        raise Refused("This plan is published: change a person's quota instead, with its reason.")
    return plan


@transaction.atomic
def make_plan(
    *,
    name: str,
    period: PeriodValue,
    amount: Decimal,
    by: User,
    at: datetime,
    strategy: str = "",
    market: str = "",
    competition: str = "",
    measure: str = BOOKINGS,
) -> Plan:
    """Set out the company's target for a period, with what is known of market and competition."""
    plans_for_all(by)
    if measure not in MEASURES:
        raise Refused(f"“{measure}” is nothing a plan can be for; one of {', '.join(MEASURES)}.", field="measure")
    _refuse_amount(amount, measure)
    if Plan.objects.filter(period=period.key, measure=measure, published_at__isnull=False).exists():
        raise Refused(f"A plan for {period.label} is published already.", field="period")
    return Plan.objects.create(
        name=name,
        period=period.key,
        during=half_open(period.start, period.end),
        measure=measure,
        amount=to_cents(amount),
        strategy=strategy,
        market=market,
        competition=competition,
        made_at=at,
        made_by=by,
    )


def _refuse_amount(amount: Decimal, measure: str) -> None:
    if amount <= 0:
        raise Refused("The target must be more than zero.", field="amount")
    refuse_above_scale(amount, measure)


@transaction.atomic
def shape_plan(*, plan: Plan, by: User, at: datetime, version: int | None = None, **settings: Any) -> Plan:
    """Change what a draft is split by (weights, quarters, guardrails) or says; the lines follow when proposed anew."""
    plans_for_all(by)
    plan = draft(plan)
    if version is not None and version != plan.version:
        raise Stale("Somebody else has changed this plan since you opened it: look at it again.")
    if unknown := settings.keys() - {*SETTINGS, *STORY}:
        raise TypeError(f"A plan has no {', '.join(sorted(unknown))}.")
    for name, value in settings.items():
        setattr(plan, name, value)
    _refuse_amount(plan.amount, plan.measure)
    weights = {element: getattr(plan, f"weight_{element}") for element in ELEMENTS}
    if min(weights.values()) < 0 or sum(weights.values()) != 100:
        raise Refused(f"The weights sum to {sum(weights.values())}%; they must come to 100%.", field="weight_past")
    if plan.weight_capability > MOST_CAPABILITY:
        raise Refused(
            f"Capability weighs at most {MOST_CAPABILITY}%: it is what people think of somebody.",
            field="weight_capability",
        )
    quarters = plan.quarter_weights
    if not 1 <= len(quarters) <= MOST_QUARTERS or min(quarters) < 0 or not any(quarters):
        raise Refused(
            f"Weigh between one and {MOST_QUARTERS} quarters, at least one of them above 0.", field="quarters"
        )
    if plan.shrink is not None and not 0 <= plan.shrink <= 100:
        raise Refused("“At most this much less” is from 0 to 100%.", field="shrink")
    if any(guard is not None and guard < 0 for guard in (plan.growth, plan.stretch)):
        raise Refused("A guardrail can't be below zero.", field="growth")
    plan.amount = to_cents(plan.amount)
    plan.version += 1
    plan.save(update_fields=[*settings, "amount", "version"])
    return plan


@transaction.atomic
def copy_plan(*, plan: Plan, name: str, by: User, at: datetime, period: PeriodValue | None = None) -> Plan:
    """Another scenario with the same story, settings, lines, hedges and cuts, to be changed and compared.

    Changes and commitments stay with the one they were made in. For another period the lines are proposed anew.
    """
    plans_for_all(by)
    stands = Plan.objects.get(pk=plan.pk)
    key = period.key if period else stands.period
    if Plan.objects.filter(period=key, measure=stands.measure, published_at__isnull=False).exists():
        raise Refused(f"A plan for {key} is published already: what changes now are quotas.", field="period")
    copied = (*SETTINGS, "amount", "market", "competition", "strategy", "measure")
    made = Plan.objects.create(
        name=name,
        period=key,
        during=half_open(period.start, period.end) if period else stands.during,
        copied_from=stands,
        made_at=at,
        made_by=by,
        **{field: getattr(stands, field) for field in copied},
    )
    if period is None or period.key == stands.period:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO targets_allocation (plan_id, team_id, person_id, proposed, amount, past, is_locked, floor,"
                " ceiling, hedge, hedge_reason) SELECT %s, team_id, person_id, proposed, amount, past,"
                " is_locked, floor, ceiling, hedge, hedge_reason FROM targets_allocation WHERE plan_id = %s",
                [made.pk, stands.pk],
            )
            cursor.execute(
                "INSERT INTO targets_allocationreason (allocation_id, made_of) SELECT a.id, r.made_of"
                " FROM targets_allocation a JOIN targets_allocation b USING (team_id, person_id)"
                " JOIN targets_allocationreason r ON r.allocation_id = b.id WHERE a.plan_id = %s AND b.plan_id = %s",
                [made.pk, stands.pk],
            )
        for part in Slice.objects.filter(plan=stands):
            part.pk, part.plan = None, made
            part.save(force_insert=True)
    return made


@transaction.atomic
def publish_plan(*, plan: Plan, by: User, at: datetime, despite: str = "") -> int:
    """Make a plan what people are held to: targets of its teams, quotas of its people; answers how many entries.

    Publishing again enters nothing: what postings, leave and ramp have changed since is proposed, and decided as ever.
    Nobody publishes their own figure, and no team may be given less below than it is held to. While a split is on its
    way up, `despite` says why it is published all the same.
    """
    plans_for_all(by)
    # One at a time of all that could be published for the period.
    alike = Plan.objects.filter(period=plan.period, measure=plan.measure).order_by("pk")
    plan = next(one for one in alike.select_for_update(no_key=True) if one.pk == plan.pk)
    organisation = Organisation.get()
    period = plan.kept_period(organisation.calendar)
    rows = list(plan.allocations.select_related("team").order_by("pk"))
    if not rows:
        raise Refused("There is nothing to publish: have it proposed first.")
    people = {row.person_id for row in rows if row.person_id}
    if plan.is_published:
        learn_season(period=period)
        today = clock.day_of(at, organisation.time_zone)
        propose_for(people=people, during=(period.start, period.end), at=at, on=today)
        return 0
    own = access_of(by).person_id
    if own is not None and any(row.person_id == own for row in rows):
        raise Refused("Your own quota is in this plan: somebody else publishes it.")
    if any(selectors.is_own_goal(row, access_of(by)) for row in rows):
        raise Refused("The target of a team you lead is in this plan: somebody else publishes it.")
    for name, short in selectors.missing(plan):
        raise Refused(f"{short:,.2f} of {name} is given to nobody: spread the rest first.")
    waiting = [] if despite.strip() else selectors.on_their_way(plan, by)
    if waiting:
        teams_named = ", ".join(f"{split.team} ({split.word.lower()})" for split in waiting[:5])
        raise Refused(f"Not approved: {teams_named}. Have it approved, or say why it is published all the same.",
                      field="despite")  # fmt: skip
    others = Plan.objects.filter(period=plan.period, measure=plan.measure, published_at__isnull=False).exclude(
        pk=plan.pk
    )
    if others.exists():
        raise Refused(f"Another plan for {period.label} is published already.")
    learn_season(period=period)
    _keep_tree(plan)
    _publish_targets(plan, [row for row in rows if row.person_id is None], by=by, at=at)
    persons = Person.objects.in_bulk(people)
    teams = Team.objects.in_bulk([row.team_id for row in rows])
    entries = enter_quotas(
        lines=[
            selectors.QuotaLine(
                persons[row.person_id],
                period.start,
                period.end,
                row.amount,
                "base" if plan.of.adds_up else "final",
                teams[row.team_id],
                measure=plan.measure,
            )
            for row in rows
            if row.person_id is not None
        ],
        reason=plan.name,
        by=by,
        at=at,
        plan=plan,
    )
    plan.published_at, plan.published_by, plan.asks_commitments = at, by, False
    plan.published_despite = despite.strip()[:200]
    plan.save(update_fields=["published_at", "published_by", "asks_commitments", "published_despite"])
    tell_of_plan(plan=plan, by=by, at=at)
    return len(entries)


def _publish_targets(plan: Plan, rows: Iterable[Allocation], *, by: User, at: datetime) -> None:
    stands = {
        target.team_id: target.amount
        for target in Target.objects.filter(during=plan.during, measure=plan.measure).order_by("published_at", "pk")
    }
    Target.objects.bulk_create(
        Target(
            team_id=row.team_id,
            during=plan.during,
            measure=plan.measure,
            amount=row.amount,
            plan=plan,
            published_at=at,
            by=by,
            path=row.team.path,
        )
        for row in rows
        if stands.get(row.team_id) != row.amount
    )


def _keep_tree(plan: Plan) -> None:
    """What stands above what in it: teams that move later leave its sums as they were published."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE targets_allocation a SET path = t.path FROM teams_team t WHERE t.id = a.team_id AND a.plan_id = %s",
            [plan.pk],
        )
