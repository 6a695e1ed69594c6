"""What lies beside the levers: product, price, delivery and service, of a person and of everybody in the team."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from sales.selectors.feedback import OF_CUSTOMERS
from teams.models import Organisation

from ..analysis.signals import Share

Days = tuple[date, date]


@dataclass(frozen=True, slots=True)
class Sign:
    """What a share is called, on a page and within a sentence, and to which cause it belongs."""

    key: str
    cause: str
    label: str
    said: str


_REASONS = {
    "price": "price",
    "product": "the product",
    "delivery": "delivery",
    "service": "service",
}
SIGNS = {
    sign.key: sign
    for sign in (
        *(
            Sign(f"rep.{k}", k, f"Lost on {w}, as we see it", f"of lost deals went for {w}")
            for k, w in _REASONS.items()
        ),
        *(
            Sign(f"buyer.{k}", k, f"Lost on {w}, as buyers say", f"of buyers who declined name {w}")
            for k, w in _REASONS.items()
        ),
        Sign("discount", "price", "Discount given", "discount given"),
        Sign("production", "delivery", "Orders produced late", "of orders produced late"),
        Sign("carrier", "delivery", "Orders delivered late", "of orders delivered late"),
        Sign("complaint", "service", "Orders complained about", "of orders complained about"),
        Sign("csat", "service", "Scores of 1 to 3 out of 5", "of customers not content"),
        Sign("response", "response", "Leads answered after a day or never", "of leads answered late"),
    )
}
KEYS = tuple(SIGNS)

_SHARES = f"""
    WITH span AS (
        SELECT * FROM unnest(%(names)s::int[], %(starts)s::date[], %(ends)s::date[]) AS s(span, first, until)
    ),
    said AS (
        SELECT d.owner_id, s.span, 'rep' AS side, r.key
          FROM span s JOIN sales_deal d ON d.closed_on >= s.first AND d.closed_on < s.until
          JOIN sales_lostreason r ON r.id = d.lost_reason_id
         WHERE d.owner_id = ANY(%(people)s) AND d.status = 'lost' AND d.withdrawn_at IS NULL
           AND r.key NOT IN ('not_given', 'duplicate')
         UNION ALL
        SELECT d.owner_id, s.span, 'buyer', r.key
          FROM span s JOIN sales_deal d ON d.closed_on >= s.first AND d.closed_on < s.until
          JOIN sales_dealreason m ON m.deal_id = d.id AND m.side = 'buyer' AND m.is_main
          JOIN sales_lostreason r ON r.id = m.reason_id
         WHERE d.owner_id = ANY(%(people)s) AND d.status = 'lost' AND d.withdrawn_at IS NULL
           AND r.key NOT IN ('not_given', 'duplicate')
    ), reason AS (
        SELECT side || '.' || k AS key, owner_id, span, (said.key = k)::int::float AS part, 1.0::float AS whole
          FROM said CROSS JOIN unnest(%(reasons)s::text[]) AS k
    ), given AS (
        SELECT 'discount' AS key, d.owner_id, s.span,
               sum(greatest(l.quantity * (l.list_price - l.unit_price), 0))::float,
               sum(l.quantity * l.list_price)::float
          FROM span s JOIN sales_deal d ON d.closed_on >= s.first AND d.closed_on < s.until
          JOIN sales_dealline l ON l.deal_id = d.id
         WHERE d.owner_id = ANY(%(people)s) AND d.status = 'won' AND d.withdrawn_at IS NULL
         GROUP BY d.id, d.owner_id, s.span HAVING sum(l.quantity * l.list_price) > 0
    ), promised AS (
        SELECT k AS key, o.owner_id, s.span,
               (CASE k WHEN 'production' THEN coalesce(o.produced_on, %(today)s) > o.promised_on
                       ELSE (o.produced_on IS NULL OR o.produced_on <= o.promised_on)
                            AND coalesce(o.delivered_on, %(today)s) > o.promised_on END)::int::float, 1.0::float
          FROM span s JOIN sales_order o ON o.promised_on >= s.first AND o.promised_on < s.until
         CROSS JOIN (VALUES ('production'), ('carrier')) AS v(k)
         WHERE o.owner_id = ANY(%(people)s) AND o.withdrawn_at IS NULL AND o.cancelled_on IS NULL
    ), complained AS (
        SELECT 'complaint' AS key, o.owner_id, s.span,
               EXISTS (SELECT FROM sales_complaint c WHERE c.order_id = o.id AND c.withdrawn_at IS NULL)::int::float,
               1.0::float
          FROM span s JOIN sales_order o ON o.ordered_on >= s.first AND o.ordered_on < s.until
         WHERE o.owner_id = ANY(%(people)s) AND o.withdrawn_at IS NULL AND o.cancelled_on IS NULL
    ), scored AS (
        SELECT 'csat' AS key, f.owner_id, s.span, (f.score <= 3)::int::float, 1.0::float
          FROM span s JOIN sales_feedback f ON f.given_on >= s.first AND f.given_on < s.until
         WHERE f.owner_id = ANY(%(people)s) AND f.kind = 'csat' AND f.withdrawn_at IS NULL AND {OF_CUSTOMERS}
    ), answered AS (
        SELECT 'response' AS key, x.owner_id, s.span,
               (x.first_response_at IS NULL OR x.first_response_at > x.received_at + interval '1 day')::int::float,
               1.0::float
          FROM span s JOIN sales_lead x ON (x.received_at AT TIME ZONE %(zone)s)::date >= s.first
                                       AND (x.received_at AT TIME ZONE %(zone)s)::date < s.until
         WHERE x.owner_id = ANY(%(people)s) AND x.withdrawn_at IS NULL
    )
    SELECT owner_id, key, span, sum(part), sum(whole), count(*)
      FROM (SELECT * FROM reason UNION ALL SELECT * FROM given UNION ALL SELECT * FROM promised
            UNION ALL SELECT * FROM complained UNION ALL SELECT * FROM scored UNION ALL SELECT * FROM answered) AS cases
     GROUP BY 1, 2, 3
"""


def shares(people: Collection[int], *, now: Days, before: Days) -> dict[int, dict[str, tuple[Share, Share]]]:
    """Each sign of each of these people, now and before, in one query."""
    arguments: dict[str, Any] = {
        "people": list(people), "names": [0, 1], "starts": [now[0], before[0]], "ends": [now[1], before[1]],
        "today": now[1], "zone": Organisation.get().time_zone, "reasons": list(_REASONS),
    }  # fmt: skip
    found: dict[int, dict[str, tuple[Share, Share]]] = {pk: {} for pk in people}
    with connection.cursor() as cursor:
        cursor.execute(_SHARES, arguments)
        for owner, key, span, part, whole, cases in cursor.fetchall():
            was = found[owner].get(key, (Share(), Share()))
            share = Share(part, whole, cases)
            found[owner][key] = (was[0], share) if span else (share, was[1])
    return found
