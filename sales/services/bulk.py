"""One change to many deals, in one transaction, and its undo by difference."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from sales.models import BulkAct, Deal, DealChange, DealReason, LostReason, Stage, may_write_for
from salesmgmt.lib.refusals import Refused
from teams.models import Person, User

from .credits import post_outcomes
from .deals import MOST_TAGS, change_value
from .guards import require_past, require_write

MOST_AT_ONCE = 5_000
UNDONE_WITHIN = timedelta(days=1)
SHOWN = 200  # names kept of what was left
FIELDS = {
    "owner": ("owner_id",),
    "stage": ("stage_id",),
    "close": ("expected_close_on",),
    "lose": ("status", "closed_on", "lost_reason_id"),
    "tag": ("tags",),
    "next_step": ("next_step", "next_step_on"),
}
READS = {"owner_id": Person, "stage_id": Stage, "lost_reason_id": LostReason}


@transaction.atomic
def change_deals(
    *,
    deal_ids: Iterable[int],
    act: str,
    by: User,
    at: datetime,
    on: date,
    owner: Person | None = None,
    stage: Stage | None = None,
    close_on: date | None = None,
    reason: LostReason | None = None,
    tag: str = "",
    next_step: str = "",
    next_step_on: date | None = None,
) -> BulkAct:
    """Set one thing on many deals; what can't be is left, and said why. All that can be, in one go."""
    ids = sorted(set(deal_ids))
    if not ids:
        raise Refused("Choose at least one deal.")
    if len(ids) > MOST_AT_ONCE:
        raise Refused(f"{len(ids):,} deals are too many for one go; narrow the list to {MOST_AT_ONCE:,} at most.")
    wanted: dict[str, Any]
    match act:
        case "owner":
            wanted = {"owner_id": _given(owner, "owner", "Say who takes them over.").pk}
            require_write(by, owner)
            said = f"to {owner}"
        case "stage":
            stage = _given(stage, "stage", "Say to which stage they move.")
            wanted, said = {"stage_id": stage.pk}, f"to {stage}"
        case "close":
            close_on = _given(close_on, "close_on", "Say when they close.")
            wanted, said = {"expected_close_on": close_on}, f"{close_on.day} {close_on:%b %Y}"
        case "lose":
            reason = _given(reason, "reason", "Say why they were lost.")
            require_past(on, at, by)
            wanted, said = {"status": "lost", "closed_on": on, "lost_reason_id": reason.pk}, str(reason)
        case "tag":
            tag = _given(tag.strip(), "tag", "Write the tag.")[:50]
            wanted, said = {"tags": tag}, tag
        case "next_step":
            text = _given(next_step.strip(), "next_step", "Say what the next step is.")[:200]
            wanted, said = {"next_step": text, "next_step_on": next_step_on}, text
        case _:
            raise Refused("There is no such act.", field="act")

    def why_not(deal: Deal) -> str:
        if not may_write_for(by, deal.owner_id):
            return "only to be read"
        if act in ("stage", "close", "lose", "next_step") and not deal.is_open:
            return f"{deal.status} already"
        if stage is not None and act == "stage" and deal.stage.pipeline_id != stage.pipeline_id:
            return f"in another pipeline ({deal.stage.pipeline})"
        if act == "owner" and not deal.is_open:
            return f"{deal.status} already"
        if act == "lose" and deal.opened_on and on < deal.opened_on:
            return "opened after that day"
        if act == "tag" and tag not in deal.tags and len(deal.tags) >= MOST_TAGS:
            return f"has {MOST_TAGS} tags"
        return (
            "so already"
            if all(_now(deal, field) == _new(deal, field, value) for field, value in wanted.items())
            else ""
        )

    changed, left = [], _Left()
    for deal in _locked(ids):
        if sentence := why_not(deal):
            left.add(deal, sentence)
        else:
            changed.append(deal)
    before = {deal.pk: {field: _now(deal, field) for field in FIELDS[act]} for deal in changed}
    after = {deal.pk: {field: _new(deal, field, wanted[field]) for field in FIELDS[act]} for deal in changed}
    _write(after, before, by, at)
    if act == "lose" and reason is not None:
        DealReason.objects.bulk_create(DealReason(deal=deal, reason=reason, is_main=True) for deal in changed)
    _post(act, changed, by, at, "Deal lost")
    return BulkAct.objects.create(
        by=by, at=at, act=act, said=said[:300], changed=len(changed), before=_kept(before), after=_kept(after),
        left=left.said,
    )  # fmt: skip


@transaction.atomic
def undo_bulk(*, bulk: BulkAct, by: User, at: datetime) -> BulkAct:
    """Set back what still stands as it was set; what has changed since is left, and said why."""
    bulk = BulkAct.objects.select_for_update().get(pk=bulk.pk)
    if bulk.by_id != by.pk:
        raise Refused("Only who did it can undo it.")
    if bulk.undone_at is not None:
        raise Refused("This was undone already.")
    if at - bulk.at > UNDONE_WITHIN:
        raise Refused("A change to many deals can be undone for a day; this one is older.")
    ids = sorted(int(pk) for pk in bulk.before)
    left, back, stood = _Left(), {}, {}
    deals = []
    for deal in _locked(ids):
        was, set_to = bulk.before[str(deal.pk)], bulk.after[str(deal.pk)]
        now = {field: _now(deal, field) for field in was}
        if not may_write_for(by, deal.owner_id):
            left.add(deal, "no longer yours to change")
        elif _plain(now) != set_to:
            left.add(deal, "changed since")
        else:
            deals.append(deal)
            back[deal.pk] = {field: _typed(field, value) for field, value in was.items()}
            stood[deal.pk] = now
    gone = len(ids) - len(deals) - left.count
    if gone:
        left.said["withdrawn since"] = {"count": gone, "names": []}
    _write(back, stood, by, at)
    if bulk.act == "lose":
        DealReason.objects.filter(deal__in=deals).delete()
    _post(bulk.act, deals, by, at, "Bulk change undone")
    bulk.undone_at, bulk.kept = at, left.said
    bulk.save(update_fields=["undone_at", "kept"])
    return bulk


class _Left:
    """Deals left as they are, by reason, with the first of their names."""

    def __init__(self) -> None:
        self.said: dict[str, dict[str, Any]] = {}
        self.count = 0

    def add(self, deal: Deal, reason: str) -> None:
        self.count += 1
        entry = self.said.setdefault(reason, {"count": 0, "names": []})
        entry["count"] += 1
        if len(entry["names"]) < SHOWN:
            entry["names"].append([deal.pk, deal.name])


def _given(value: Any, field: str, sentence: str) -> Any:
    if not value:
        raise Refused(sentence, field=field)
    return value


def _locked(ids: list[int]) -> list[Deal]:
    found = Deal.objects.present().filter(pk__in=ids).select_related("stage__pipeline").order_by("pk")
    return list(found.select_for_update(of=("self",)))


def _now(deal: Deal, field: str) -> Any:
    value = getattr(deal, field)
    return list(value) if isinstance(value, list) else value


def _new(deal: Deal, field: str, value: Any) -> Any:
    if field == "tags":
        return list(deal.tags) if value in deal.tags else [*deal.tags, value]
    return value


def _write(values: dict[int, dict[str, Any]], stood: dict[int, dict[str, Any]], by: User, at: datetime) -> None:
    """Set each deal's fields, those alike in one statement; a DealChange for each that differs."""
    alike: dict[tuple[Any, ...], list[int]] = {}
    for pk, fields in values.items():
        key = tuple((field, tuple(value) if isinstance(value, list) else value) for field, value in fields.items())
        alike.setdefault(key, []).append(pk)
    for pairs, pks in alike.items():
        set_to = {field: list(value) if isinstance(value, tuple) else value for field, value in pairs}
        Deal.objects.filter(pk__in=pks).update(version=F("version") + 1, **set_to)
    written = _names(values, stood)
    DealChange.objects.bulk_create(
        DealChange(
            deal_id=pk, changed_at=at, by=by, field=field.removesuffix("_id"),
            was=written(field, stood[pk][field]), value=written(field, value),
        )
        for pk, fields in values.items()
        for field, value in fields.items()
        if value != stood[pk][field]
    )  # fmt: skip


def _names(*rows: dict[int, dict[str, Any]]) -> Callable[[str, Any], str]:
    """How a DealChange keeps what an id stands for."""
    known: dict[str, dict[int, Any]] = {}
    for field, model in READS.items():
        ids = {fields[field] for part in rows for fields in part.values() if fields.get(field)}
        known[field] = model._default_manager.in_bulk(ids) if ids else {}
    return lambda field, value: change_value(known[field].get(value) if field in READS else value)


def _post(act: str, deals: list[Deal], by: User, at: datetime, reason: str) -> None:
    if act == "lose" and deals:
        post_outcomes(deal_ids=[deal.pk for deal in deals], by=by, at=at, reason=reason)


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    return {field: value.isoformat() if isinstance(value, date) else value for field, value in fields.items()}


def _kept(rows: dict[int, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {str(pk): _plain(fields) for pk, fields in rows.items()}


def _typed(field: str, value: Any) -> Any:
    return date.fromisoformat(value) if value and field.endswith("_on") else value
