"""Approvals of a draft plan by level: submitted by who leads a team, decided by the next manager up."""

from datetime import date, datetime

from django.db import transaction
from django.urls import reverse

from sales.services.guards import name_of
from sales.services.notices import tell
from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused, Stale
from targets.models import Allocation, Plan, PlanApproval
from targets.selectors.approvals import digest_of, why_not_decide, why_not_submit
from teams.models import Organisation, Person, Team, User, access_of
from teams.selectors import manager_of

Act = PlanApproval.Act


@transaction.atomic
def submit_split(*, plan: Plan, team: Team, by: User, at: datetime, digest: str | None = None) -> PlanApproval:
    """Hand the split of one's team up for approval. `digest` of the lines that were read: others are refused."""
    _, now, last = _state(plan, team, digest)
    if why := why_not_submit(access_of(by), team):
        raise Refused(why)
    if last is not None and last.digest == now and last.act != Act.SENT_BACK:
        raise Refused(f"The split of {team} is {Act(last.act).label.lower()} already.")
    made = PlanApproval.objects.create(plan=plan, team=team, act=Act.SUBMITTED, digest=now, at=at, by=by)
    mine: Person | None = getattr(by, "person", None)
    above = manager_of(mine, _day(at)) if mine is not None else None
    tell([above], f"{name_of(by)} submits the split of {team} in {plan.name}.", link=_url(plan), at=at, but=by)
    return made


@transaction.atomic
def decide_split(
    *, plan: Plan, team: Team, approves: bool, by: User, at: datetime, reason: str = "", digest: str | None = None
) -> PlanApproval:
    """Approve a submitted split, or send it back with a reason. Never one's own, nor one that holds one's figure."""
    lines, now, last = _state(plan, team, digest)
    if last is None or last.act != Act.SUBMITTED:
        state = f"is {Act(last.act).label.lower()} already" if last else "is not submitted"
        raise Refused(f"The split of {team} {state}.")
    if last.digest != now:
        raise Stale(f"The split of {team} has changed since it was submitted: it has to be submitted anew.")
    if why := why_not_decide(access_of(by), by.pk, team, lines, last):
        raise Refused(why)
    if not approves and not reason.strip():
        raise Refused("Say why it goes back.", field="reason")
    made = PlanApproval.objects.create(
        plan=plan,
        team=team,
        act=Act.APPROVED if approves else Act.SENT_BACK,
        digest=now,
        reason=reason.strip(),
        at=at,
        by=by,
    )
    submitter: Person | None = getattr(last.by, "person", None)
    word = "approved" if approves else "sent back"
    tell([submitter], f"{name_of(by)} {word} the split of {team} in {plan.name}.", link=_url(plan), at=at, but=by)
    return made


def _state(plan: Plan, team: Team, seen: str | None) -> tuple[list[Allocation], str, PlanApproval | None]:
    """The lines as they are, while nobody else may change or decide on them."""
    plan = Plan.objects.select_for_update(no_key=True).get(pk=plan.pk)
    if plan.is_published:
        raise Refused("This plan is published: there is nothing to approve any more.")
    lines = list(plan.allocations.select_related("team", "person"))
    if not any(line.team_id == team.pk and line.person_id is None for line in lines):
        raise Refused(f"{team} has no line in this plan.", field="team")
    now = digest_of(lines, team)
    if seen is not None and seen != now:
        raise Stale(f"The split of {team} has changed since you opened it. Look at it as it is now.")
    return lines, now, plan.approvals.filter(team=team).select_related("by").order_by("at", "pk").last()


def _day(at: datetime) -> date:
    return clock.day_of(at, Organisation.get().time_zone)


def _url(plan: Plan) -> str:
    return reverse("plan-approvals", args=[plan.pk])
