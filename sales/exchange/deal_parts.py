"""What hangs on deals, and what they go by: pipelines, reasons, limits; products, shares, reasons, approvals."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sales.models import (
    Deal,
    DealLine,
    DealReason,
    DealShare,
    DiscountApproval,
    DiscountLimit,
    LostReason,
    Pipeline,
)
from sales.selectors import beyond_limits
from salesmgmt.lib.kinds import Field, Kind, Plan, Row
from teams.exchange.tables import table, yes_or_no
from teams.models import Role

from . import HUNDRED, OWN, PRODUCT_OF, _key, is_own
from .customers import PLACE

PERCENTAGE = re.compile(r"\d{1,3}(\.\d{1,2})?", re.ASCII)
DEAL = Field(
    "deal", "reference", needed=True, to="deal", also=("deal_id", "opportunity", "opportunity_id", "deal_name")
)
PERCENT: dict[str, Any] = {"least": Decimal(0), "most": HUNDRED}
PRICE: dict[str, Any] = {"least": Decimal(0), "places": 4}
LARGEST = Decimal(10) ** 14


def _reason_of(plan: Plan, row: Row) -> LostReason | None:
    """The reason a row names, by key or by name."""
    if "reasons" not in plan.memo:
        known = LostReason.objects.order_by("pk")
        plan.memo["reasons"] = {text.casefold(): one for one in known for text in (one.name, one.key)}
    found: LostReason | None = plan.memo["reasons"].get(row.values["reason"].casefold())
    if found is None:
        keys = dict.fromkeys(one.key for one in plan.memo["reasons"].values())
        plan.refuse(row, "reason", f"There is no such reason; there is {', '.join(keys)}.")
    return found


# ── Lines ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _check_line(plan: Plan, row: Row, values: dict[str, Any], stands: DealLine | None) -> None:
    def now(name: str, default: Any = None) -> Any:
        return values.get(name, getattr(stands, name, default))

    if "product" not in values and not values.get("text") and stands is None:
        plan.refuse(row, "product", "A line names a product, or says in its text what it is.")
    recurs, months = now("recurs", DealLine.Recurs.ONCE), now("term_months")
    if recurs == DealLine.Recurs.ONCE and months:
        plan.refuse(row, "term_months", "What is paid once has no term; say how often it recurs.")
    elif recurs != DealLine.Recurs.ONCE and not months:
        plan.refuse(row, "term_months", "What recurs has a term in months.")
    if values.get("quantity", 1) <= 0:
        plan.refuse(row, "quantity", "A quantity is more than zero.")
    elif now("quantity", Decimal(1)) * max(values["list_price"], values["unit_price"]) * (months or 1) >= LARGEST:
        plan.refuse(row, "unit_price", "That is more than can be kept.")


def _list_beyond(plan: Plan) -> None:
    """History is taken as it was; deals that were won above the limit, and by no approval, are listed (R14)."""
    lines: dict[int, list[DealLine]] = defaultdict(list)
    told: dict[int, int] = {}
    for step in plan.steps:
        if isinstance(step.record, DealLine):
            lines[step.record.deal_id].append(step.record)
            told.setdefault(step.record.deal_id, step.line)
    won = Deal.objects.won().filter(pk__in=lines).select_related("owner").order_by("pk")
    for deal, sentence in beyond_limits(won, given=lines):
        plan.look_alikes.append(f"Line {told[deal.pk]}: “{deal}” was won though {sentence}, and nobody approved it.")


# ── Shares, reasons, competitors ────────────────────────────────────────────────────────────────────────────────


def _plan_shares(plan: Plan) -> None:
    """Who will share a deal's credit: all of a deal's rows together, as they stand."""
    rows: dict[int, list[Row]] = defaultdict(list)
    for row in plan.taken():
        if ("share" in row.values) == ("overlay" in row.values):
            plan.refuse(row, "share", "Give either share (percent of 100) or overlay (percent on top).")
        if not plan.refer(row):
            continue
        if is_own(plan, row.found["person"].pk, row.found["deal"].owner_id, deal=row.found["deal"].pk):
            plan.refuse(row, "person", OWN)
        rows[row.found["deal"].pk].append(row)
    standing: dict[int, dict[tuple[str, Any], DealShare]] = defaultdict(dict)
    for one in DealShare.objects.filter(deal__in=rows):
        standing[one.deal_id][one.kind, one.person_id] = one
    for pk, of_deal in rows.items():
        primary = [row for row in of_deal if "share" in row.values]
        whole = sum((row.values["share"] for row in primary), Decimal(0))
        if primary and (whole != HUNDRED or any(row.refusals for row in primary)):
            for row in primary:
                if not row.refusals:
                    said = f"{whole.normalize():f} %, not to 100 %"
                    plan.refuse(row, "share", f"The shares of the deal that can be taken sum to {said}.")
        given: dict[tuple[str, Any], Row] = {}
        for row in of_deal:
            if row.refusals:
                continue
            kind = "primary" if "share" in row.values else "overlay"
            percent, person = row.values["share" if kind == "primary" else "overlay"], row.found["person"]
            first = given.setdefault((kind, _key(person)), row)
            if first is not row:
                plan.refuse(row, "person", f"Line {first.line} already gives their part.")
                continue
            stands = standing[pk].get((kind, person.pk))
            if stands is None:
                plan.create(DealShare(deal=row.found["deal"], person=person, kind=kind, percent=percent), row)
                row.act = "created"
            elif plan.change(stands, row, percent=percent):
                row.act = "changed"
        for key, share in standing[pk].items():
            others = [row for (kind, _), row in given.items() if kind == key[0] == "primary"]
            if others and key not in given:
                plan.remove(share, others[0])
                others[0].act = "changed" if others[0].act == "equal" else others[0].act


def _share_rows() -> Iterator[dict[str, Any]]:
    shares = DealShare.objects.filter(deal__withdrawn_at=None).select_related("deal", "person")
    for one in shares.order_by("deal_id", "pk").iterator(2000):
        yield {"deal": one.deal, "person": one.person, "share" if one.kind == "primary" else "overlay": one.percent}


def _plan_reasons(plan: Plan) -> None:
    rows = []
    for row in plan.taken():
        reason = _reason_of(plan, row)
        if not plan.refer(row) or reason is None:
            continue
        if row.found["deal"].is_open:
            plan.refuse(row, "deal", "This deal is open; why it was won or lost is said of decided ones.")
            continue
        rows.append((row, reason))
    standing: dict[tuple[int, str], list[DealReason]] = defaultdict(list)
    for one in DealReason.objects.filter(deal__in={row.found["deal"].pk for row, _ in rows}).order_by("pk"):
        standing[one.deal_id, one.side].append(one)
    main: dict[tuple[int, str], Row] = {}
    for row, reason in rows:
        deal, side = row.found["deal"], row.get("side", DealReason.Side.REP)
        of_side = standing[deal.pk, side]
        said = {name: row.values[name] for name in ("note",) if name in row.values}
        is_main = row.get("is_main", "no") == "yes"
        if is_main and (first := main.setdefault((deal.pk, side), row)) is not row:
            plan.refuse(row, "is_main", f"Line {first.line} already gives the main reason of this deal.")
            continue
        if is_main:
            for other in of_side:
                if other.reason_id != reason.pk and other.is_main:
                    plan.change(other, row, is_main=False)
        stands = next((one for one in of_side if one.reason_id == reason.pk), None)
        if stands is None:
            made = DealReason(deal=deal, reason=reason, side=side, is_main=is_main, **said)
            of_side.append(plan.create(made, row))
            row.act = "created"
        elif plan.change(stands, row, **said, **({"is_main": is_main} if "is_main" in row.values else {})):
            row.act = "changed"


def _reason_rows() -> Iterator[dict[str, Any]]:
    reasons = DealReason.objects.filter(deal__withdrawn_at=None).select_related("deal", "reason")
    for one in reasons.order_by("deal_id", "pk").iterator(2000):
        told = {name: getattr(one, name) for name in ("deal", "side", "note")}
        yield told | {"reason": one.reason.key, "is_main": "yes" if one.is_main else "no"}


# ── Limits and approvals ────────────────────────────────────────────────────────────────────────────────────────


def _check_approval(plan: Plan, row: Row, values: dict[str, Any], stands: DiscountApproval | None) -> None:
    decided = values.get("decided_at", stands.decided_at if stands else None)
    approved = values.get("is_approved", stands.is_approved if stands else None)
    if (decided is None) != (approved is None):
        plan.refuse(row, "decided_at", "What was approved or refused has a moment, and only that has one.")
    if approved is None:
        first = plan.memo.setdefault(("open", values["deal"].pk), row)
        others = DiscountApproval.objects.filter(deal=values["deal"], is_approved=None)
        if first is not row or others.exclude(pk=stands.pk if stands else 0).exists():
            plan.refuse(row, "deal", "This was asked for already; one question of a deal is open at a time.")
    me = plan.by.pk if plan.by else None
    by_me = me is not None and values.get("decided_by") and values["decided_by"].pk == me
    if by_me or is_own(plan, deal=values["deal"].pk):
        plan.refuse(row, "decided_by", "Nobody takes in approvals of their own; ask a colleague to import this row.")
    said = [part.strip().rpartition(" ") for part in row.get("by_family", "").split(";") if part.strip()]
    if not all(family and PERCENTAGE.fullmatch(percent) for family, _, percent in said):
        plan.refuse(row, "by_family", "It is percent by product family, such as “Software 14.21; Sensors 5”.")
    if said:
        values["by_family"] = {family: percent for family, _, percent in said}


def _approval_rows() -> Iterator[dict[str, Any]]:
    approvals = DiscountApproval.objects.filter(deal__withdrawn_at=None)
    for one in approvals.select_related("deal", "asked_by", "decided_by").order_by("pk"):
        yield {
            name: getattr(one, name) for name in ("deal", "percent", "reason", "asked_at", "decided_at", "answer")
        } | {
            "asked_by": one.asked_by.username,
            "decided_by": one.decided_by and one.decided_by.username,
            "is_approved": None if one.is_approved is None else "yes" if one.is_approved else "no",
            "by_family": "; ".join(f"{family} {percent}" for family, percent in sorted(one.by_family.items())),
        }


KINDS = [
    table(
        "pipelines",
        Pipeline,
        (Field("name", needed=True, longest=100, also=("pipeline",)), PLACE, yes_or_no("is_active", also=("active",))),
        by=("name",),
    ),
    table(
        "lost_reasons",
        LostReason,
        (
            Field("key", needed=True, longest=20),
            Field("name", needed=True, longest=100),
            yes_or_no("counts"),
        ),
        by=("key",),
    ),
    table(
        "discount_limits",
        DiscountLimit,
        (
            Field("role", "choice", needed=True, choices=tuple(Role.values)),
            Field("family", longest=100, also=("product_family",)),
            Field("percent", "percent", needed=True, **PERCENT),
        ),
        by=("role", "family"),
    ),
    table(
        "deal_lines",
        DealLine,
        (
            DEAL,
            PRODUCT_OF,
            Field("text", also=("description",)),
            Field("quantity", "number", least=Decimal(0), places=4, also=("qty", "units")),
            Field("list_price", "money", needed=True, **PRICE),
            Field("unit_price", "money", needed=True, **PRICE, also=("price", "sales_price")),
            Field("unit_cost", "money", **PRICE, also=("cost",)),
            Field("recurs", "choice", choices=tuple(DealLine.Recurs.values)),
            Field("term_months", "whole", least=Decimal(1), most=Decimal(600), also=("term",)),
            PLACE,
        ),
        by=("deal", "product", "text", "position"),
        are_many=True,
        records=lambda: DealLine.objects.filter(deal__withdrawn_at=None),
        check=_check_line,
        finish=_list_beyond,
        together=("deal",),
    ),
    Kind(
        "deal_shares",
        (
            DEAL,
            Field("person", "reference", needed=True, to="person", also=("owner", "rep", "name")),
            Field("share", "percent", least=Decimal("0.0001"), most=HUNDRED, places=4, also=("percent", "split")),
            Field("overlay", "percent", least=Decimal("0.0001"), most=HUNDRED, places=4),
        ),
        _plan_shares,
        _share_rows,
        together=("deal",),
    ),
    Kind(
        "deal_reasons",
        (
            DEAL,
            Field("reason", needed=True, longest=100),
            Field("side", "choice", choices=tuple(DealReason.Side.values)),
            yes_or_no("is_main"),
            Field("note", longest=500, also=("comment",)),
        ),
        _plan_reasons,
        _reason_rows,
        together=("deal",),
    ),
    table(
        "deal_competitors",
        Deal.competitors.through,
        (
            DEAL,
            Field("competitor", "reference", needed=True, to="competitor", also=("name",)),
        ),
        by=("deal", "competitor"),
        together=("deal",),
        records=lambda: Deal.competitors.through.objects.filter(deal__withdrawn_at=None),
    ),
    replace(
        table(
            "deal_approvals",
            DiscountApproval,
            (
                DEAL,
                Field("percent", "percent", needed=True, **PERCENT),
                Field("reason", needed=True, longest=500),
                Field("asked_at", "moment", needed=True),
                Field("asked_by", "reference", needed=True, to="login"),
                yes_or_no("is_approved"),
                Field("decided_at", "moment"),
                Field("decided_by", "reference", to="login"),
                Field("answer", longest=500),
                Field("by_family", longest=2000),
            ),
            by=("deal", "asked_at"),
            check=_check_approval,
            together=("deal",),
        ),
        rows=_approval_rows,
    ),
]
