"""Two records that were one become one, keeping every record, and come apart again exactly."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import IntegrityError, models, transaction

from sales.models import Account, AccountOwnership, Contact, ContactRole, LookAlike, Merge
from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused
from teams.models import User

from .accounts import require_keeper
from .guards import WITHDRAWN, organisation_for, require_sight
from .ownerships import follow_owners

Record = Account | Contact
NOUNS: dict[type[models.Model], str] = {Account: "account", Contact: "contact"}
# What says something about the given-up record itself, and stays with it.
STAYS = {(AccountOwnership, "account")}
NO_GAPS = {"id", "external_id", "name", "created_at", "withdrawn_at", "version", "parent"}


def references_to(model: type[models.Model]) -> Iterator[tuple[type[models.Model], models.Field]]:
    """Every foreign key to a model, of whatever app, hidden ones and those of many-to-many tables too."""
    for relation in model._meta.get_fields(include_hidden=True):
        if isinstance(relation, models.ManyToOneRel) and isinstance(relation.related_model, type):
            yield relation.related_model, relation.field


@transaction.atomic
def merge(*, kept: Record, given_up: Record, by: User | None, at: datetime) -> Merge:
    """Give one record up for another: all that named it names the kept one, whose gaps it fills.

    Needs the right to change both. Orders and credits stand as they are: a merge earns nobody anything.
    """
    kept, given_up = _both(kept, given_up, by)
    model, noun = type(kept), NOUNS[type(kept)]
    given_up.withdrawn_at = at
    given_up.version += 1
    given_up.save(update_fields=["withdrawn_at", "version"])
    filled = _lift_out(kept, given_up) | _fill_gaps(kept, given_up)
    kept.version += 1
    kept.save(update_fields=[*filled, "version"])
    moved: dict[str, list[int]] = {}
    for users, field in references_to(model):
        if (users, field.name) not in STAYS and (ids := _move(users, field, given_up.pk, kept.pk)):
            moved[f"{users._meta.label}.{field.name}"] = ids
    if isinstance(kept, Contact) and isinstance(given_up, Contact) and (role := _further_role(kept, given_up)):
        moved[f"+{ContactRole._meta.label}"] = [role.pk]
    LookAlike.objects.filter(noun=noun, one_id=given_up.pk).delete()
    LookAlike.objects.filter(noun=noun, other_id=given_up.pk).delete()
    made = Merge.objects.create(
        noun=noun,
        kept_id=kept.pk,
        given_up_id=given_up.pk,
        moved=moved,
        filled={name: [_raw(was), _raw(getattr(kept, _attname(model, name)))] for name, was in filled.items()},
        at=at,
        by=by,
    )
    if "owner" in filled:
        _own(kept, by, at, f"Merged with {given_up.name}")
    return made


@transaction.atomic
def recall_merge(*, kept: Record, external_id: str | None, name: str, by: User | None, at: datetime) -> Merge:
    """Note a merge of another installation: all moved there already, the bare given-up record keeps its id in use."""
    given_up = type(kept)(external_id=external_id, name=name, withdrawn_at=at)
    given_up.save(force_insert=True)
    return Merge.objects.create(noun=NOUNS[type(kept)], kept_id=kept.pk, given_up_id=given_up.pk, at=at, by=by)


@transaction.atomic
def undo_merge(*, merge: Merge, by: User | None, at: datetime) -> list[str]:
    """Take a merge apart: what moved and still stands at the kept record goes back. Answers what stays, and why."""
    made = Merge.objects.select_for_update(of=("self",)).get(pk=merge.pk)
    if made.undone_at is not None:
        raise Refused("This merge has been undone already.")
    model: Any = Account if made.noun == "account" else Contact
    pair = {one.pk: one for one in _locked(model, made.kept_id, made.given_up_id)}
    kept, given_up = pair[made.kept_id], pair[made.given_up_id]
    if kept.withdrawn_at is not None:
        raise Refused(f"{kept.name} was merged or withdrawn since; undo that first.")
    require_sight(by, **{made.noun: kept})
    for one in (kept, given_up):
        require_keeper(by, one)
    same_id = model.objects.present().filter(external_id=given_up.external_id, external_id__isnull=False)
    if same_id.exists():
        raise Refused(f"Another {made.noun} has the external id {given_up.external_id} by now.")
    given_up.withdrawn_at = None
    given_up.version += 1
    given_up.save(update_fields=["withdrawn_at", "version"])
    stays = _move_back(made, model)
    stays += _empty_gaps(kept, made.filled)
    made.undone_at, made.undone_by = at, by
    made.save(update_fields=["undone_at", "undone_by"])
    if "owner" in made.filled:
        _own(kept, by, at, f"Merge with {given_up.name} undone")
    return stays


def _both(kept: Record, given_up: Record, by: User | None) -> tuple[Record, Record]:
    if type(kept) is not type(given_up) or kept.pk == given_up.pk:
        raise Refused("A merge needs two different records of the same kind.", field="given_up")
    noun = NOUNS[type(kept)]
    pair = {one.pk: one for one in _locked(type(kept), kept.pk, given_up.pk)}
    kept, given_up = pair[kept.pk], pair[given_up.pk]
    for one in (kept, given_up):
        if one.withdrawn_at is not None:
            raise Refused(WITHDRAWN)
        require_sight(by, **{noun: one})
        require_keeper(by, one)
    return kept, given_up


def _locked(model: Any, *pks: int) -> Any:
    joins = ("owner",) if model is Account else ("account",)
    return model.objects.select_for_update(of=("self",)).select_related(*joins).filter(pk__in=pks).order_by("pk")


def _attname(model: Any, name: str) -> str:
    return str(model._meta.get_field(name).attname)


def _raw(value: Any) -> Any:
    """As JSON keeps it."""
    return value if value is None or isinstance(value, str | int | bool | list | dict) else str(value)


def _lift_out(kept: Record, given_up: Record) -> dict[str, Any]:
    """A kept account that stands below the given-up one takes the place of that; else a circle would come of it."""
    if not (isinstance(kept, Account) and isinstance(given_up, Account)):
        return {}
    above = kept.parent
    while above is not None and above.pk != given_up.pk:
        above = above.parent
    if above is None:
        return {}
    was, kept.parent_id = kept.parent_id, given_up.parent_id
    return {"parent": was}


def _fill_gaps(kept: Record, given_up: Record) -> dict[str, Any]:
    """What the kept record does not say and the other does; tags and added fields are put together."""
    was: dict[str, Any] = {}
    for field in type(kept)._meta.concrete_fields:
        mine, other = getattr(kept, field.attname), getattr(given_up, field.attname)
        if field.name in NO_GAPS or mine == other:
            continue
        if isinstance(mine, list):
            filled: Any = [*mine, *(one for one in other if one not in mine)]
        elif isinstance(mine, dict):
            filled = other | mine
        elif isinstance(mine, bool):
            filled = mine or other  # not to be contacted, a public official: whoever noted it knew why
        else:
            filled = other if mine in (None, "") else mine
        if filled != mine:
            was[field.name] = mine
            setattr(kept, field.attname, filled)
    return was


def _empty_gaps(kept: Record, filled: dict[str, list[Any]]) -> list[str]:
    stays, changed = [], []
    for name, (was, became) in filled.items():
        field: Any = type(kept)._meta.get_field(name)
        if _raw(getattr(kept, field.attname)) != became:
            stays.append(f"{str(field.verbose_name).capitalize()} of {kept.name} stays: it was changed since.")
            continue
        setattr(kept, field.attname, was if field.is_relation else field.to_python(was))
        changed.append(name)
    kept.version += 1
    kept.save(update_fields=[*changed, "version"])
    return stays


def _move(users: type[models.Model], field: models.Field, old: int, new: int) -> list[int]:
    """Have a table's rows name another record; where an equal row stands there already, this one stays."""
    rows = users._default_manager.filter(**{field.name: old})
    if users is ContactRole and field.name == "contact":
        rows = rows.exclude(account__in=Contact.objects.filter(pk=new, account__isnull=False).values("account"))
    ids = sorted(rows.values_list("pk", flat=True))
    if not ids:
        return []
    if _set(users, field, ids, new):
        return ids
    return [pk for pk in ids if _set(users, field, [pk], new)]


def _set(users: type[models.Model], field: models.Field, ids: list[int], target: int) -> bool:
    try:
        with transaction.atomic():
            users._default_manager.filter(pk__in=ids).update(**{field.attname: target})
    except IntegrityError:
        return False
    return True


def _further_role(kept: Contact, given_up: Contact) -> ContactRole | None:
    """Where the given-up contact was mainly becomes one more place of the kept one."""
    if given_up.account_id is None or given_up.account_id == kept.account_id:
        return None
    role, is_new = ContactRole.objects.get_or_create(
        contact=kept, account_id=given_up.account_id, defaults={"title": given_up.title}
    )
    return role if is_new else None


def _move_back(made: Merge, model: type[models.Model]) -> list[str]:
    stays = []
    tables = {f"{users._meta.label}.{field.name}": (users, field) for users, field in references_to(model)}
    for name, ids in made.moved.items():
        if name.startswith("+"):
            ContactRole.objects.filter(pk__in=ids, contact=made.kept_id).delete()
            continue
        users, field = tables[name]
        rows = users._default_manager.filter(pk__in=ids, **{field.name: made.kept_id})
        back = sorted(rows.values_list("pk", flat=True))
        if not _set(users, field, back, made.given_up_id):
            back = [pk for pk in back if _set(users, field, [pk], made.given_up_id)]
        if lost := len(ids) - len(back):
            noun = users._meta.verbose_name if lost == 1 else users._meta.verbose_name_plural
            where = "stays where it is" if lost == 1 else "stay where they are"
            stays.append(f"{lost:,} {noun} {where}: changed since.")
    return stays


def _own(kept: Record, by: User | None, at: datetime, reason: str) -> None:
    on = clock.day_of(at, organisation_for(by).time_zone)
    follow_owners(account_ids=[kept.pk], on=on, by=by, reason=reason)
