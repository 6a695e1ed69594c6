"""Discounts above one's limit: asked for, and answered before the win (R14)."""

from datetime import date, datetime

from django.db import transaction
from django.urls import reverse

from sales import selectors
from sales.models import Deal, DiscountApproval
from salesmgmt.desk.models import Notice
from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused
from teams.models import Leadership, Person, Role, User
from teams.selectors import team_on

from .guards import name_of, organisation_for, require_write


def require_discount(deal: Deal, *, by: User | None, at: datetime, totals: selectors.Totals | None = None) -> None:
    """A deal is won at a discount that its owner may give today, or that was approved: that of its lines and its
    amount, or `totals`.

    The day of the win may be typed; the day of the act may not.
    """
    totals = _given(deal) if totals is None else totals
    today = clock.day_of(at, organisation_for(by).time_zone)
    above = selectors.excess_of(totals, selectors.role_on(deal.owner, today)) if totals.discount else []
    if above and not selectors.is_approved(deal, totals):
        sentence = above[0].sentence.format(who=deal.owner.name)
        raise Refused(f"{sentence}; ask for approval before the win.", field="amount")


def _given(deal: Deal) -> selectors.Totals:
    listed = selectors.totals_of(selectors.lines_of(deal))
    return selectors.sold_for(listed, listed, deal.amount)


@transaction.atomic
def ask_discount(*, deal: Deal, reason: str, by: User, at: datetime) -> DiscountApproval:
    """Ask for a discount above the owner's limit, as the deal's products stand now."""
    deal = Deal.objects.select_for_update(of=("self",)).select_related("owner").get(pk=deal.pk)
    require_write(by, deal.owner)
    if not deal.is_open:
        raise Refused(f"This deal is {deal.status}; a discount is approved before the win.")
    if not reason.strip():
        raise Refused("Say why the customer should have it.", field="reason")
    totals = _given(deal)
    today = clock.day_of(at, organisation_for(by).time_zone)
    if not selectors.excess_of(totals, selectors.role_on(deal.owner, today)):
        raise Refused("This discount is within the limit; nothing has to be approved.")
    if selectors.is_approved(deal, totals):
        raise Refused("This discount is approved already.")
    if waiting := DiscountApproval.objects.filter(deal=deal, is_approved=None).first():
        if waiting.percent == totals.discount:
            raise Refused("This was asked for already and waits for an answer.")
        waiting.delete()  # the audit keeps it; what is asked for now takes its place
    approval = DiscountApproval.objects.create(
        deal=deal,
        percent=totals.discount or 0,
        by_family={family: str(percent) for family, percent in totals.discount_by_family.items()},
        reason=reason.strip()[:500],
        asked_at=at,
        asked_by=by,
    )
    text = f"{name_of(by)} asks for {approval.percent.normalize():f} % off {deal.name}."
    _tell(_who_may_give(approval, today), text, reverse("deal", args=[deal.pk]), at)
    return approval


@transaction.atomic
def decide_discount(
    *, approval: DiscountApproval, approved: bool, by: User, at: datetime, answer: str = ""
) -> DiscountApproval:
    """Give a discount, or refuse it; whose limit does not suffice, and whose own deal it is, may do neither."""
    approval = (
        DiscountApproval.objects.select_for_update(of=("self",))
        .select_related("deal__owner", "asked_by")
        .get(pk=approval.pk)
    )
    if not selectors.may_decide(by, approval):
        raise Refused("Only who leads the owner and may give this much can answer; never for a deal of their own.")
    if approval.is_approved is not None:
        word = "approved" if approval.is_approved else "refused"
        raise Refused(f"{name_of(approval.decided_by)} {word} this already.")
    if not approved and not answer.strip():
        raise Refused("Say why not, so that it helps the next offer.", field="answer")
    approval.is_approved, approval.decided_at, approval.decided_by = approved, at, by
    approval.answer = answer.strip()[:500]
    approval.save(update_fields=["is_approved", "decided_at", "decided_by", "answer"])
    word = "approved" if approved else "refused"
    text = f"{name_of(by)} {word} {approval.percent.normalize():f} % off {approval.deal.name}."
    concerned = {approval.asked_by_id, approval.deal.owner.user_id}
    told = {user for user in concerned if user is not None and user != by.pk}
    Notice.objects.bulk_create(
        Notice(user_id=user, text=text[:300], link=reverse("deal", args=[approval.deal_id]), at=at)
        for user in sorted(told)
    )
    return approval


def _who_may_give(approval: DiscountApproval, today: date) -> list[Person]:
    """The next one up the line whose limit suffices; where there is none, the executives."""
    deal = approval.deal
    team = team_on(deal.owner, today)
    above = Leadership.objects.on(today).filter(team__in=team.path if team else []).select_related("person__user")
    leaders = {leadership.team_id: leadership.person for leadership in above}
    for team_id in reversed(team.path if team else []):
        person = leaders.get(team_id)
        if person and person.user and selectors.may_decide(person.user, approval):
            return [person]
    executives = (
        Person.objects.present().active(today).filter(postings__role=Role.EXECUTIVE, postings__during__contains=today)
    )
    return list(executives.exclude(pk=deal.owner_id))


def _tell(people: list[Person], text: str, link: str, at: datetime) -> None:
    Notice.objects.bulk_create(
        Notice(user_id=person.user_id, text=text[:300], link=link, at=at) for person in people if person.user_id
    )
