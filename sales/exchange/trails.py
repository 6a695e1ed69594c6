"""What goes on between people about customers, as tables: it moves as it stands, by the commands alone."""

from collections.abc import Iterator
from typing import Any

from sales.models import (
    Account,
    Contact,
    Distinct,
    Handover,
    HandoverItem,
    Merge,
    Recommendation,
    Task,
)
from sales.selectors import kept_for
from sales.services import recall_merge
from salesmgmt.lib.kinds import Field, Kind, Plan, Row
from teams.exchange.trails import known_by, trail

from .work import LINKS

GIVEN = ("giver", "taker", "proposed_at")
ASKED = ("owner", "text", "due_on")
NOUNS: dict[str, Any] = {"account": Account, "contact": Contact}
NOUN = Field("noun", "choice", needed=True, choices=tuple(NOUNS))
BY = Field("by", "reference", to="login")


def _of(plan: Plan, noun: str, name: str) -> dict[str, list[Any]]:
    """Accounts or contacts by what a column calls them."""
    return plan.find(noun, {row.values[name] for row in plan.taken() if row.values["noun"] == noun})


def _one(plan: Plan, row: Row, name: str, known: dict[str, dict[str, list[Any]]]) -> Any:
    found = known[row.values["noun"]].get(row.values[name].casefold(), [])
    if len(found) == 1:
        return found[0]
    many = f"{len(found)} are called so; use the external id." if found else "There is none."
    plan.refuse(row, name, many)
    return None


# ── Merges ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _plan_merges(plan: Plan) -> None:
    """Who was given up for whom: bare records, so that other systems may go on using their ids."""
    known = {noun: _of(plan, noun, "kept") for noun in NOUNS}
    standing = {(noun, given_up, at) for noun, _, given_up, at in _given_up()}
    for row in plan.taken():
        kept = _one(plan, row, "kept", known)
        names = (row.get("external_id"), row.values["name"])
        if plan.refer(row) and kept is not None and (row.values["noun"], names, row.values["at"]) not in standing:
            row.found["kept"] = kept
            row.act = "created"


def _given_up() -> Iterator[tuple[str, Any, tuple[str | None, str], Any]]:
    for noun, model in NOUNS.items():
        merges = Merge.objects.filter(noun=noun, undone_at=None).order_by("pk")
        ends = kept_for(noun, merges.values_list("given_up_id", flat=True))
        records = model.objects.in_bulk({*ends, *ends.values()})
        for one in merges:
            given_up, kept = records[one.given_up_id], records[ends[one.given_up_id]]
            if kept.withdrawn_at is None:
                yield noun, (one, kept), (given_up.external_id, given_up.name), one.at


def _enter_merges(plan: Plan) -> list[Any]:
    return [
        recall_merge(
            kept=row.found["kept"], external_id=row.get("external_id"), name=row.values["name"],
            by=row.found.get("by"), at=row.values["at"],
        )
        for row in plan.taken() if "kept" in row.found
    ]  # fmt: skip


def _merge_rows() -> Iterator[dict[str, Any]]:
    for noun, (one, kept), (external_id, name), at in _given_up():
        by = one.by and one.by.username
        yield {"noun": noun, "kept": kept, "external_id": external_id, "name": name, "at": at, "by": by}


# ── Alike, and not the same ─────────────────────────────────────────────────────────────────────────────────────


def _plan_distinct(plan: Plan) -> None:
    known = {noun: {name: _of(plan, noun, name) for name in ("one", "other")} for noun in NOUNS}
    standing = {(one.noun, one.one_id, one.other_id) for one in Distinct.objects.all()}
    for row in plan.taken():
        noun = row.values["noun"]
        pair = [_one(plan, row, name, {noun: known[noun][name]}) for name in ("one", "other")]
        if not plan.refer(row) or None in pair:
            continue
        first, second = sorted(one.pk for one in pair)
        if first == second:
            plan.refuse(row, "other", "It is the same one.")
        elif (noun, first, second) not in standing:
            standing.add((noun, first, second))
            plan.create(
                Distinct(
                    noun=noun, one_id=first, other_id=second, at=row.get("at", plan.at), by=row.found.get("by", plan.by)
                ),
                row,
            )
            row.act = "created"


def _distinct_rows() -> Iterator[dict[str, Any]]:
    for noun, model in NOUNS.items():
        pairs = list(Distinct.objects.filter(noun=noun).select_related("by").order_by("pk"))
        records = model.objects.present().in_bulk({pk for one in pairs for pk in (one.one_id, one.other_id)})
        for one in pairs:
            if one.one_id in records and one.other_id in records:
                by = one.by and one.by.username
                told = {"noun": noun, "one": records[one.one_id], "other": records[one.other_id]}
                yield told | {"at": one.at, "by": by}


REFERENTS = [
    known_by(Handover, *GIVEN),
    known_by(Task, *ASKED),
]

KINDS = [
    Kind(
        "merges",
        (
            NOUN,
            Field("kept", needed=True, longest=300),
            Field("external_id", longest=100),
            Field("name", needed=True),
            Field("at", "moment", needed=True),
            BY,
        ),
        _plan_merges,
        _merge_rows,
        enter=_enter_merges,
        is_trail=True,
    ),
    Kind(
        "distinct_pairs",
        (
            NOUN,
            Field("one", needed=True, longest=300),
            Field("other", needed=True, longest=300),
            Field("at", "moment"),
            BY,
        ),
        _plan_distinct,
        _distinct_rows,
        is_trail=True,
    ),
    trail("handovers", Handover, *GIVEN, without=("moved",)),  # numbers of this installation
    trail("handover_items", HandoverItem, "handover", "account", "deal"),
    trail("recommendations", Recommendation, "account", "owner", "kind", "product", "contact", "contract", "made_on"),
    # Tasks that flags, promises and the like asked for; the others have a kind of their own.
    trail("asked_tasks", Task, *ASKED, records=lambda: Task.objects.exclude(source__in=LINKS)),
]
