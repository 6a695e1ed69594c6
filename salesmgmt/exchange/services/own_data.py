"""Everything that is stored about a person, for them alone: a table for each kind of record, in one archive.

Which tables is worked out from the models, so that a new one is in it unless it is left out here, with a reason.
"""

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from io import TextIOWrapper
from itertools import chain
from tempfile import SpooledTemporaryFile
from typing import IO, Any, cast
from uuid import uuid4

import structlog
from django.apps import apps
from django.core.files.base import File
from django.db import transaction
from django.db.models import DateField, ForeignKey, Model, Q, QuerySet
from django.urls import reverse

from salesmgmt.desk.telling import tell_users
from salesmgmt.desk.wake import wake
from salesmgmt.lib import csvout
from teams.models import DataCopy, Person, User

TOPIC = "own data"

logger = structlog.get_logger(__name__)

LEFT_OUT = {  # about people, and in no archive: why
    "desk.Mark": "what has to be worked out anew, gone within seconds",
    "desk.IdempotencyKey": "answers to your own requests, gone after a day",
    "teams.User_groups": "groups of logins, which are not used here",
    "teams.User_user_permissions": "groups of logins, which are not used here",
    "admin.LogEntry": "what was done in the settings stands in the history of each record",
    "performance.Rollup": "sums of your credits, outcomes, activities, deals and quota, which are all here",
    "performance.RollupSum": "sums of your credits, outcomes, activities, deals and quota, which are all here",
    "performance.FrozenFigure": "the same sums as they stood on past nights",
    "performance.DealVersion": "your deals as they stood on past nights",
}
WITHHELD: dict[str, tuple[Q, str]] = {  # rows whose words are somebody else's alone; `me` stands for the person
    "coaching.Note": (
        Q(is_for_author_only=True) & ~Q(author="me"),
        "notes that somebody keeps about you for themselves alone",
    ),
    "coaching.LadderDecision": (
        Q(state__in=["proposed", "withdrawn"]),
        "decisions about you that HR has not answered",
    ),
}
# Whose a row is where no field `person` says so; every other field that names a person only mentions them.
OWNERS = ("owner", "giver", "receiver", "taker", "seat", "author", "asked")
SUBJECTS: dict[str, tuple[str, ...]] = {
    "coaching.LessonDone": ("enrolment__person",),
    "coaching.QuizAttempt": ("enrolment__person",),
    "coaching.QuizAnswer": ("attempt__enrolment__person",),
    "coaching.AgendaItem": ("one_on_one__person", "added_by"),
    "coaching.OneOnOneChange": ("one_on_one__person", "one_on_one__manager"),
    "coaching.Question": ("case__person",),
    "coaching.Dispute": ("parties__person",),
    "coaching.Statement": ("party__dispute__parties__person",),  # what the others said of it is read by every party
    "coaching.Decision": ("dispute__parties__person",),
    "coaching.Evidence": ("dispute__parties__person",),
    "coaching.StepSupport": ("step__ladder__person",),
    "targets.Answer": ("asked", "response__person"),
    "targets.Offer": ("candidate__person",),
}
USERS = ("user", "viewer")  # fields that say whose a login's row is; `by` and the like say who did it
BY_NUMBER: dict[str, Q] = {
    "performance.ForecastRow": Q(level="person", subject_id="me"),
    "performance.BacktestCase": Q(person_id="me"),
}
SECRET = {"digest", "password", "secret", "file", "stop_url", "peers"}  # `peers`: who others are
CUSTOMERS = "sales"  # the histories of its records are about customers
DEPTH = 3
AUDIT = ("at", "table", "row_id", "operation")


@dataclass(frozen=True, slots=True)
class Table:
    """A table in which a person stands: by which fields a row is about them, by which it only mentions them."""

    model: type[Model]
    about: tuple[str, ...]
    mentions: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        return str(self.model._meta.label)


@dataclass(slots=True)
class Told:
    """What an archive holds: rows by table, and what stays with somebody else."""

    rows: dict[str, int] = field(default_factory=dict)
    withheld: dict[str, dict[str, Any]] = field(default_factory=dict)


def _people(model: type[Model]) -> list[str]:
    return [one.name for one in model._meta.concrete_fields if one.is_relation and one.related_model is Person]


def _users(model: type[Model]) -> list[str]:
    found = [one.name for one in model._meta.concrete_fields if one.is_relation and one.related_model is User]
    return [name for name in found if name in USERS]


def _models() -> list[type[Model]]:
    return [one for one in apps.get_models(include_auto_created=True) if not one._meta.proxy and one._meta.managed]


def names_people(model: type[Model]) -> bool:
    """Whether rows of a table are about a person or a login of theirs."""
    return bool(_people(model) or _users(model) or model._meta.label in BY_NUMBER)


def _about(model: type[Model], depth: int = DEPTH) -> tuple[str, ...]:
    """The ways from a row to the person whose it is: by its own fields, else by the record it is part of."""
    people = _people(model)
    if model._meta.label in SUBJECTS:
        return SUBJECTS[model._meta.label]
    if "person" in people:
        return ("person",)
    if people:
        return tuple(name for name in people if name in OWNERS)
    if not depth:
        return ()
    found: list[str] = []
    for one in model._meta.concrete_fields:
        parent = one.related_model
        if isinstance(one, ForeignKey) and isinstance(parent, type) and issubclass(parent, Model):
            is_ours = parent is not model and parent is not User and parent._meta.app_label != CUSTOMERS
            found += [f"{one.name}__{way}" for way in _about(parent, depth - 1)] if is_ours else []
    return tuple(found)


# ── A copy for the person ───────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def ask_copy(*, person: Person, at: datetime) -> DataCopy:
    """Have all that is stored about a person packed by the worker; asking again while it waits changes nothing."""
    Person.objects.select_for_update().only("pk").get(pk=person.pk)
    stands = DataCopy.objects.filter(person=person).first()
    if stands is not None and stands.made_at is None:
        return stands
    if stands is not None:
        _drop(stands)
    copy = DataCopy.objects.create(person=person, asked_at=at)
    wake(TOPIC)
    return copy


def make_copy(*, at: datetime) -> int:
    """Pack what the next one who waits has asked for, and tell them; answer how many were made."""
    with transaction.atomic():
        waiting = DataCopy.objects.select_for_update(skip_locked=True, of=("self",)).filter(made_at=None)
        copy = waiting.select_related("person").order_by("pk").first()
        if copy is None:
            return 0
        text = "All that is stored about you is packed: take it along within seven days."
        try:
            with transaction.atomic():
                whole, told = archive(person=copy.person, at=at)
                with whole:
                    copy.file.save(f"{uuid4().hex}.zip", File(whole), save=False)
        except Exception:  # whatever it was, it is not tried again each second
            logger.exception("own_data_failed", person=copy.person_id)
            text = "Your data could not be packed. Ask again, or ask your admin."
        else:
            logger.info("own_data_packed", person=copy.person_id, tables=len(told.rows))
        copy.made_at = at
        copy.save(update_fields=["made_at", "file"])
        tell_users([(copy.person.user_id, text, reverse("own-data"))], at=at, must=True)
    return 1


def forget_copies(*, at: datetime) -> int:
    """Delete copies whose days are over; answer how many."""
    with transaction.atomic():
        over = DataCopy.objects.select_for_update().filter(made_at__lte=at - DataCopy.KEPT)
        return sum(_drop(copy) for copy in over)


def _drop(copy: DataCopy) -> bool:
    """The file goes once its row has."""
    storage, name = copy.file.storage, copy.file.name
    copy.delete()
    if name:
        transaction.on_commit(lambda: storage.delete(name))
    return True


# ── What is in it ───────────────────────────────────────────────────────────────────────────────────────────────


@cache
def tables() -> tuple[Table, ...]:
    """Every table that goes into an archive."""
    found = []
    for model in _models():
        if model is Person or model is User or model._meta.label in LEFT_OUT:
            continue
        about, people = _about(model), _people(model)
        users = tuple(f"{name}__person" for name in _users(model))
        mentions = tuple(name for name in people if name not in about)
        if about or users or mentions or model._meta.label in BY_NUMBER:
            found.append(Table(model, about + users, mentions))
    return tuple(sorted(found, key=lambda one: one.label))


def archive(*, person: Person, at: datetime) -> tuple[IO[bytes], Told]:
    """Everything about a person as a zip of CSV tables, with a file that says what each is and what is withheld."""
    told = Told()
    whole: IO[bytes] = SpooledTemporaryFile(max_size=8 * 1024 * 1024)  # noqa: SIM115  (handed on)
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as packed:
        _write(packed, told, "person", Person.objects.filter(pk=person.pk))
        if person.user_id:
            _write(packed, told, "login", User.objects.filter(pk=person.user_id))
        for table in tables():
            _write_table(packed, told, table, person.pk)
        for name, rows in _elsewhere(person):
            _write(packed, told, name, rows)
        packed.writestr("about.json", json.dumps(_about_it(person, told, at), indent=1, ensure_ascii=False))
    whole.seek(0)
    return whole, told


def _elsewhere(person: Person) -> Iterator[tuple[str, QuerySet[Any]]]:
    """What names a login by its number or name only."""
    if person.user is not None:
        yield (
            "what you changed or deleted",
            apps.get_model("desk.AuditEntry").objects.filter(user_id=person.user_id).order_by("pk").values(*AUDIT),
        )
        for label in ("AccessAttempt", "AccessLog"):
            model = apps.get_model("axes", label)
            yield f"axes.{label}", model.objects.filter(username=person.user.username).order_by("pk")


def rows_about(table: Table, pk: int) -> QuerySet[Any]:
    """The rows that are about a person."""
    about = Q(pk__in=())
    for way in table.about:
        about |= Q(**{way: pk})
    if table.label in BY_NUMBER:
        about |= _for(BY_NUMBER[table.label], pk)
    manager = table.model._base_manager
    return manager.filter(pk__in=manager.filter(about).values("pk"))


def _write_table(packed: zipfile.ZipFile, told: Told, table: Table, pk: int) -> None:
    manager, label = table.model._base_manager, table.label
    rows = about = rows_about(table, pk)
    if label in WITHHELD:
        apart, why = WITHHELD[label]
        kept = manager.filter(pk__in=rows.filter(_for(apart, pk)).values("pk"))
        if count := kept.count():
            told.withheld[label] = {"rows": count, "what": why}
        rows = rows.exclude(pk__in=kept.values("pk"))
    _write(packed, told, label, rows.order_by("pk"))
    for name in table.mentions:
        days = [one.name for one in table.model._meta.concrete_fields if isinstance(one, DateField)]
        named = manager.filter(**{name: pk}).exclude(pk__in=about.values("pk"))
        _write(packed, told, f"{label} (mentioned as {name})", named.order_by("pk").values("id", *days))


def _for(condition: Q, pk: int) -> Q:
    """The condition with the person in place of `me`."""
    made = Q(_connector=condition.connector, _negated=condition.negated)
    made.children = [
        _for(child, pk) if isinstance(child, Q) else (child[0], pk) if child[1] == "me" else child
        for child in cast(list[Any], condition.children)
    ]
    return made


def _write(packed: zipfile.ZipFile, told: Told, name: str, rows: QuerySet[Any]) -> None:
    """A table of what there is; none for nothing."""
    names = [*rows.query.values_select] or _columns(rows.model)
    found = rows.values_list(*names).iterator(chunk_size=2000)
    first = next(found, None)
    if first is None:
        return
    count = 0

    def values() -> Iterator[list[Any]]:
        nonlocal count
        for row in chain([first], found):
            count += 1
            yield [_plain(value) for value in row]

    with packed.open(f"{name}.csv", "w") as raw, TextIOWrapper(raw, encoding="utf-8", newline="") as text:
        text.writelines(csvout.lines([one.removesuffix("__name") for one in names], values()))
    told.rows[name] = count


def _columns(model: type[Model]) -> list[str]:
    """What of a record is given out: people by their names, no secrets."""
    return [
        f"{one.name}__name" if one.related_model is Person else str(one.attname)
        for one in model._meta.concrete_fields
        if one.name not in SECRET
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    if value is None or isinstance(value, bool | int | Decimal | datetime | date):
        return value
    return str(value)


def _about_it(person: Person, told: Told, at: datetime) -> dict[str, Any]:
    return {
        "about": person.name,
        "made_at": at.isoformat(),
        "rows": told.rows,
        "withheld": told.withheld,
        "left_out": LEFT_OUT,
    }
