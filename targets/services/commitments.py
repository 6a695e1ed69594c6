"""Bottom-up: what people say they can bring, beside what the plan gives them. It sets no quota by itself."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.urls import reverse

from sales.services.notices import tell
from salesmgmt.lib.money import to_cents
from salesmgmt.lib.refusals import Refused
from targets.models import Commitment, Plan
from targets.services.plans import draft, plans_for_all
from targets.services.quotas import refuse_above_scale
from teams.models import Leadership, Person, Team, User, access_of


@transaction.atomic
def ask_commitments(*, plan: Plan, asks: bool, by: User, at: datetime) -> Plan:
    """Open a draft for everybody in it to say what they can commit to, or close it again."""
    plans_for_all(by)
    plan = draft(plan)
    if asks and not plan.allocations.exists():
        raise Refused("There is nobody to ask yet: have the plan proposed first.")
    if plan.asks_commitments != asks:
        plan.asks_commitments = asks
        plan.save(update_fields=["asks_commitments"])
        if asks:
            leaders = Leadership.objects.on(at.date()).filter(
                team__in=plan.allocations.filter(person=None).values("team")
            )
            people = Person.objects.filter(pk__in=plan.allocations.values("person")) | Person.objects.filter(
                pk__in=leaders.values("person")
            )
            tell(
                people.exclude(user=None).distinct(),
                f"{plan.name}: say what you can commit to, and why.",
                link=reverse("commitment", args=[plan.pk]),
                at=at,
                but=by,
            )
    return plan


@transaction.atomic
def commit_to(
    *, plan: Plan, amount: Decimal, reason: str, by: User, at: datetime, team: Team | None = None
) -> Commitment:
    """Say what one can bring, or with `team` what the team that one leads can. Said again, the latest counts."""
    plan = draft(plan)
    access = access_of(by)
    if not plan.asks_commitments:
        raise Refused(f"{plan.name} isn't open for commitments.")
    if amount < 0:
        raise Refused("A commitment can't be below zero.", field="amount")
    refuse_above_scale(amount, plan.measure)
    if not reason.strip():
        raise Refused("Say what it rests on.", field="reason")
    if team is not None:
        if team.pk not in access.led_team_ids:
            raise Refused("Only who leads a team commits for it.", field="team")
        line = plan.allocations.filter(team=team, person=None).first()
    else:
        line = plan.allocations.filter(person=access.person_id).first() if access.person_id else None
    if line is None:
        raise Refused(f"{plan.name} has no line for {team or 'you'}.", field="team" if team else None)
    latest = plan.commitments.filter(team=line.team_id, person=line.person_id).order_by("-at", "-pk").first()
    said = reason.strip()[:1000]
    if latest is not None and (latest.amount, latest.reason) == (to_cents(amount), said):
        return latest
    return Commitment.objects.create(
        plan=plan, team_id=line.team_id, person_id=line.person_id, amount=to_cents(amount), reason=said, at=at, by=by
    )
