"""Suggestions: made and expired by what the records say, taken or dismissed, and measured by what followed."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from sales.models import Account, Recommendation, Task
from sales.selectors import repeat
from salesmgmt.lib.refusals import Refused
from teams.models import User, access_of
from teams.selectors import organisation, person_of

from .guards import require_write
from .referrals import ask_to_thank

Kind, State = Recommendation.Kind, Recommendation.State
DUE_WITHIN = timedelta(days=3)


@transaction.atomic
def refresh_recommendations(*, day: date, at: datetime) -> dict[str, int]:
    """Make what the records suggest and is missing, expire what they no longer suggest; again, it changes nothing.

    What was taken or dismissed is not made again for a while (`QUIET`). Then measure what was decided before.
    """
    with connection.cursor() as cursor:  # one at a time: what another makes meanwhile would be made twice
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('recommendations'))")
    wanted = {one.key: one for one in repeat.wanted(day)}
    keys = ("account_id", "kind", "product_id", "contact_id", "contract_id")
    for quiet in repeat.decided_before(day).values_list(*keys):
        wanted.pop(tuple(quiet), None)
    owners = dict(Account.objects.filter(pk__in={one.account for one in wanted.values()}).values_list("pk", "owner_id"))
    stands = {
        tuple(getattr(row, name) for name in keys): row
        for row in Recommendation.objects.open().select_for_update(of=("self",))
    }
    gone = [row.pk for key, row in stands.items() if key not in wanted]
    Recommendation.objects.filter(pk__in=gone).update(state=State.EXPIRED, decided_at=at)
    changed = []
    for key, row in stands.items():
        one = wanted.get(key)
        if one and (row.sentence, row.evidence, row.owner_id) != (one.sentence, one.evidence, owners[one.account]):
            row.sentence, row.evidence, row.owner_id = one.sentence, one.evidence, owners[one.account]
            changed.append(row)
    Recommendation.objects.bulk_update(changed, ["sentence", "evidence", "owner"], batch_size=2000)
    made = Recommendation.objects.bulk_create(
        [
            Recommendation(
                account_id=one.account,
                owner_id=owners[one.account],
                kind=one.kind,
                product_id=one.product,
                contact_id=one.contact,
                contract_id=one.contract,
                sentence=one.sentence,
                evidence=one.evidence,
                made_on=day,
            )
            for key, one in wanted.items()
            if key not in stands
        ],
        batch_size=2000,
    )
    thanks = ask_to_thank(at=at, on=day)
    return {
        "made": len(made),
        "expired": len(gone),
        "changed": len(changed),
        "measured": measure_recommendations(day=day),
        "thanks": thanks,
    }


# From the day it was taken; what was dismissed or let pass, from the day it was made.
_ANSWERS = """
    UPDATE sales_recommendation r
       SET order_id = coalesce(r.order_id, found.order_id), deal_id = coalesce(r.deal_id, found.deal_id)
      FROM (
        SELECT r.id, o.order_id, d.deal_id
          FROM (
            SELECT r.*, CASE WHEN r.state = 'taken' THEN (r.decided_at AT TIME ZONE %(zone)s)::date ELSE r.made_on END
                        AS since
              FROM sales_recommendation r
             WHERE r.state <> 'open' AND (r.order_id IS NULL OR r.deal_id IS NULL)
               AND CASE WHEN r.state = 'taken' THEN (r.decided_at AT TIME ZONE %(zone)s)::date ELSE r.made_on END
                   >= %(day)s - 2 * %(window)s
          ) r
          LEFT JOIN LATERAL (
            SELECT o.id AS order_id FROM sales_order o
             WHERE o.account_id = r.account_id AND o.withdrawn_at IS NULL AND o.cancelled_on IS NULL
               AND o.ordered_on > r.since AND o.ordered_on <= least(r.since + %(window)s, %(day)s)
               AND (r.product_id IS NULL OR o.product_id = r.product_id
                    OR EXISTS (SELECT FROM sales_orderline l
                                WHERE l.order_id = o.id AND l.withdrawn_at IS NULL AND l.product_id = r.product_id)
                    OR EXISTS (SELECT FROM sales_dealline l
                                WHERE l.deal_id = o.deal_id AND l.product_id = r.product_id))
             ORDER BY o.ordered_on, o.id LIMIT 1
          ) o ON true
          LEFT JOIN LATERAL (
            SELECT d.id AS deal_id FROM sales_deal d
             WHERE d.account_id = r.account_id AND d.withdrawn_at IS NULL
               AND d.opened_on >= r.since AND d.opened_on <= least(r.since + %(window)s, %(day)s)
               AND (r.product_id IS NULL OR d.product_id = r.product_id
                    OR EXISTS (SELECT FROM sales_dealline l WHERE l.deal_id = d.id AND l.product_id = r.product_id))
             ORDER BY d.opened_on, d.id LIMIT 1
          ) d ON true
         WHERE o.order_id IS NOT NULL AND r.order_id IS NULL OR d.deal_id IS NOT NULL AND r.deal_id IS NULL
      ) found
     WHERE found.id = r.id
"""


@transaction.atomic
def measure_recommendations(*, day: date) -> int:
    """Tie to each decided suggestion the first order and the first deal of that account (and product) in 90 days."""
    with connection.cursor() as cursor:
        cursor.execute(_ANSWERS, {"day": day, "window": repeat.WINDOW.days, "zone": organisation().time_zone})
        return int(cursor.rowcount)


@transaction.atomic
def take_recommendation(
    *, recommendation: Recommendation, by: User, at: datetime, on: date, due_on: date | None = None
) -> Task:
    """Make it a task of whose account it is, or of whoever takes it where nobody has the account."""
    found = _locked(recommendation, by)
    owner = found.owner or person_of(by)
    if owner is None:
        raise Refused("Nobody owns this account; give it to somebody first.")
    task = Task.objects.create(
        owner=owner,
        text=_task(found)[:300],
        due_on=due_on or on + DUE_WITHIN,
        source="recommendation",
        reason=found.sentence,
        link="/referrals/" if found.kind == Kind.REFERRAL else f"/accounts/{found.account_id}/",
        account=found.account,
        contact=found.contact,
        made_by=by,
    )
    _decide(found, State.TAKEN, by, at, task=task)
    return task


@transaction.atomic
def dismiss_recommendation(*, recommendation: Recommendation, by: User, at: datetime) -> Recommendation:
    """Not this one; it is not made again for a while."""
    found = _locked(recommendation, by)
    _decide(found, State.DISMISSED, by, at)
    return found


def _task(found: Recommendation) -> str:
    match found.kind:
        case Kind.REORDER:
            return f"Ask {found.account} about their next order" + (f" of {found.product}" if found.product else "")
        case Kind.CROSS_SELL:
            return f"Offer {found.product} to {found.account}"
        case Kind.RENEWAL:
            return f"Prepare the renewal of {found.contract} with {found.account}"
        case Kind.BIRTHDAY:
            return f"{found.sentence.partition(';')[0]}: congratulate ({found.account})"
        case _:
            return f"Ask {found.contact or found.account} for a referral"


def _locked(recommendation: Recommendation, by: User) -> Recommendation:
    joined = ("account", "owner", "product", "contact", "contract")
    found = Recommendation.objects.select_for_update(of=("self",)).select_related(*joined).get(pk=recommendation.pk)
    if not (found.owner is None and access_of(by).sees_all):
        require_write(by, found.owner)
    if found.state != State.OPEN:
        raise Refused(f"This was {found.state} already.")
    return found


def _decide(found: Recommendation, state: str, by: User, at: datetime, **more: Any) -> None:
    found.state, found.decided_at, found.decided_by = state, at, by
    for name, value in more.items():
        setattr(found, name, value)
    found.save(update_fields=["state", "decided_at", "decided_by", *more])
