"""Where time is lost between a first word and the question how it went: medians, spread, and the bottleneck.

A step belongs to the period in which it ended. Orders belong to the team in which their owner was posted when they
were ordered, to the territory of the account (or the posting), to the product (or that of the largest line).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connection

from salesmgmt.lib.periods import Period
from teams.models import Team, User, Viewer, access_of
from teams.selectors import organisation_of

STEPS = {
    "quote": ("first contact", "quote"),
    "order": ("quote", "order"),
    "sale": ("first contact", "order"),
    "production": ("order", "production"),
    "delivery": ("production", "delivery"),
    "fulfilment": ("order", "delivery"),
    "followup": ("delivery", "follow-up"),
}
LATE = {"late_production": "made late", "late_carrier": "carried late", "late_unknown": "late, nobody says where"}
ENOUGH = 5  # orders before a step may be called the bottleneck
BY = {"team": "team_id", "product": "product_id", "territory": "territory_id"}
NAMES = {"team": "teams_team", "product": "sales_product", "territory": "teams_territory"}

ALL = "all"
EVER = (date(1990, 1, 1), date(2100, 1, 1))

# From the first row on, so that one statement serves the figures, the groups and the orders behind each figure.
LEGS = """
    WITH picked AS (
        SELECT o.id, o.ordered_on, o.promised_on, o.produced_on, o.delivered_on, o.deal_id, d.opened_on, d.quoted_on,
               posting.team_id, coalesce(a.territory_id, posting.territory_id) AS territory_id,
               coalesce(o.product_id, line.product_id) AS product_id
          FROM sales_order o
          LEFT JOIN sales_deal d ON d.id = o.deal_id
          LEFT JOIN sales_account a ON a.id = o.account_id
          LEFT JOIN teams_posting posting ON posting.person_id = o.owner_id AND posting.during @> o.ordered_on
          LEFT JOIN teams_team team ON team.id = posting.team_id
          LEFT JOIN LATERAL (
            SELECT l.product_id FROM sales_orderline l
             WHERE l.order_id = o.id AND l.withdrawn_at IS NULL AND l.product_id IS NOT NULL
             ORDER BY l.amount DESC, l.id LIMIT 1
          ) line ON o.product_id IS NULL
         WHERE o.withdrawn_at IS NULL AND o.cancelled_on IS NULL
           AND o.ordered_on < %(end)s AND coalesce(o.delivered_on, o.produced_on, o.ordered_on) >= %(earliest)s
           AND (%(teams)s::bigint[] IS NULL OR team.path && %(teams)s::bigint[])
           AND (%(owner)s::bigint IS NULL OR o.owner_id = %(owner)s)
    ), chosen AS (
        SELECT * FROM picked
         WHERE (%(product)s::bigint IS NULL OR product_id = %(product)s)
           AND (%(territory)s::bigint IS NULL OR territory_id = %(territory)s)
    ), dated AS (
        SELECT p.*, least(
            p.opened_on,
            (SELECT min(x.occurred_on) FROM sales_activity x WHERE x.deal_id = p.deal_id AND x.withdrawn_at IS NULL),
            (SELECT min((x.received_at AT TIME ZONE %(zone)s)::date) FROM sales_lead x
              WHERE x.deal_id = p.deal_id AND x.withdrawn_at IS NULL)
        ) AS first_on, least(
            (SELECT min((x.done_at AT TIME ZONE %(zone)s)::date) FROM sales_task x
              WHERE x.order_id = p.id AND x.source = 'follow_up'),
            (SELECT min(x.given_on) FROM sales_feedback x WHERE x.order_id = p.id AND x.withdrawn_at IS NULL)
        ) AS followed_on, greatest(p.produced_on, p.delivered_on) AS shipped_on
          FROM chosen p
    ), leg AS (
        SELECT p.*, step, from_on, until_on
          FROM dated p, LATERAL (VALUES
            ('quote', first_on, quoted_on), ('order', quoted_on, ordered_on), ('sale', first_on, ordered_on),
            ('production', ordered_on, produced_on), ('delivery', produced_on, delivered_on),
            ('fulfilment', ordered_on, delivered_on), ('followup', delivered_on, followed_on),
            (CASE WHEN produced_on > promised_on THEN 'late_production'
                  WHEN delivered_on > promised_on AND produced_on IS NOT NULL THEN 'late_carrier'
                  WHEN delivered_on > promised_on THEN 'late_unknown'
             END, promised_on, shipped_on),
            (CASE WHEN shipped_on <= promised_on THEN 'kept' END, ordered_on, shipped_on)
          ) AS legs(step, from_on, until_on)
         WHERE step IS NOT NULL AND until_on >= from_on AND until_on >= %(before)s AND until_on < %(end)s
    )
"""

FIGURES = """
    SELECT {key}, step, until_on >= %(start)s AS is_now, count(*),
           percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY until_on - from_on)
      FROM leg GROUP BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class Step:
    """How long a step took: half of the orders less than the median, half of them between low and high."""

    key: str
    count: int = 0
    low: float = 0
    median: float | None = None
    high: float = 0
    before: float | None = None

    @property
    def label(self) -> str:
        return " → ".join(STEPS[self.key]).capitalize() if self.key in STEPS else LATE[self.key].capitalize()

    @property
    def between(self) -> str:
        return " and ".join(STEPS[self.key])

    @property
    def is_whole(self) -> bool:
        """Two other steps together."""
        return self.key in {"sale", "fulfilment"}

    @property
    def change(self) -> float | None:
        """Days more than in the period before."""
        return None if self.median is None or self.before is None else self.median - self.before

    @property
    def faster(self) -> float | None:
        """Days less than in the period before."""
        return None if self.change is None else -self.change


@dataclass(frozen=True, slots=True)
class Group:
    """The steps of one team, product or territory (or of all)."""

    pk: int | None
    name: str
    steps: dict[str, Step]

    @property
    def shown(self) -> list[Step]:
        return [self.steps.get(key, Step(key)) for key in STEPS]

    @property
    def late(self) -> int:
        return sum(self.steps[key].count for key in LATE if key in self.steps)

    @property
    def lateness(self) -> list[Step]:
        return [self.steps[key] for key in LATE if key in self.steps and self.steps[key].count]

    @property
    def promised(self) -> int:
        """Shipped, of those with a promise."""
        return self.late + (self.steps["kept"].count if "kept" in self.steps else 0)

    @property
    def bottleneck(self) -> Step | None:
        """The longest step by its median, whole ones only where their parts are not known."""
        known = {key: step for key, step in self.steps.items() if key in STEPS and step.count >= ENOUGH}
        if {"quote", "order"} & known.keys():
            known.pop("sale", None)
        if {"production", "delivery"} & known.keys():
            known.pop("fulfilment", None)
        return max(known.values(), key=lambda step: step.median or 0, default=None)


@dataclass(frozen=True, slots=True)
class ProcessFilter:
    """Which orders, and which days: `[start, end)`, compared with what ended from `before` on."""

    start: date
    end: date
    before: date
    zone: str
    team: int | None = None
    owner: int | None = None
    product: int | None = None
    territory: int | None = None
    teams: tuple[int, ...] = field(default=())

    @property
    def values(self) -> dict[str, Any]:
        teams = [self.team] if self.team else list(self.teams) or None
        year = self.before.year - 1
        return {
            "start": self.start, "end": self.end, "before": self.before, "zone": self.zone, "teams": teams,
            "owner": self.owner, "product": self.product, "territory": self.territory,
            "earliest": self.before.replace(year=year, day=1) if year > 1900 else self.before,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Span:
    """The period that is asked about, and where the one before it began."""

    key: str
    label: str
    start: date
    end: date
    before: date


def span_of(user: User, key: str, day: date) -> Span:
    """The period of a key, the current quarter without one; `all` is every day there is. ValueError: no such key."""
    if key == ALL:
        return Span(ALL, "All time", *EVER, EVER[0])
    calendar = organisation_of(user).calendar
    period = Period.parse(key, calendar) if key else Period.of(day, "quarter", calendar)
    return Span(period.key, period.label, period.start, period.end, period.shift(-1).start)


def asked_of(user: User, span: Span, said: Mapping[str, Any]) -> ProcessFilter | None:
    """Which orders a `team`, `owner`, `product` and `territory` mean when this user asks; None: not theirs to ask."""
    team, owner, product, territory = (said.get(name) for name in ("team", "owner", "product", "territory"))
    theirs = may_ask(user, team=team, owner=owner)
    if theirs is None:
        return None
    teams, owner = theirs
    return ProcessFilter(
        span.start, span.end, span.before, organisation_of(user).time_zone, team=team, owner=owner, product=product,
        territory=territory, teams=teams,
    )  # fmt: skip


def may_ask(user: Viewer, *, team: int | None, owner: int | None) -> tuple[tuple[int, ...], int | None] | None:
    """The teams and the owner whose figures are worked out when this user asks; None: not theirs to ask for.

    Who leads teams sees these as people were posted on each day; everybody else sees their own orders.
    """
    access = access_of(user)
    if owner is not None and not access.sees_person(owner):
        return None
    if access.sees_all:
        return (), owner
    if access.leads:
        if team and not Team.objects.present().under(access.led_team_ids).filter(pk=team).exists():
            return None
        return access.led_team_ids, owner
    if team or access.person_id is None:
        return None
    return (), access.person_id


def process(asked: ProcessFilter) -> Group:
    """Every step of the orders asked for."""
    return _groups(asked, "NULL::bigint").get(None, Group(None, "", {}))


def process_by(asked: ProcessFilter, by: str) -> list[Group]:
    """The same for each team, product or territory, the slowest first."""
    found = _groups(asked, BY[by])
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, name FROM {NAMES[by]} WHERE id = ANY(%s)", [[pk for pk in found if pk]])
        names = dict(cursor.fetchall())
    named = [Group(pk, names.get(pk, "None"), group.steps) for pk, group in found.items()]

    def length(group: Group) -> tuple[float, str]:
        slow = group.bottleneck
        return (-(slow.median or 0) if slow else 1, group.name)

    return sorted(named, key=length)


def orders_behind(asked: ProcessFilter, step: str) -> list[int]:
    """Ids of the orders that a figure counts; `late` is every kind of late."""
    wanted = list(LATE) if step == "late" else [step]
    with connection.cursor() as cursor:
        cursor.execute(
            f"{LEGS} SELECT id FROM leg WHERE step = ANY(%(steps)s) AND until_on >= %(start)s",
            asked.values | {"steps": wanted},
        )
        return [row[0] for row in cursor.fetchall()]


def _groups(asked: ProcessFilter, key: str) -> dict[int | None, Group]:
    rows: dict[int | None, dict[str, dict[bool, tuple[int, list[float]]]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(LEGS + FIGURES.format(key=key), asked.values)
        for pk, step, is_now, count, quartiles in cursor.fetchall():
            rows.setdefault(pk, {}).setdefault(step, {})[is_now] = (count, quartiles)
    found = {}
    for pk, steps in rows.items():
        made = {}
        for name, halves in steps.items():
            before = halves[False][1][1] if False in halves else None
            if True in halves:
                count, (low, median, high) = halves[True]
                made[name] = Step(name, count, low, median, high, before)
            else:
                made[name] = Step(name, before=before)
        if any(step.count for step in made.values()):
            found[pk] = Group(pk, "", made)
    return found
