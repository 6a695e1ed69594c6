"""Records that were one: where those given up went, and what looks alike."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import ManyToOneRel, QuerySet

from sales.models import Account, Contact, LookAlike, Merge
from salesmgmt.lib import keyset
from teams.models import Viewer, access_of

MODELS: dict[str, Any] = {"account": Account, "contact": Contact}


def kept_for(noun: str, pks: Iterable[int]) -> dict[int, int]:
    """Where given-up records went, at the end of every chain of merges: given-up id → id of the one kept."""
    found: dict[int, int] = {}
    asked = set(pks)
    while asked:
        steps = Merge.objects.filter(noun=noun, undone_at=None, given_up_id__in=asked)
        found |= dict(steps.values_list("given_up_id", "kept_id"))
        asked = {kept for kept in found.values() if kept not in found}
        if not Merge.objects.filter(noun=noun, undone_at=None, given_up_id__in=asked).exists():
            break
    return {pk: _end(found, pk) for pk in found}


def _end(steps: dict[int, int], pk: int) -> int:
    while pk in steps:
        pk = steps[pk]
    return pk


def kept_by_external_id(noun: str, external_ids: Iterable[str] | None = None) -> dict[str, int]:
    """The external ids of given-up records → the id of the one kept, so that other systems may go on using theirs."""
    merged = Merge.objects.filter(noun=noun, undone_at=None).values("given_up_id")
    given_up = MODELS[noun].objects.filter(pk__in=merged, external_id__isnull=False)
    if external_ids is not None:
        given_up = given_up.filter(external_id__in=list(external_ids))
    taken = MODELS[noun].objects.present().filter(external_id__isnull=False).values("external_id")
    ids = dict(given_up.exclude(external_id__in=taken).values_list("pk", "external_id"))
    kept = kept_for(noun, ids)
    return {external_id: kept[pk] for pk, external_id in ids.items() if pk in kept}


def aliases(noun: str) -> dict[str, int]:
    """Every text that named a given-up record and names no present one → the id of the one kept. Case is ignored."""
    merged = Merge.objects.filter(noun=noun, undone_at=None).values("given_up_id")
    given_up = MODELS[noun].objects.filter(pk__in=merged).values_list("pk", "external_id", "name")
    texts = {text: pk for pk, *names in given_up for text in names if text}
    if not texts:
        return {}
    present = MODELS[noun].objects.present()
    taken = {text.casefold() for text in present.filter(external_id__in=texts).values_list("external_id", flat=True)}
    taken |= {text.casefold() for text in present.filter(name__in=texts).values_list("name", flat=True)}
    kept = kept_for(noun, texts.values())
    return {text.casefold(): kept[pk] for text, pk in texts.items() if text.casefold() not in taken and pk in kept}


MOST = 20_000  # in a file


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records that look alike, and why."""

    look_alike: LookAlike
    one: Any
    other: Any


@dataclass(frozen=True, slots=True)
class PairPage:
    pairs: list[Pair]
    page: keyset.Page[LookAlike]


def look_alikes(noun: str, *, cursor: str = "", size: int = 25) -> PairPage:
    """Pairs over all records, the most alike first (for who may merge any). Those withdrawn since are left out."""
    present = MODELS[noun].objects.present().values("pk")
    found = LookAlike.objects.filter(noun=noun, one_id__in=present, other_id__in=present)
    page = keyset.page(found, by="likeness", descending=True, cursor=cursor, size=size)
    ids = {pk for row in page.rows for pk in (row.one_id, row.other_id)}
    joins = ("owner",) if noun == "account" else ("account",)
    records = MODELS[noun].objects.select_related(*joins).in_bulk(ids)
    return PairPage([Pair(row, records[row.one_id], records[row.other_id]) for row in page.rows], page)


def all_look_alikes(noun: str) -> list[Pair]:
    """The same, all of them."""
    return look_alikes(noun, size=MOST).pairs


def merges_of(user: Viewer, noun: str, pk: int) -> QuerySet[Merge]:
    """What was merged into a record and not taken apart again, the latest first."""
    return (
        Merge.objects.visible_to(user)
        .filter(noun=noun, kept_id=pk, undone_at=None)
        .select_related("by__person")
        .order_by("-at", "-pk")
    )


def pairs(user: Viewer) -> QuerySet[LookAlike]:
    """The review list's pairs, for who may merge any."""
    return LookAlike.objects.all() if access_of(user).imports else LookAlike.objects.none()


SHOWN: dict[str, tuple[str, ...]] = {
    "account": ("external_id", "owner", "industry", "country", "territory", "parent", "employees", "revenue", "tags"),
    "contact": ("external_id", "account", "title", "email", "phone", "birthday", "prefers", "preferences", "tags"),
}


@dataclass(frozen=True, slots=True)
class Beside:
    """A field of two records, and what the merged one would say."""

    name: str
    mine: str
    other: str
    becomes: str


def beside(kept: Any, other: Any) -> list[Beside]:
    """What two records say, field by field, and what the kept one will."""
    noun = "account" if isinstance(kept, Account) else "contact"
    rows = []
    for name in SHOWN[noun]:
        mine, theirs = getattr(kept, name), getattr(other, name)
        if isinstance(mine, list):
            says = ", ".join(mine), ", ".join(theirs), ", ".join([*mine, *(one for one in theirs if one not in mine)])
        else:
            texts = ["" if value is None else str(value) for value in (mine, theirs)]
            says = texts[0], texts[1], texts[0] if name in ("external_id", "parent") else texts[0] or texts[1]
        rows.append(Beside(kept._meta.get_field(name).verbose_name.capitalize(), *says))
    return rows


def what_moves(given_up: Any) -> list[tuple[str, int]]:
    """How much names a record that would be given up: table by table, the most first."""
    counts: dict[str, int] = {}
    for relation in given_up._meta.get_fields(include_hidden=True):
        if isinstance(relation, ManyToOneRel) and isinstance(relation.related_model, type):
            users = relation.related_model
            if hasattr(users, "during"):
                continue
            count = users._default_manager.filter(**{relation.field.name: given_up.pk}).count()
            if count:
                noun = str(users._meta.verbose_name if count == 1 else users._meta.verbose_name_plural)
                counts[noun] = counts.get(noun, 0) + count
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def names_of(noun: str, pks: Iterable[int]) -> dict[int, str]:
    """What records are called, withdrawn or not."""
    return dict(MODELS[noun].objects.filter(pk__in=set(pks)).values_list("pk", "name"))
