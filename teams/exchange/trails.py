"""Kinds of what was planned, said and decided: a model's rows as they stand, moved by the commands alone.

Each field is a column. A row is known again by some of them, and named by these in the tables of others:
“Plan 2026 | 2026-01-05T09:00:00+00:00”, and a second one of the same name with “ #2” behind it.
"""

import json
import re
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zlib import compress, decompressobj
from zlib import error as ZlibError

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Model, QuerySet

from salesmgmt.lib.kinds import IDENTIFIED, Field, Kind, Occurrences, Plan, Referent, Row
from salesmgmt.lib.ranges import half_open
from teams.exchange.tables import yes_or_no
from teams.models import User

# What has a name of its own, by which every table refers to it.
NAMED = {
    "person", "team", "territory", "account", "contact", "product", "deal", "lead", "order", "contract", "campaign",
    "competitor", "feedback", "plan",
}  # fmt: skip
# What an address within the product leads to, by the word in it; numbers are others elsewhere.
LED_TO = {
    "accounts": "sales.Account", "announcements": "targets.Announcement", "cases": "coaching.Case",
    "contacts": "sales.Contact", "contracts": "sales.Contract", "deals": "sales.Deal", "flags": "performance.Flag",
    "handovers": "sales.Handover", "leads": "sales.Lead", "meetings": "coaching.Meeting", "offers": "targets.Offer",
    "one-on-ones": "coaching.OneOnOne", "orders": "sales.Order", "people": "teams.Person", "plans": "targets.Plan",
    "redistributions": "targets.Redistribution", "teams": "teams.Team", "action-item": "coaching.ActionItem",
    "courses": "coaching.Course", "enrolment": "coaching.Enrolment",
    "disputes": "coaching.Dispute",
    "effects": "coaching.CoachingPlan", "plays": "coaching.Play",
}  # fmt: skip
ADDRESSES = {"link", "reason"}
ADDRESS = re.compile(r"(/?)([a-z-]+)([/:])(\d+|\{.*\})(/.*|)", re.DOTALL)
MOST = {"PositiveSmallIntegerField": 32_767, "SmallIntegerField": 32_767, "BigIntegerField": 2_147_483_647}
LONGEST = 499_000  # a cell may have half a million characters
PACKED, FROM, MOST_UNPACKED = "packed:", 100_000, 50_000_000  # JSON of more characters than FROM is packed

Keep = Callable[[Plan, Row, dict[str, Any]], None]


def trail(
    key: str,
    model: type[Model],
    *by: str,
    without: tuple[str, ...] = (),
    records: Callable[[], QuerySet[Any]] | None = None,
    check: Keep | None = None,
    numbers: dict[str, type[Model]] | None = None,
    attach: Callable[[dict[str, Any], Any], dict[str, Any]] | None = None,
    **more: Any,
) -> Kind:
    """A kind of all rows of a model, a row known again by the values of `by`; of several alike the nth by the nth.

    `numbers`: fields of JSON that hold the numbers of another model's rows, in a list or as keys. `attach`: what a
    row's values and the row that stands, if any, bring along that isn't in the table.
    """
    columns: dict[str, Any] = {
        one.name: one
        for one in model._meta.concrete_fields
        if one.name not in without and (one.is_relation or not one.primary_key) and not _is_count(one)
    }
    fields = tuple(field for one in columns.values() for field in _fields(one))
    first = next((name for name in by if columns[name].is_relation), None)
    to_itself = any(one.related_model is model for one in columns.values())
    is_added_only = any(one.name == "append_only" for one in getattr(model._meta, "triggers", ()))

    identified = "external_id" in columns and not is_added_only
    column = model._meta.get_field

    def standing() -> QuerySet[Any]:
        return (records() if records is not None else model._default_manager.all()).order_by("pk")

    def key_of(record: Any) -> tuple[Any, ...]:
        return tuple(_value(record, columns[name]) for name in by)

    def plan(plan: Plan) -> None:
        near = standing()
        if first is not None:
            to = next(one.to for one in fields if one.name == first)
            near = near.filter(**{f"{first}__in": {one.pk for found in plan.index(to).values() for one in found}})
        same, unique = Occurrences.of((key_of(one), one) for one in near), _Unique(model)
        names: Counter[str] = Counter()
        _lead(plan, columns)
        known = {model: _numbers_of(plan, model, numbers or {}) for model in set((numbers or {}).values())}
        for row in plan.taken():
            values = _values_of(plan, row, columns, numbers or {}) if plan.refer(row) else {}
            for name, of in (numbers or {}).items():
                if name in values:
                    values[name] = _by_other(values[name], known[of])
            if check is not None and not row.refusals:
                check(plan, row, values)
            if len(by) == 1 and not row.refusals and values.get(by[0]) in (None, ""):
                plan.refuse(row, by[0], "It is empty; the row is known again by it alone.")
            if row.refusals:
                continue
            given = model(**values)
            stands = same.next(key_of(given))
            if attach is not None:
                for name, value in attach(values, stands).items():
                    values[name] = value
                    setattr(given, name, value)
            if stands is None:
                if (rule := unique.broken_by(given)) is not None:
                    plan.refuse(row, by[0], rule)
                    continue
                record = plan.create(given, row)
                row.act = "created"
            elif any(_value(stands, column(name)) != _value(given, column(name)) for name in values):
                changed = copy(stands)
                for name, value in values.items():
                    setattr(changed, name, value)
                if is_added_only:
                    plan.refuse(row, by[0], "It stands and says something else; it is only added to.")
                elif (rule := unique.broken_by(changed)) is not None:
                    plan.refuse(row, by[0], rule)
                elif plan.change(stands, row, **values):
                    row.act = "changed"
            if to_itself:
                name = _numbered(names, _name(given, by))
                if stands is None:
                    plan.register(model._meta.label_lower, record, name)

    def rows() -> Iterator[dict[str, Any]]:
        called = {
            one.name: dict(names_of(one.related_model))
            for one in columns.values()
            if one.is_relation and _referent(one.related_model) == one.related_model._meta.label_lower
        }
        related = [one.name for one in columns.values() if one.is_relation and one.name not in called]
        led_to: dict[str, dict[int, str]] = {}
        named = {model: dict(names_of(model)) for model in set((numbers or {}).values())}
        for record in standing().select_related(*related).iterator(2000):
            told: dict[str, Any] = {}
            for one in columns.values():
                if one.name in called:
                    told[one.name] = called[one.name].get(getattr(record, one.attname))
                elif numbers and one.name in numbers:
                    told |= _told(one, _by_other(getattr(record, one.name), named[numbers[one.name]]))
                elif one.name in ADDRESSES:
                    told[one.name] = _address(getattr(record, one.name), led_to)
                else:
                    told |= _told(one, getattr(record, one.name))
            # What hangs on a record that was taken out of every list isn't given out either.
            if not any(told[one.name] is None and getattr(record, one.attname) for one in columns.values()
                       if one.is_relation and not one.null):  # fmt: skip
                yield told | ({"": record} if identified else {})

    alike = [part for name in by for part in (_range_of(name) if "DateRange" in _kind(columns[name]) else (name,))]
    together = () if to_itself else ("+".join(alike),)
    return Kind(key, fields, plan, rows, is_trail=True, together=together, **more)


def known_by(model: type[Model], *by: str) -> Referent:
    """Lets trails refer to a model's rows by the values of `by`."""
    BY[model] = by

    def load(texts: set[str]) -> Iterable[tuple[Any, list[str]]]:
        wanted = {text.casefold() for text in texts}
        names = {pk: name for pk, name in names_of(model) if name.casefold() in wanted}
        records = model._default_manager.in_bulk(names)
        yield from ((records[pk], [name]) for pk, name in names.items())

    return Referent(model._meta.label_lower, str(model._meta.verbose_name), load)


BY: dict[type[Model], tuple[str, ...]] = {}


def names_of(model: type[Model]) -> Iterator[tuple[int, str]]:
    """What each row of a model is called, in the sequence in which they were written."""
    names: Counter[str] = Counter()
    by = BY.get(model, ())
    related = [name for name in by if model._meta.get_field(name).is_relation]
    for record in model._default_manager.select_related(*related).order_by("pk"):
        yield record.pk, _numbered(names, _name(record, by) if by else _called(record))


def _numbered(names: Counter[str], name: str) -> str:
    names[name] += 1
    return f"{name} #{names[name]}" if names[name] > 1 else name


def _name(record: Any, by: tuple[str, ...]) -> str:
    return " | ".join(_text(getattr(record, name)) for name in by)


def _text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, Model):
        if type(value) in BY:
            return _name(value, BY[type(value)])
        return _called(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if hasattr(value, "lower") and hasattr(value, "upper") and not isinstance(value, str):
        return f"{value.lower} – {value.upper}"
    return str(value)


def _called(record: Any) -> str:
    """As other tables of the same export call it."""
    if isinstance(record, User):
        return record.username
    if getattr(record, "external_id", None):
        return str(record.external_id)
    if record._meta.model_name in IDENTIFIED:
        return f"{record._meta.model_name}-{record.pk}"
    return str(record.name)


def _referent(model: Any) -> str:
    if model is User:
        return "login"
    name = str(model._meta.model_name)
    return name if name in NAMED and model not in BY else str(model._meta.label_lower)


# ── A model's field as columns ──────────────────────────────────────────────────────────────────────────────────


def _is_count(one: Any) -> bool:
    """Of changes here, for forms that are stale."""
    return bool(one.name == "version" and one.has_default())


def _kind(one: Any) -> str:
    return str(one.get_internal_type())


def _range_of(name: str) -> tuple[str, str]:
    return ("from", "until") if name == "during" else (f"{name}_from", f"{name}_until")


def _fields(one: Any) -> Iterator[Field]:
    kind, needed = _kind(one), not one.null and not one.has_default() and not one.has_db_default()
    if one.is_relation:
        yield Field(one.name, "reference", needed=not one.null, to=_referent(one.related_model), longest=2000)
    elif kind == "DateRangeField":
        start, until = _range_of(one.name)
        yield Field(start, "date", needed=needed)
        yield Field(until, "date")
    elif kind == "BooleanField":
        yield yes_or_no(one.name, needed=needed)
    elif kind in {"DateTimeField", "DateField"}:
        yield Field(one.name, "moment" if kind == "DateTimeField" else "date", needed=needed)
    elif kind == "DecimalField":
        most = Decimal(10) ** (one.max_digits - one.decimal_places) - Decimal(1).scaleb(-one.decimal_places)
        yield Field(one.name, "number", needed=needed, places=one.decimal_places, least=-most, most=most)
    elif kind.endswith("IntegerField"):
        least, most = (0 if kind.startswith("Positive") else -MOST.get(kind, 2_147_483_647)), MOST.get(kind)
        yield Field(
            one.name, "whole", needed=needed, least=Decimal(least), most=None if most is None else Decimal(most)
        )
    elif one.choices and all(value == value.lower().replace("-", "_") for value, _ in one.flatchoices if value):
        choices = tuple(value for value, _ in one.flatchoices if value)
        yield Field(one.name, "choice", needed=needed and not one.blank, choices=choices)
    else:
        is_json = kind in {"JSONField", "ArrayField"}
        longest = 2000 if one.name in ADDRESSES else LONGEST if is_json else one.max_length or LONGEST
        yield Field(one.name, needed=needed and is_json, longest=longest)


def _told(one: Any, value: Any) -> dict[str, Any]:
    kind = _kind(one)
    if kind == "DateRangeField":
        return dict(zip(_range_of(one.name), (value.lower, value.upper), strict=True))
    if isinstance(value, bool):
        return {one.name: "yes" if value else "no"}
    if isinstance(value, User):
        return {one.name: value.username}
    if one.is_relation and getattr(value, "withdrawn_at", None) is not None:
        return {one.name: None}
    if kind in {"JSONField", "ArrayField"} and value is not None:
        text = json.dumps(value, ensure_ascii=False, sort_keys=True)
        return {one.name: text if len(text) < FROM else PACKED + b64encode(compress(text.encode())).decode()}
    return {one.name: value}


def _values_of(plan: Plan, row: Row, columns: dict[str, Any], numbers: dict[str, type[Model]]) -> dict[str, Any]:
    """A row's values by the model's fields; what a row leaves out is not among them."""
    values: dict[str, Any] = {}
    for name, one in columns.items():
        kind = _kind(one)
        if kind == "DateRangeField":
            start, until = _range_of(name)
            if start in row.values:
                if until in row.values and row.values[until] <= row.values[start]:
                    plan.refuse(row, until, f"It must come after {start}; it is the first day no longer in it.")
                    continue
                values[name] = half_open(row.values[start], row.get(until))
        elif name in row.found:
            values[name] = row.found[name]
        elif name in row.values:
            value = row.values[name]
            if kind == "BooleanField":
                value = value == "yes"
            elif kind in {"JSONField", "ArrayField"}:
                value = _loaded(plan, row, one, value, is_by_name=name in numbers) if value or not one.null else None
            values[name] = value
    return values


def _loaded(plan: Plan, row: Row, one: Any, text: str, *, is_by_name: bool) -> Any:
    """JSON as the database takes it, of the shape that the field has."""
    try:
        if text.startswith(PACKED):
            text = decompressobj().decompress(b64decode(text.removeprefix(PACKED)), MOST_UNPACKED).decode()
        value = json.loads(text, parse_constant=_no_number)
        json.dumps(value, ensure_ascii=False).encode()
        shape = list if isinstance(one.get_default(), list) or _kind(one) == "ArrayField" else dict
        is_fit = "\\u0000" not in text and isinstance(value, shape)
        if is_fit and _kind(one) == "ArrayField" and not is_by_name:
            one.run_validators(one.to_python(value))
            value = [one.base_field.clean(part, None) for part in value]
    except (ValueError, RecursionError, ValidationError, ZlibError):
        is_fit = False
    if not is_fit:
        plan.refuse(row, one.name, "It is not as it was given out: JSON of the same shape is needed.")
        return None
    return value


def _by_other(value: Any, names: dict[Any, Any]) -> Any:
    """A list of numbers, or what is kept by them, by names; and the other way round. What has none is left out."""
    if value is None:
        return None
    if isinstance(value, dict):
        return {names[key]: kept for one, kept in value.items() if (key := _plain(one)) in names}
    return [names[key] for one in value if (key := _plain(one)) in names]


def _plain(key: Any) -> Any:
    return int(key) if isinstance(key, str) and key.isdecimal() else key


def _numbers_of(plan: Plan, model: type[Model], numbers: dict[str, type[Model]]) -> dict[str, Any]:
    """What rows of a model are called, with their numbers, for the texts in a file."""
    fields = [name for name, of in numbers.items() if of is model]
    if not any(name in row.values for row in plan.taken() for name in fields):
        return {}
    return {name: pk for pk, name in names_of(model)}


def _no_number(text: str) -> None:
    raise ValueError(text)


def _value(record: Any, one: Any) -> Any:
    """A field's value in a comparison; of what is not written yet the very one."""
    value = getattr(record, one.attname)
    if one.is_relation and value is None and one.is_cached(record):
        return id(one.get_cached_value(record))
    if isinstance(value, list | dict):
        return json.dumps(value, sort_keys=True)
    return value


# ── Addresses ───────────────────────────────────────────────────────────────────────────────────────────────────


def _address(text: str, known: dict[str, dict[int, str]]) -> str:
    """An address with what it leads to by name; nothing where that isn't given out."""
    found = ADDRESS.fullmatch(text)
    if found is None or found[2] not in LED_TO or found[4].startswith("{"):
        return text
    model = apps.get_model(LED_TO[found[2]])
    if found[2] not in known:
        known[found[2]] = dict(names_of(model)) if model in BY else {}
    name = known[found[2]].get(int(found[4]))
    if name is None and model not in BY:
        record = model._default_manager.filter(pk=found[4]).first()
        name = known[found[2]][int(found[4])] = record and _called(record)
    return f"{found[1]}{found[2]}{found[3]}{{{name}}}{found[5]}" if name else ""


def _lead(plan: Plan, columns: dict[str, Any]) -> None:
    """Have addresses lead to what is called so here."""
    rows = [
        (row, name, found)
        for name in ADDRESSES & columns.keys()
        for row in plan.taken()
        if (found := ADDRESS.fullmatch(row.get(name, ""))) and found[2] in LED_TO and found[4].startswith("{")
    ]
    wanted: dict[str, set[str]] = {}
    for _, _, found in rows:
        wanted.setdefault(found[2], set()).add(found[4][1:-1])
    known = {word: plan.find(_referent(apps.get_model(LED_TO[word])), names) for word, names in wanted.items()}
    for row, name, found in rows:
        records = known[found[2]].get(found[4][1:-1].casefold(), [])
        row.values[name] = f"{found[1]}{found[2]}{found[3]}{records[0].pk}{found[5]}" if records else ""
        if len(row.values[name]) > columns[name].max_length:
            plan.refuse(row, name, f"It is longer than the {columns[name].max_length} characters that are kept.")


class _Unique:
    """Which of the database's rules a new row would break, beside those that stand and those of the same file."""

    def __init__(self, model: type[Model]) -> None:
        constraints = model._meta.constraints
        self._has_rules = bool(constraints) or any(one.unique for one in model._meta.concrete_fields)
        self._together = [one for one in constraints if isinstance(one, models.UniqueConstraint) and one.fields]
        self._alone = [one for one in model._meta.concrete_fields if one.unique and not one.auto_created]
        self._seen: set[tuple[Any, ...]] = set()

    def broken_by(self, record: Any) -> str | None:
        if not self._has_rules:
            return None
        try:
            with _counted(record):
                record.validate_unique()
                record.validate_constraints()
        except ValidationError as error:
            return f"It breaks a rule: {' '.join(error.messages)}"
        held = [(one.name, getattr(record, one.attname)) for one in self._alone]
        keys = [key for key in held if key[1] is not None]
        for one in self._together:
            against = record._get_field_expression_map(meta=record._meta)
            if one.condition is None or one.condition.check(against):
                values = tuple(_value(record, record._meta.get_field(name)) for name in one.fields)
                if None not in values or one.nulls_distinct is False:
                    keys.append((one.name, *values))
        if any(key in self._seen for key in keys):
            return "It breaks a rule: a row above it says the same."
        self._seen.update(keys)
        return None


@contextmanager
def _counted(record: Any) -> Iterator[None]:
    """Those that the same file makes have no number yet; while rules are asked about, each stands for itself."""
    links = [one for one in record._meta.concrete_fields if one.is_relation and one.is_cached(record)]
    new = [one for one in links if (found := one.get_cached_value(record)) is not None and found.pk is None]
    for one in new:
        record.__dict__[one.attname] = -id(one.get_cached_value(record))
    try:
        yield
    finally:
        for one in new:
            record.__dict__[one.attname] = None
