"""What a target rests on, the plan beside others and beside the ledger, and one line opened down to its data."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db import connection
from django.db.models import QuerySet, Sum

from sales.models import Account, Deal
from salesmgmt.lib.money import to_cents
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ratios import ratio
from targets.analysis.past import rounded
from targets.models import BOOKINGS, STOOD, Allocation, AllocationReason, Commitment, Plan, QuotaEntry, Slice
from targets.selectors.past import company_results
from targets.selectors.plans import PlanRow, as_amount, plan_rows
from targets.selectors.proposal import accounts_of, open_deals, past_quarters
from targets.selectors.shapes import Parts
from teams.models import ExchangeRate, Organisation, SkillRating, Viewer, access_of
from teams.selectors import rates

YEARS_BACK = 3
SHOWN = 20  # rows of data behind an element

# ── The story of a target ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Before:
    """What an earlier period brought, and by how much that was more than the one it is compared with."""

    label: str
    amount: Decimal
    growth: Decimal | None


def story(plan: Plan) -> list[Before]:
    """The same period of the last years with its growth, the latest first; last, the plan over the latest of them."""
    organisation = Organisation.get()
    period = plan.kept_period(organisation.calendar)
    back = {"month": 12, "quarter": 4, "year": 1}[period.kind]
    years = [period.shift(-back * by) for by in range(YEARS_BACK + 1, 0, -1)]
    amounts = company_results(plan.measure, [(year.start, year.end) for year in years])
    found = [
        Before(year.label, amount, _growth(amount, before) if plan.of.adds_up else None)
        for year, amount, before in zip(years[1:], amounts[1:], amounts, strict=False)
    ]
    return [row for row in reversed(found) if row.amount]


def _growth(amount: Decimal, before: Decimal) -> Decimal | None:
    found = ratio(amount, before) if before > 0 else None
    return None if found is None else found - 1


def growth_of(plan: Plan, before: Sequence[Before]) -> Decimal | None:
    """By how much the plan asks more than the same period brought last."""
    return _growth(plan.amount, before[0].amount) if before and plan.of.adds_up else None


# ── Cuts ────────────────────────────────────────────────────────────────────────────────────────────────────────


CUTS = {
    Slice.Cut.FAMILY: """
        SELECT coalesce(p.family, ''), NULL::bigint, round(sum(c.reporting_amount) * 100)::bigint
          FROM sales_credit c
          JOIN sales_order o ON o.id = c.order_id
          LEFT JOIN sales_deal d ON d.id = o.deal_id
          LEFT JOIN sales_product p ON p.id = coalesce(o.product_id, d.product_id)
         WHERE c.kind = 'primary' AND c.occurred_on >= %s AND c.occurred_on < %s GROUP BY 1 ORDER BY 1
    """,
    Slice.Cut.TERRITORY: """
        SELECT '', coalesce(a.territory_id, s.territory_id), round(sum(c.reporting_amount) * 100)::bigint
          FROM sales_credit c
          JOIN sales_order o ON o.id = c.order_id
          LEFT JOIN sales_account a ON a.id = o.account_id
          LEFT JOIN teams_posting s ON s.person_id = c.person_id AND s.during @> c.occurred_on
         WHERE c.kind = 'primary' AND c.occurred_on >= %s AND c.occurred_on < %s GROUP BY 2 ORDER BY 2
    """,
}


def past_by_cut(plan: Plan, *, as_of: date) -> dict[str, dict[tuple[str, int | None], int]]:
    """What each family and each territory brought in the quarters a plan looks at, in hundredths.

    A cut by which nothing can be told apart, having one part, is left out.
    """
    quarters = past_quarters(plan, as_of)
    found = {cut.value: _booked_by(cut, quarters[0].start, quarters[-1].end) for cut in CUTS}
    return {cut: parts for cut, parts in found.items() if len(parts) > 1}


def _booked_by(cut: Slice.Cut, start: date, end: date) -> dict[tuple[str, int | None], int]:
    with connection.cursor() as cursor:
        cursor.execute(CUTS[cut], [start, end])
        return {(family, territory): total for family, territory, total in cursor.fetchall()}


def slices_of(plan: Plan, user: Viewer, *, as_of: date) -> list[Slice]:
    """The parts of each cut, the largest first, with what was booked of them so far; for those who see all."""
    if not access_of(user).sees_all:
        return []
    found = list(plan.slices.select_related("territory").order_by("cut", "-amount", "pk"))
    if plan.measure == BOOKINGS and plan.starts_on <= as_of:
        cuts = {part.cut for part in found}
        booked = {cut: _booked_by(Slice.Cut(cut), plan.starts_on, plan.until or plan.starts_on) for cut in cuts}
        for part in found:
            part.so_far = as_amount(booked[part.cut].get((part.family, part.territory_id), 0))
    return found


# ── Scenarios side by side ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Compared:
    """A line in several plans: what each holds, and the difference of each to the first."""

    row: PlanRow
    amounts: list[Decimal | None]

    @property
    def differences(self) -> list[Decimal | None]:
        first = self.amounts[0]
        return [None if first is None or amount is None else amount - first for amount in self.amounts[1:]]

    @property
    def cells(self) -> list[tuple[Decimal | None, Decimal | None]]:
        """Amount and difference of each plan but the first."""
        return list(zip(self.amounts[1:], self.differences, strict=True))


def compare(plans: Sequence[Plan], user: Viewer) -> list[Compared]:
    """The lines of several scenarios beside one another, as the first one's tree, then what only others hold."""
    amounts: list[dict[tuple[int, int | None], Decimal]] = []
    rows: dict[tuple[int, int | None], PlanRow] = {}
    for plan in plans:
        theirs = {(row.line.team_id, row.line.person_id): row for row in plan_rows(plan, user)}
        amounts.append({place: row.line.amount for place, row in theirs.items()})
        rows = rows | {place: row for place, row in theirs.items() if place not in rows}
    return [Compared(row, [theirs.get(place) for theirs in amounts]) for place, row in rows.items()]


def scenarios_of(plan: Plan, user: Viewer) -> list[Plan]:
    """The other plans for the same period and measure."""
    others = Plan.objects.visible_to(user).filter(period=plan.period, measure=plan.measure).exclude(pk=plan.pk)
    return list(others.order_by("-published_at", "-pk")[:20])


def revised(plan: Plan) -> dict[tuple[int | None, int | None], Decimal]:
    """What the ledger says now, by (team, person) and, with all below each team in the plan, by (team, None)."""
    entries = QuotaEntry.objects.filter(measure=plan.measure, during__overlap=plan.during)
    entries = entries.filter(during__contained_by=plan.during)
    stood = dict(plan.allocations.filter(person=None).values_list("team_id", STOOD))
    found: dict[tuple[int | None, int | None], Decimal] = defaultdict(Decimal)
    rows = entries.values_list("team_id", "person_id", "team__path").annotate(total=Sum("reporting_amount"))
    for team, person, path, total in rows.order_by("team_id"):
        if person is not None:
            found[team, person] += total
        for above in next((stood[team] for team in reversed(path or ()) if team in stood), ()):
            found[above, None] += total
    return dict(found)


# ── Bottom-up ───────────────────────────────────────────────────────────────────────────────────────────────────


def commitments_of(plan: Plan) -> dict[tuple[int, int | None], Commitment]:
    """The latest commitment of each line."""
    rows = Commitment.objects.filter(plan=plan).select_related("by", "person", "team").order_by("at", "pk")
    return {(row.team_id, row.person_id): row for row in rows}


def asked_plans(user: Viewer) -> QuerySet[Plan]:
    """The drafts that ask a user what they, or a team they lead, can commit to."""
    return Plan.objects.asking(user)


def own_lines(plan: Plan, user: Viewer) -> list[Allocation]:
    """The lines a user may commit for: their own, and those of the teams they lead."""
    access = access_of(user)
    rows = plan.allocations.select_related("team", "person")
    mine = rows.filter(person=access.person_id) if access.person_id else rows.none()
    return [*mine, *rows.filter(person=None, team__in=access.led_team_ids).order_by("team__path")]


# ── A year in quarters ──────────────────────────────────────────────────────────────────────────────────────────


def by_quarter(plan: Plan, rows: Sequence[PlanRow]) -> tuple[list[Period], list[tuple[PlanRow, list[Decimal]]]]:
    """A year's lines in quarters, by its season where one stands, else by working days; each row sums to its line."""
    organisation = Organisation.get()
    year = plan.kept_period(organisation.calendar)
    if year.kind != "year" or not plan.of.adds_up:
        return [], []
    quarters = year.children()
    parts = Parts(year.start, year.end, quarters)
    return quarters, [(row, list(parts.of(row.line.amount).values())) for row in rows]


# ── One line, down to its data ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a figure: what it weighs, what it says of the person, and what that comes to."""

    key: str
    label: str
    weight: int
    value: Decimal
    whole: Decimal
    share: Decimal
    amount: Decimal
    is_money: bool


@dataclass(frozen=True, slots=True)
class QuarterRow:
    """A past quarter of a person: credited, on quota taken from others, days there, what counts."""

    period: str
    weight: int
    credited: Decimal
    extra: Decimal
    days: int
    there: Decimal
    counted: Decimal

    @property
    def is_tamed(self) -> bool:
        return self.counted != self.credited - self.extra


@dataclass(frozen=True, slots=True)
class LineStory:
    """How a person's line came about. `fair` is p of R6; `scale` the λ that the guardrails of all led to."""

    elements: list[Element]
    rest: Decimal
    people: int
    fair: Decimal
    scale: Decimal
    bound: str
    quarters: list[QuarterRow]
    evidence: Mapping[str, Any]


LABELS = {
    "past": "Past results",
    "pipeline": "Pipeline in hand",
    "territory": "Territory potential",
    "capability": "Capability",
    "equal": "Equal share",
}


def line_story(line: Allocation) -> LineStory | None:
    """What the proposal made a person's line of; None for lines that were never proposed."""
    kept = AllocationReason.objects.filter(pk=line.pk).values_list("made_of", flat=True).first()
    if not kept or "elements" not in kept:
        return None
    rest, people, evidence = kept["rest"], kept["people"], kept["evidence"]
    elements, fair = [], Fraction(0)
    for key, weight, value, whole in kept["elements"]:
        share = Fraction(value, whole) if whole else Fraction(1, people)
        part = Fraction(rest * weight, 100) * share
        fair += part
        unit = -2 if key != "equal" else 0
        elements.append(
            Element(
                key=key,
                label=LABELS[key],
                weight=weight,
                value=Decimal(value).scaleb(unit),
                whole=Decimal(whole).scaleb(unit),
                share=Decimal(share.numerator) / Decimal(share.denominator),
                amount=as_amount(rounded(part.numerator, part.denominator)),
                is_money=key in ("past", "pipeline", "territory"),
            )
        )
    return LineStory(
        elements=elements,
        rest=as_amount(rest),
        people=people,
        fair=as_amount(rounded(fair.numerator, fair.denominator)),
        scale=Decimal(kept["scale"]),
        bound=kept["bound"],
        quarters=[
            QuarterRow(key, weight, as_amount(credited), as_amount(extra), days, as_amount(there), as_amount(counted))
            for key, weight, credited, extra, days, there, counted in evidence.get("quarters", ())
        ],
        evidence={
            key: as_amount(value) if key in ("latest", "mean", "spread", "stretch") else value
            for key, value in evidence.items()
        },
    )


@dataclass(frozen=True, slots=True)
class LineData:
    """The records behind a person's figure as they stand today, the largest first, as far as one may see them."""

    deals: list[tuple[Deal, Decimal]]
    accounts: list[tuple[Account, Decimal | None, Decimal, Decimal]]
    ratings: list[SkillRating]


def line_data(line: Allocation, user: Viewer, *, as_of: date) -> LineData:
    """Open deals with what they count for, accounts with their potential, and ratings."""
    plan, person = line.plan, line.person_id or 0
    quarters = past_quarters(plan, as_of)
    found = Deal.objects.visible_to(user) & open_deals([person], plan.starts_on, plan.until or plan.starts_on)
    rows = list(found.filter(amount__isnull=False).select_related("stage", "account").order_by("-amount", "pk")[:SHOWN])
    worth = rates({(deal.currency, plan.starts_on) for deal in rows}, ExchangeRate.Kind.PLAN)
    deals = [
        (deal, to_cents((deal.amount or Decimal(0)) * worth[deal.currency, plan.starts_on] * deal.odds / 100))
        for deal in rows
    ]
    potentials = accounts_of(person, quarters[0].start, quarters[-1].end, SHOWN)
    known = Account.objects.visible_to(user).in_bulk([pk for pk, _, _, _ in potentials])
    ratings = SkillRating.objects.visible_to(user).standing().filter(person=person, is_own=False)
    return LineData(
        deals=deals,
        accounts=[
            (known[pk], revenue, bought, potential) for pk, revenue, bought, potential in potentials if pk in known
        ],
        ratings=list(ratings.select_related("skill", "by")),
    )
