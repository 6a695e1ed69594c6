"""The same target cut by product family and by territory; the parts of a cut always sum to the whole."""

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from salesmgmt.lib.money import to_cents
from salesmgmt.lib.refusals import Refused, Stale
from targets import selectors
from targets.analysis.allocation import fit
from targets.models import Plan, Slice, SliceChange
from targets.services.plans import draft, plans_for_all
from teams.models import User


@transaction.atomic
def propose_slices(*, plan: Plan, by: User, on: date) -> None:
    """Cut a plan by what each family and each territory brought before; locked parts stay."""
    plans_for_all(by)
    plan = draft(plan)
    if not plan.of.adds_up:
        return
    for cut, past in selectors.past_by_cut(plan, as_of=on).items():
        stands = {(row.family, row.territory_id): row for row in plan.slices.filter(cut=cut)}
        locked = {key: row for key, row in stands.items() if row.is_locked}
        free = {key: amount for key, amount in past.items() if key not in locked}
        rest = selectors.as_whole(plan.amount) - sum(selectors.as_whole(row.amount) for row in locked.values())
        if rest < 0 or (rest and not free):
            word = Slice.Cut(cut).label.lower()
            raise Refused(f"The locked parts by {word} don't come to the target: unlock one of them.", field="amount")
        amounts = fit(rest, [max(past, 0) for past in free.values()], [0] * len(free), [None] * len(free)).amounts
        plan.slices.filter(cut=cut, is_locked=False).delete()
        Slice.objects.bulk_create(
            Slice(
                plan=plan,
                cut=cut,
                family=family,
                territory_id=territory,
                past=selectors.as_amount(past[family, territory]),
                proposed=selectors.as_amount(amount),
                amount=selectors.as_amount(amount),
            )
            for (family, territory), amount in zip(free, amounts, strict=True)
        )


@transaction.atomic
def change_slice(
    *, part: Slice, amount: Decimal, reason: str, by: User, at: datetime, was: Decimal | None = None
) -> Slice:
    """Give a part of a cut another amount and lock it; the unlocked parts beside it share the rest as they stand."""
    plans_for_all(by)
    plan = draft(part.plan)
    rows = list(
        plan.slices.filter(cut=part.cut).select_related("territory").order_by("territory__name", "family", "pk")
    )
    part = next(row for row in rows if row.pk == part.pk)
    if was is not None and was != part.amount:
        raise Stale("Somebody else has changed this part since you opened it: look at it again.")
    if amount < 0:
        raise Refused("A part can't be below zero.", field="amount")
    if not reason.strip():
        raise Refused("Say why the part changes.", field="reason")
    before = {row.pk: row.amount for row in rows}
    part.amount, part.is_locked = to_cents(amount), True
    free = [row for row in rows if not row.is_locked]
    rest = selectors.as_whole(plan.amount - sum((row.amount for row in rows if row.is_locked), Decimal(0)))
    if rest < 0 or (rest and not free):
        said = "more than the target" if rest < 0 else "less than the target, and no other part is free"
        raise Refused(f"The locked parts would come to {said}.", field="amount")
    weights = [selectors.as_whole(row.amount or row.proposed) for row in free]
    for row, share in zip(free, fit(rest, weights, [0] * len(free), [None] * len(free)).amounts, strict=True):
        row.amount = selectors.as_amount(share)
    moved = [row for row in rows if row.amount != before[row.pk] or row.pk == part.pk]
    Slice.objects.bulk_update(moved, ["amount", "is_locked"])
    SliceChange.objects.bulk_create(
        SliceChange(
            slice=row,
            at=at,
            by=by,
            was=before[row.pk],
            amount=row.amount,
            reason=(reason if row.pk == part.pk else f"Rest of {part.name}: {reason}")[:200],
        )
        for row in moved
    )
    return part


@transaction.atomic
def free_slice(*, part: Slice, by: User, at: datetime) -> None:
    """Let a locked part be shared out again."""
    plans_for_all(by)
    draft(part.plan)
    if Slice.objects.filter(pk=part.pk, is_locked=True).update(is_locked=False):
        held = Slice.objects.get(pk=part.pk).amount
        SliceChange.objects.create(slice=part, at=at, by=by, was=held, amount=held, reason="Unlocked")
