"""Kinds whose fields are a model's own, with one plan and one export for all of them."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from django.db import models

from salesmgmt.lib.kinds import Field, Kind, Occurrences, Plan, Row, folded
from salesmgmt.lib.ranges import half_open, overlap
from teams.exchange import Once

WORDS = Field("words", longest=2000)  # several, with semicolons between
Check = Callable[[Plan, Row, dict[str, Any], Any], None]


class Folded(models.Func):
    """A text as `str.casefold` has it."""

    template = folded("%(expressions)s")
    output_field = models.TextField()


def yes_or_no(name: str, **more: Any) -> Field:
    return Field(name, "choice", choices=("yes", "no"), **more)


def table(
    key: str,
    model: type[models.Model],
    fields: tuple[Field, ...],
    *,
    by: tuple[str, ...],
    are_many: bool = False,
    named: dict[str, str] | None = None,
    records: Callable[[], models.QuerySet[Any]] | None = None,
    check: Check | None = None,
    finish: Callable[[Plan], None] | None = None,
    admin_only: bool = False,
    **more: Any,
) -> Kind:
    """A kind of which each field is one of the model's, under its own name or as `named` says.

    A row without external id is about the record that has the same values `by` these fields; where they `are_many`, the
    nth row about the nth record. `check` refuses what can't be, and may fill in values; it is given what stands.
    `finish` is told the whole plan.
    """
    of = {one.name: (named or {}).get(one.name, one.name) for one in fields}
    columns = {of[one.name]: model._meta.get_field(of[one.name]) for one in fields}
    references = {of[one.name] for one in fields if one.type == "reference"}
    identified = "external_id" in columns
    first = next((one.name for one in fields if one.needed and one.name in by and one.type == "reference"), None)

    def standing() -> models.QuerySet[Any]:
        found = records() if records is not None else model._default_manager.all()
        return found.filter(withdrawn_at=None) if hasattr(model, "withdrawn_at") else found

    def value_of(name: str, value: Any) -> Any:
        if isinstance(value, str):
            if columns[name].get_internal_type() == "ArrayField":
                return [word for part in value.split(";") if (word := part.strip())]
            if columns[name].get_internal_type() == "BooleanField":
                return value == "yes"
        return value

    def key_of(record: Any) -> tuple[Any, ...]:
        return tuple(_key(record, columns[of[name]]) for name in by)

    def plan(plan: Plan) -> None:
        once, known = Once(), {}
        near = standing()
        if identified:
            ids = {row.values["external_id"] for row in plan.rows if "external_id" in row.values}
            known = {record.external_id: record for record in near.filter(external_id__in=ids)}
        if first is not None:
            field = next(one for one in fields if one.name == first)
            concerned = {record.pk for found in plan.index(field.to).values() for record in found}
            near = near.filter(**{f"{of[first]}__in": concerned})
        for name in by:
            if isinstance(columns[of[name]], models.CharField | models.TextField):
                default = columns[of[name]].get_default() or ""  # type: ignore[union-attr]  # a column has one
                words = {str(row.get(name, default)).casefold() for row in plan.rows}
                near = near.alias(**{f"_{name}": Folded(of[name])}).filter(**{f"_{name}__in": words})
        same = Occurrences.of((key_of(one), one) for one in near.order_by("pk"))
        made: dict[tuple[Any, ...], Any] = {}
        for row in plan.taken():
            if not plan.refer(row):
                continue
            values = {
                of[name]: row.found.get(name) if name in row.found else value_of(of[name], value)
                for name, value in row.values.items()
            }
            given = model(**values)
            if (external_id := row.get("external_id")) is not None:
                record = known.get(external_id)
                if record is None:  # one that has none yet may be the same
                    record = next((one for one in same.known.get(key_of(given), []) if not one.external_id), None)
                    record = record if record is not None and not are_many else None
            elif are_many:
                record = same.next(key_of(given))
            else:
                record = made.get(key_of(given)) or next(iter(same.known.get(key_of(given), [])), None)
            if check is not None:
                check(plan, row, values, record)
            if row.refusals or not once.admits(plan, row, record or row, fields[0].name):
                continue
            if record is None:
                record = plan.create(model(**values), row)
                made[key_of(record)] = record
                if external_id is not None:
                    known[external_id] = record
                once.admits(plan, row, record, fields[0].name)
                row.act = "created"
            elif plan.change(record, row, **values):
                row.act = "changed"
        if finish is not None:
            finish(plan)

    def rows() -> Iterator[dict[str, Any]]:
        related = [name for name in references if columns[name].is_relation]
        for record in standing().select_related(*related).order_by("pk").iterator(2000):
            told = {name: _told(getattr(record, attribute)) for name, attribute in of.items()}
            yield told | ({"": record} if identified else {})

    return Kind(key, fields, plan, rows, admin_only=admin_only, **more)


def _key(record: Any, column: Any) -> Any:
    """A field's value in a key: letters alike, and of what is not written yet the very one."""
    value = getattr(record, column.attname)
    if column.is_relation and value is None and column.is_cached(record):
        return id(column.get_cached_value(record))
    return value.casefold() if isinstance(value, str) else value


def _told(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "; ".join(value)
    return value.username if hasattr(value, "username") else value


def dated(
    key: str,
    model: type[models.Model],
    of: Field,
    who: Field,
    *more: Field,
    after: Callable[[Plan, Row, Any, list[Any]], None] | None = None,
    check: Callable[[Plan, Row, Any], None] | None = None,
    admin_only: bool = False,
    guarded: tuple[str, ...] = (),
) -> Kind:
    """A kind of rows that hold from a day until another, one at a time `of` something: each as it stands.

    What else stood there makes room. `check` refuses what can't be; `after` is told what holds of that thing now.
    """
    names = tuple(one.name for one in (who, *more))
    related = [one.name for one in (of, who, *more) if one.type == "reference"]

    def plan(plan: Plan) -> None:
        standing: dict[int, list[Any]] = defaultdict(list)
        concerned = {record.pk for found in plan.index(of.to).values() for record in found}
        for one in model._default_manager.filter(**{f"{of.name}__in": concerned}).order_by("during"):
            standing[getattr(one, f"{of.name}_id")].append(one)
        for row in plan.taken():
            start, until = row.values["from"], row.get("until")
            if until is not None and until <= start:
                plan.refuse(row, "until", "It must come after from; it is the first day no longer in it.")
            if not plan.refer(row):
                continue
            thing = row.found[of.name]
            if check is not None:
                check(plan, row, thing)
                if row.refusals:
                    continue
            empty = {one.name: None if one.type == "reference" else "" for one in more}
            said = empty | {name: row.found.get(name, row.values[name]) for name in names if name in row.values}
            rows = standing[thing.pk or id(thing)]
            if same := next((one for one in rows if (one.starts_on, one.until) == (start, until)), None):
                if plan.change(same, row, **said):
                    row.act = "changed"
            else:
                _make_room(plan, row, rows, start, until)
                rows.append(plan.create(model(**{of.name: thing}, **said, during=half_open(start, until)), row))
                row.act = "created"
            if after is not None:
                after(plan, row, thing, rows)

    def rows() -> Iterator[dict[str, Any]]:
        for one in model._default_manager.select_related(*related).order_by(of.name, "during").iterator(2000):
            told = {name: _told(getattr(one, name)) for name in (of.name, *names)}
            yield told | {"from": one.starts_on, "until": one.until}  # type: ignore[attr-defined]

    since = Field("from", "date", needed=True, also=("start", "start_date", "starts_on"))
    until = Field("until", "date", also=("end", "end_date", "to", "ends_on"))
    fields = (of, who, since, until, *more)
    return Kind(key, fields, plan, rows, together=(of.name,), admin_only=admin_only, guarded=guarded)


def _make_room(plan: Plan, row: Row, standing: list[Any], start: Any, until: Any) -> None:
    """What stands in [start, until) ends before, begins after, or goes."""
    for one in [one for one in standing if overlap(one.during, half_open(start, until))]:
        if until is not None and (one.until is None or one.until > until):
            kept = {field.name: getattr(one, field.name) for field in one._meta.concrete_fields if field.name != "id"}
            standing.append(plan.create(type(one)(**kept | {"during": half_open(until, one.until)}), row))
        if one.starts_on < start:
            plan.change(one, row, during=half_open(one.starts_on, start))
        else:
            standing.remove(one)
            plan.remove(one, row)
