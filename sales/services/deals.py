"""Deals: opened, changed, moved, won, lost, reopened."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from sales import selectors
from sales.models import Account, Contact, Deal, DealChange, LostReason, Order, Outcome, Pipeline, Product, Stage
from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused
from teams.models import Person, User

from .credits import post_outcomes, recredit_orders
from .custom import take_custom
from .deal_reasons import forget_reasons, keep_main_reason, write_reasons
from .discounts import require_discount
from .guards import (
    WITHDRAWN,
    organisation_for,
    require_current,
    require_money,
    require_others,
    require_past,
    require_sight,
    require_write,
)
from .orders import book_won_deals
from .reopenings import last_decision, require_after, require_as_won, was_entered

# Which fields `change_deal` takes; stage and status have acts of their own.
CHANGEABLE = frozenset(
    {
        "name", "owner", "account", "contact", "product", "amount", "currency", "opened_on", "expected_close_on",
        "closed_on", "lost_reason", "own_forecast_category", "source", "next_step", "next_step_on", "tags",
        "custom",
    }
)  # fmt: skip
MOST_TAGS = 20
# Changes of these move the ledgers of a deal that is decided.
# What decides who is credited for a win, with how much and when; and whose win rate a loss is in.
CREDITED = ("owner", "amount", "currency", "closed_on")
LEDGERED = frozenset({"owner", "account", "product", "amount", "currency", "opened_on", "closed_on", "lost_reason"})


@transaction.atomic
def open_deal(
    *,
    owner: Person,
    name: str,
    by: User | None,
    at: datetime,
    account: Account | None = None,
    contact: Contact | None = None,
    product: Product | None = None,
    stage: Stage | None = None,
    pipeline: Pipeline | None = None,
    amount: Decimal | None = None,
    currency: str | None = None,
    opened_on: date | None = None,
    expected_close_on: date | None = None,
    own_forecast_category: str = "",
    source: str = "",
    next_step: str = "",
    next_step_on: date | None = None,
    custom: dict[str, Any] | None = None,
    tags: Sequence[str] = (),
    external_id: str | None = None,
) -> Deal:
    """Open a deal, at the first stage (of a pipeline) unless one is given."""
    require_write(by, owner)
    require_sight(by, account=account, contact=contact)
    if not name.strip():
        raise Refused("A deal needs a name.", field="name")
    stage = stage or first_stage(pipeline)
    if not stage.pipeline.is_active:
        raise Refused(f"No new deal starts in {stage.pipeline}; it is there for old ones.", field="stage")
    organisation = organisation_for(by)
    deal = Deal.objects.create(
        owner=owner,
        name=name.strip(),
        account=account,
        contact=contact,
        product=product,
        stage=stage,
        amount=require_money(amount),
        currency=currency or organisation.currency,
        opened_on=opened_on or clock.day_of(at, organisation.time_zone),
        expected_close_on=expected_close_on,
        own_forecast_category=own_forecast_category,
        source=source,
        next_step=next_step,
        next_step_on=next_step_on,
        custom=take_custom(noun="deal", said=custom or {}, stands={}),
        tags=_tags(tags),
        external_id=external_id,
    )
    said = {
        "stage": deal.stage,
        "status": deal.status,
        "owner": owner,
        "amount": deal.amount,
        "expected_close_on": expected_close_on,
        "own_forecast_category": own_forecast_category,
    }
    record_changes(deal, by, at, [(field, None, value) for field, value in said.items() if value not in (None, "")])
    return deal


@transaction.atomic
def change_deal(*, deal: Deal, by: User | None, at: datetime, version: int | None = None, **fields: Any) -> Deal:
    """Change what a deal says (not its stage or status). Decided deals take their ledgers along, by difference."""
    deal = lock_deal(deal, by, version)
    if unknown := fields.keys() - CHANGEABLE:
        raise TypeError(f"A deal has no {', '.join(sorted(unknown))} to change.")
    if "owner" in fields:
        require_write(by, fields["owner"])
    require_sight(by, **{field: fields[field] for field in ("account", "contact") if _differs(deal, fields, field)})
    if not fields.get("name", deal.name).strip():
        raise Refused("A deal needs a name.", field="name")
    if "amount" in fields:
        fields["amount"] = require_money(fields["amount"])
    _require_lines(deal, fields)
    if "amount" in fields and fields["amount"] is None and deal.status == Deal.Status.WON:
        raise Refused("A won deal needs an amount.", field="amount")
    if "closed_on" in fields and (fields["closed_on"] is None) != deal.is_open:
        raise Refused("A closing day belongs to a deal that is won or lost.", field="closed_on")
    if deal.status == Deal.Status.LOST and "lost_reason" in fields and fields["lost_reason"] is None:
        raise Refused("Say why the deal was lost.", field="lost_reason")
    own = () if deal.is_open else CREDITED
    if field := next((field for field in own if _differs(deal, fields, field)), None):
        what = "changes credit" if deal.status == Deal.Status.WON else "changes a loss"
        require_others(by, deal.owner, fields.get("owner", deal.owner), field=field, what=what)
    _require_counted(deal, fields.get("lost_reason"), by)
    if "tags" in fields:
        fields["tags"] = _tags(fields["tags"])
    if "custom" in fields:
        fields["custom"] = take_custom(noun="deal", said=fields["custom"], stands=deal.custom)
    changed = set_deal(deal, by, at, fields)
    if "lost_reason" in changed:
        keep_main_reason(deal)
    if changed & LEDGERED and not deal.is_open:
        post_deal(deal, by, at, reason="Deal corrected")
    return deal


@transaction.atomic
def move_deal(*, deal: Deal, stage: Stage, by: User | None, at: datetime, version: int | None = None) -> Deal:
    """Move an open deal to another stage of its pipeline."""
    deal = lock_deal(deal, by, version)
    if not deal.is_open:
        raise Refused(f"This deal is {deal.status}; reopen it before you move it.", field="stage")
    require_own_pipeline(deal, stage)
    set_deal(deal, by, at, {"stage": stage})
    return deal


@transaction.atomic
def change_pipeline(
    *,
    deal: Deal,
    pipeline: Pipeline,
    by: User | None,
    at: datetime,
    stage: Stage | None = None,
    version: int | None = None,
) -> Deal:
    """Sell an open deal another way: on to a stage of another pipeline, its first unless one is given."""
    deal = lock_deal(deal, by, version)
    if not deal.is_open:
        raise Refused(f"This deal is {deal.status}; reopen it before you move it.", field="pipeline")
    if not pipeline.is_active and pipeline.pk != deal.stage.pipeline_id:
        raise Refused(f"No deal starts in {pipeline} any more.", field="pipeline")
    if stage is not None and stage.pipeline_id != pipeline.pk:
        raise Refused(f"{stage} is no stage of {pipeline}.", field="stage")
    if stage is None and pipeline.pk == deal.stage.pipeline_id:
        return deal
    set_deal(deal, by, at, {"stage": stage or first_stage(pipeline)})
    return deal


@transaction.atomic
def edit_deal(
    *, deal: Deal, by: User | None, at: datetime, stage: Stage | None = None, version: int | None = None, **fields: Any
) -> Deal:
    """A line of the list: its stage and what it says, in one go."""
    deal = lock_deal(deal, by, version)
    if stage is not None and stage.pk != deal.stage_id:
        deal = move_deal(deal=deal, stage=stage, by=by, at=at)
    return change_deal(deal=deal, by=by, at=at, **fields)


@transaction.atomic
def win_deal(
    *,
    deal: Deal,
    by: User | None,
    at: datetime,
    on: date,
    amount: Decimal | None = None,
    version: int | None = None,
    books: bool = True,
    reasons: Sequence[LostReason] = (),
    note: str = "",
    buyer_reasons: Sequence[LostReason] = (),
    buyer_note: str = "",
) -> Deal:
    """Win an open deal on a day: it books an order unless one names it (or not `books`), and credits who shares it.

    Of several reasons the first is the main one. A discount above the owner's limit has to be approved before.
    """
    deal = lock_deal(deal, by, version)
    require_open(deal)
    require_past(on, at, by)
    amount = require_money(amount) if amount is not None else deal.amount
    if amount is None:
        raise Refused("A won deal needs an amount.", field="amount")
    _require_lines(deal, {"amount": amount})
    require_as_won(deal, by, at, on=on, amount=amount)
    require_discount(deal, by=by, at=at)
    deal.books_order = books
    deal.save(update_fields=["books_order"])
    set_deal(deal, by, at, {"amount": amount, "status": Deal.Status.WON, "closed_on": on})
    write_reasons(deal, reasons, note, buyer_reasons, buyer_note)
    post_deal(deal, by, at, reason="Deal won")
    return deal


@transaction.atomic
def lose_deal(
    *,
    deal: Deal,
    reason: LostReason | None,
    by: User | None,
    at: datetime,
    on: date,
    version: int | None = None,
    also: Iterable[LostReason] = (),
    note: str = "",
    buyer_reasons: Sequence[LostReason] = (),
    buyer_note: str = "",
) -> Deal:
    """Lose an open deal on a day: for one main reason, and further ones; the buyer's own apart (R26)."""
    deal = lock_deal(deal, by, version)
    require_open(deal)
    require_past(on, at, by)
    require_after(deal, by, at, on=on)
    if reason is None:
        raise Refused("Say why the deal was lost.", field="reason")
    set_deal(deal, by, at, {"status": Deal.Status.LOST, "closed_on": on, "lost_reason": reason})
    write_reasons(deal, [reason, *also], note, buyer_reasons, buyer_note)
    post_deal(deal, by, at, reason="Deal lost")
    return deal


@transaction.atomic
def give_reasons(
    *,
    deal: Deal,
    reasons: Sequence[LostReason],
    by: User | None,
    at: datetime,
    note: str = "",
    buyer_reasons: Sequence[LostReason] = (),
    buyer_note: str = "",
    version: int | None = None,
) -> Deal:
    """Say afterwards why a deal was won or lost; the first reason is the main one."""
    deal = lock_deal(deal, by, version)
    if deal.is_open:
        raise Refused("Reasons belong to a deal that is won or lost.", field="reason")
    if not reasons and deal.status == Deal.Status.LOST:
        raise Refused("Say why the deal was lost.", field="reason")
    _require_counted(deal, next(iter(reasons), None), by)
    write_reasons(deal, reasons, note, buyer_reasons, buyer_note)
    if deal.status == Deal.Status.LOST and set_deal(deal, by, at, {"lost_reason": reasons[0]}):
        post_deal(deal, by, at, reason="Deal corrected")
    else:
        touch_deal(deal)
    return deal


@transaction.atomic
def reopen_deal(*, deal: Deal, by: User | None, at: datetime, on: date, version: int | None = None) -> Deal:
    """Reopen a decided deal on a day: count and credit are taken back on that day, not on the day it was won (R11).

    Whose win of an earlier month it is doesn't carry its credit into this one.
    """
    deal = lock_deal(deal, by, version)
    if deal.is_open or deal.closed_on is None:
        raise Refused("This deal is open already.")
    require_past(on, at, by)
    today = clock.day_of(at, organisation_for(by).time_zone)
    if (
        deal.status == Deal.Status.WON
        and deal.closed_on < today.replace(day=1)
        and not was_entered(today, last_decision(deal), by)
    ):
        require_others(by, deal.owner, field="on", what="reopens a win from an earlier month")
    if on < deal.closed_on:
        raise Refused(
            f"This deal was {deal.status} on {deal.closed_on:%d %b %Y}; it can't be reopened before.", field="on"
        )
    set_deal(deal, by, at, {"status": Deal.Status.OPEN, "closed_on": None, "lost_reason": None})
    forget_reasons(deal)
    post_deal(deal, by, at, reason="Deal reopened", on=on)
    return deal


@transaction.atomic
def withdraw_deal(*, deal: Deal, by: User | None, at: datetime, reason: str = "Deal withdrawn") -> None:
    """Take a deal, and the order its win booked, out of every list and figure. Whose win or loss it was can't."""
    deal = lock_deal(deal, by, None)
    if not deal.is_open or Outcome.objects.filter(deal=deal).exists():
        require_others(by, deal.owner, field="deal", what="withdraws a decided deal")
    deal.withdrawn_at = at
    deal.save(update_fields=["withdrawn_at"])
    post_deal(deal, by, at, reason=reason)


@transaction.atomic
def restore_deal(*, deal: Deal, by: User | None, at: datetime, reason: str = "Deal restored") -> None:
    """Undo a withdrawal."""
    require_write(by, deal.owner)
    # Orders that a reopening cancelled come back with it; the one that stood, `book_won_deals` brings back.
    went = Order.objects.filter(
        deal=deal, is_booked_by_win=True, withdrawn_at=deal.withdrawn_at, cancelled_on__isnull=False
    )
    cancelled = list(went.values_list("pk", flat=True))
    Order.objects.filter(pk__in=cancelled).update(withdrawn_at=None)
    deal.withdrawn_at = None
    deal.save(update_fields=["withdrawn_at"])
    post_deal(deal, by, at, reason=reason, orders=cancelled)


def first_stage(pipeline: Pipeline | None = None) -> Stage:
    """Where a deal starts unless it says otherwise."""
    if (stage := selectors.default_stage(pipeline)) is None:
        raise Refused("No pipeline has a stage to start in; an admin adds one.", field="stage")
    return stage


def require_own_pipeline(deal: Deal, stage: Stage) -> None:
    if stage.pipeline_id != deal.stage.pipeline_id:
        raise Refused(
            f"{stage} is a stage of {stage.pipeline}, this deal is in {deal.stage.pipeline}; "
            "change its pipeline instead.",
            field="stage",
        )


def _tags(said: Sequence[str]) -> list[str]:
    """Each once, in the order they were given."""
    tags = list(dict.fromkeys(tag.strip() for tag in said if tag.strip()))
    if len(tags) > MOST_TAGS or any(len(tag) > 50 for tag in tags):
        raise Refused(f"A deal has at most {MOST_TAGS} tags of 50 characters each.", field="tags")
    return tags


def _require_lines(deal: Deal, fields: dict[str, Any]) -> None:
    """What follows from the lines is changed there."""
    if any(_differs(deal, fields, field) for field in ("amount", "currency")) and deal.lines.exists():
        field = "amount" if _differs(deal, fields, "amount") else "currency"
        raise Refused(f"The {field} follows from the products on this deal; change those.", field=field)


def _require_counted(deal: Deal, reason: LostReason | None, by: User | None) -> None:
    """Whose loss it is doesn't find it a duplicate later: it would leave their win rate (R16)."""
    was = deal.lost_reason
    if deal.status == Deal.Status.LOST and reason is not None and was is not None and was.counts > reason.counts:
        require_others(by, deal.owner, field="lost_reason", what="changes a loss")


def lock_deal(deal: Deal, by: User | None, version: int | None) -> Deal:
    """The deal as it stands now, held until the end of the transaction, if its author may change it."""
    locked = Deal.objects.select_for_update(of=("self",)).select_related("owner", "stage__pipeline").get(pk=deal.pk)
    if locked.withdrawn_at is not None:
        raise Refused(WITHDRAWN)
    require_write(by, locked.owner)
    if version is not None and version != locked.version:
        last = (
            DealChange.objects.filter(deal=locked).select_related("by__person").order_by("-changed_at", "-id").first()
        )
        who, when = (last.by, last.changed_at) if last else (None, None)
        require_current(version, locked.version, noun="deal", who=who, when=when)
    return locked


def require_open(deal: Deal) -> None:
    if not deal.is_open:
        raise Refused(f"This deal was {deal.status} on {deal.closed_on:%d %b %Y}; reopen it first.")


def _differs(deal: Deal, fields: dict[str, Any], field: str) -> bool:
    return field in fields and fields[field] != getattr(deal, field)


def set_deal(deal: Deal, by: User | None, at: datetime, fields: dict[str, Any]) -> set[str]:
    """Write what differs, with a DealChange for each; the version goes up."""
    changed = [(field, getattr(deal, field), value) for field, value in fields.items() if _differs(deal, fields, field)]
    if not changed:
        return set()
    for field, _, value in changed:
        setattr(deal, field, value)
    deal.version += 1
    deal.save(update_fields=[*(field for field, _, _ in changed), "version"])
    record_changes(deal, by, at, changed)
    return {field for field, _, _ in changed}


def touch_deal(deal: Deal) -> None:
    """Something that hangs on it changed: forms made before are stale."""
    deal.version += 1
    deal.save(update_fields=["version"])


def record_changes(deal: Deal, by: User | None, at: datetime, changes: list[tuple[str, Any, Any]]) -> None:
    DealChange.objects.bulk_create(
        DealChange(
            deal=deal,
            changed_at=at,
            by=by,
            field=field.removeprefix("own_"),
            was=change_value(was),
            value=change_value(value),
        )
        for field, was, value in changes
    )


def change_value(value: Any) -> str:
    """A field's value as a DealChange keeps it: name of a stage, key of a reason, id of a person, ISO date, amount."""
    if value is None:
        return ""
    if isinstance(value, Stage):
        return value.name
    if isinstance(value, LostReason):
        return value.key
    if isinstance(value, Person | Account | Contact | Product):
        return str(value.pk)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, list):
        return ", ".join(map(str, value))[:200]
    if isinstance(value, dict):
        return ", ".join(f"{name}: {said}" for name, said in sorted(value.items()))[:200]
    return value.isoformat() if isinstance(value, date) else str(value)[:200]


def post_deal(
    deal: Deal, by: User | None, at: datetime, *, reason: str, on: date | None = None, orders: Iterable[int] = ()
) -> None:
    if orders := [*orders, *book_won_deals(deal_ids=[deal.pk], at=at, on=on)]:
        recredit_orders(order_ids=orders, by=by, at=at, reason=reason)
    post_outcomes(deal_ids=[deal.pk], by=by, at=at, on=on, reason=reason)
