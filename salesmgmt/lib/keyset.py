"""Pages of a long list by keyset: page 1,000 costs what page 1 costs, and nothing is skipped when rows come and go."""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import EmptyResultSet, ValidationError
from django.db import connection
from django.db.models import F, Model, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

M = TypeVar("M", bound=Model)
SIZE = 50
FEW, NEXT, NEAR = 20_000, 5_000, 1_500
LONGEST = 3000  # of a cursor: the longest name there is, in four bytes a letter


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """Rows, and the cursors of the pages before and after (None: there is none)."""

    rows: list[M]
    previous: str | None
    next: str | None

    @property
    def said(self) -> str:
        """What the pager says of it; a list is not counted through for the sake of a number."""
        count = len(self.rows)
        return f"{count} in all" if self.previous is None and self.next is None else f"{count} on this page"


def page(
    rows: QuerySet[M] | Sequence[QuerySet[M]],
    *,
    by: str,
    descending: bool = False,
    cursor: str = "",
    size: int = SIZE,
    shown: QuerySet[M] | None = None,
    narrowed: bool = False,
    few: bool = False,
    lacks: bool = True,
    soon: QuerySet[M] | Sequence[QuerySet[M]] | None = None,
    gather: int = 0,
) -> Page[M]:
    """The page at a cursor, ordered by a field of the model, what lacks it last, ties by id.

    It may be the field of what a row points at (`owner__name`); the rows that are shown know it as `owner_name`.

    A cursor that makes no sense (cut short, of another list) shows the first page. With `shown` the page's rows are
    looked for in `rows` by their ids alone, which an index that holds what the filters ask of can answer by itself
    however far they lie apart, and then read from `shown`. Several `rows` that share none are read as one list.
    `narrowed` by a filter they may lie at the far end of the order, which the database does not foresee: parts of up to
    `FEW` are put in order by themselves instead of being met along the order's index; where they are `few` in any case,
    the database is not asked how many it expects. Not `lacks`: all have the field.
    `soon`: the list without its dearest filter, which many rows pass; they are looked for first among its `NEXT`. Given
    in parts, of which `narrowed` holds then, among the `NEAR` that come first of them all, no further than it takes;
    what is not met there is rare, and put in order by itself.
    `gather`: up to so many rows are put in order by themselves, as nobody can foretell how far they lie apart.
    """
    parts = [rows] if isinstance(rows, QuerySet) else list(rows)
    model = parts[0].model
    at = _read(model, by, cursor)
    backwards = at is not None and at[0] == "<"
    is_nullable = lacks and any(field.null for field in _path(model, by))
    falls = descending != backwards
    ways = _ways(by, falls, nulls_first=backwards, after=at and at[1:], is_nullable=is_nullable)
    order = (f"-{by}", "-pk") if falls else (by, "pk")
    found = _found(parts, ways, order, size + 1, shown, narrowed, few, soon, gather)
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    before = bool(at) and (more if backwards else True) and bool(found)
    after = bool(found) and (True if backwards else more)
    return Page(found, _write("<", found[0], by) if before else None, _write(">", found[-1], by) if after else None)


def is_cursor(model: type[Model], by: str, cursor: str) -> bool:
    """Whether a cursor names a place in this order."""
    return _read(model, by, cursor) is not None


def _ways(by: str, descending: bool, *, nulls_first: bool, after: tuple[Any, int] | None, is_nullable: bool) -> list[Q]:
    """What is asked for one after the other, each by an index: the rows that have the value, those that lack it."""
    step = "lt" if descending else "gt"
    if not is_nullable:
        having, lacking = Q(), None
    else:
        having, lacking = Q(**{f"{by}__isnull": False}), Q(**{f"{by}__isnull": True})
    if after is None or (after[0] is None and lacking is None):
        ways = [having, lacking]
    elif after[0] is None and lacking is not None:
        ways = [having if nulls_first else None, lacking & Q(**{f"pk__{step}": after[1]})]
    else:
        value, pk = after
        beyond = Q(**{f"{by}__{step}e": value}) & (Q(**{f"{by}__{step}": value}) | Q(**{f"pk__{step}": pk}))
        ways = [having & beyond, None if nulls_first else lacking]
    if nulls_first:
        ways.reverse()
    return [way for way in ways if way is not None]


def _found(
    parts: list[QuerySet[M]],
    ways: list[Q],
    order: tuple[str, str],
    count: int,
    shown: QuerySet[M] | None,
    narrowed: bool,
    few: bool,
    soon: QuerySet[M] | Sequence[QuerySet[M]] | None,
    gather: int,
) -> list[M]:
    """The first `count` rows; where they are shown otherwise than found, those of the first ids."""
    if shown is None:
        rows: list[M] = []
        for way in ways:
            if len(rows) < count:
                rows += parts[0].filter(way).order_by(*order)[: count - len(rows)]
        return rows
    found: list[M] = []
    ready: list[tuple[QuerySet[M], Any]] = []
    near = _in_order(soon, order, narrowed, few) if soon is not None and not isinstance(soon, QuerySet) else []
    for way in ways:
        if not (left := count - len(found)):
            break
        met: Any = None if soon is None else _met_soon(parts[0], soon, near, way, order, left)
        if met is None and near:  # rare, then, and in what follows too
            soon, near, ready = None, [], [(parts[0], _by_itself(order))]
        if met is None:
            ready = ready or _in_order(_gathered(parts, gather), order, narrowed and soon is None, few)
            met = _ids(_first(ready, way, order, left))
        found += shown.filter(pk__in=met).order_by(*order)
    return found


def _ids(first: QuerySet[Any, Any]) -> RawSQL | list[int]:
    """The ids of some first rows: asked for by the statement that shows them."""
    try:
        statement, values = first.query.sql_with_params()
    except EmptyResultSet:
        return []
    return RawSQL(f"SELECT pk FROM ({statement}) AS first (pk, place)", values)  # nosec B611


def _met_soon(
    found: QuerySet[M],
    soon: QuerySet[M] | Sequence[QuerySet[M]],
    parts: Sequence[tuple[QuerySet[M], Any]],
    way: Q,
    order: tuple[str, str],
    count: int,
) -> list[int] | None:
    """The first `count` rows, if that many are met at the beginning of `soon`; all there are, where it is no longer."""
    if not isinstance(soon, QuerySet):
        return _met_near(found, parts, way, order, count)
    by, falls = order[0].lstrip("-"), order[0].startswith("-")
    edge = soon.filter(way).order_by(*order).values_list(by, flat=True)[NEXT : NEXT + 1].first()
    if edge is None:
        return None
    near = found.filter(way, **{f"{by}__{'gte' if falls else 'lte'}": edge})
    met = list(near.order_by(*order).values_list("pk", flat=True)[:count])
    return met if len(met) == count else None


def _met_near(
    found: QuerySet[M], parts: Sequence[tuple[QuerySet[M], Any]], way: Q, order: tuple[str, str], count: int
) -> list[int] | None:
    """The same among the `NEAR` first rows of the parts: asked of one after the other, until there are enough."""
    one = found.filter(pk=RawSQL("near.pk", ())).order_by().values("pk")
    try:
        first, said = _first(parts, way, order, NEAR).query.sql_with_params()
        asked, told = one.query.sql_with_params()
    except EmptyResultSet:
        return None
    # OFFSET 0: of what is joined instead, all would be asked.
    statement = f"SELECT near.pk FROM ({first}) AS near (pk, place) WHERE EXISTS ({asked} OFFSET 0) LIMIT %s"
    with connection.cursor() as cursor:
        cursor.execute(statement, [*said, *told, count])  # nosec B608 (statements of Django's own)
        met = [pk for (pk,) in cursor.fetchall()]
    return met if len(met) == count else None


def _gathered(parts: Sequence[QuerySet[M]], most: int) -> Sequence[QuerySet[M]]:
    """The rows by their ids, where they are few."""
    if not most:
        return parts
    ids = list(parts[0].order_by().values_list("pk", flat=True)[: most + 1])
    return [parts[0].model._default_manager.filter(pk__in=ids)] if len(ids) <= most else parts


def _in_order(
    parts: Sequence[QuerySet[M]], order: tuple[str, str], narrowed: bool, few: bool
) -> list[tuple[QuerySet[M], Any]]:
    """Each part with the order it is read in: by itself where it is few, else along the order's index."""
    apart = [few] * len(parts) if few or not narrowed else _are_few(parts)
    return [(part, _by_itself(order) if is_few else order) for part, is_few in zip(parts, apart, strict=True)]


def _by_itself(order: tuple[str, str]) -> tuple[Any, str]:
    """The same order, but no index has it."""
    by, falls = order[0].lstrip("-"), order[0].startswith("-")
    aside = Coalesce(F(by), F(by))
    return (aside.desc() if falls else aside.asc(), order[1])


def _first(ready: Sequence[tuple[QuerySet[M], Any]], way: Q, order: tuple[str, str], count: int) -> Any:
    """The first rows of all parts together: the id of each, and its place."""
    by = order[0].lstrip("-")
    told = [part.annotate(place=F(by)) for part, _ in ready]
    own = zip(told, ready, strict=True)
    first = _together([part.filter(way).order_by(*its).values_list("pk", "place")[:count] for part, (_, its) in own])
    ordered = ("-place", "-pk") if order[0].startswith("-") else ("place", "pk")
    return first.order_by(*ordered)[:count] if len(ready) > 1 else first


def _are_few(parts: Sequence[QuerySet[M]]) -> list[bool]:
    """Whether each part holds no more than `FEW` rows, as the database expects: to count them takes as long as they."""
    asked: dict[int, str] = {}
    values: list[Any] = []
    for place, part in enumerate(parts):
        with suppress(EmptyResultSet):
            statement, said = part.order_by().values("pk").query.sql_with_params()
            asked[place] = f"(SELECT count(*) FROM ({statement}) AS part)"
            values += said
    if not asked:
        return [True] * len(parts)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) SELECT {', '.join(asked.values())}", values)
        (plan,) = cursor.fetchone()
    told = plan if isinstance(plan, list) else json.loads(plan)
    expected = dict(zip(asked, map(_expected, told[0]["Plan"]["Plans"]), strict=True))
    return [expected.get(place, 0) <= FEW for place in range(len(parts))]


def _together(parts: list[Any]) -> Any:
    first, *others = parts
    return first.union(*others, all=True) if others else first


def _path(model: type[Model], by: str) -> list[Any]:
    """The fields that lead to what an order goes by."""
    found: list[Any] = []
    for name in by.split("__"):
        found.append((found[-1].related_model if found else model)._meta.get_field(name))
    return found


def _write(way: str, row: Model, by: str) -> str:
    value = getattr(row, by.replace("__", "_"))
    field = _path(type(row), by)[-1]
    text = None
    if value is not None:
        text = field.value_to_string(row) if "__" not in by else str(value)
    told = json.dumps([way, text, row.pk], ensure_ascii=False)
    return urlsafe_b64encode(told.encode()).decode().rstrip("=")


def _read(model: type[Model], by: str, cursor: str) -> tuple[str, Any, int] | None:
    if not cursor:
        return None
    try:
        way, text, pk = json.loads(urlsafe_b64decode(cursor[:LONGEST] + "=" * (-len(cursor) % 4)))
        field = _path(model, by)[-1]
        value = None if text is None else field.to_python(str(text).replace("\x00", ""))
        if way not in ("<", ">") or not 0 <= int(pk) < 2**63:
            return None
        return way, value, int(pk)
    except (ValueError, TypeError, OverflowError, binascii.Error, ValidationError, RecursionError):
        return None


def _expected(plan: dict[str, Any]) -> int:
    """How many rows are counted, by a plan that counts them; where helpers share in it, those of each."""
    while plan["Node Type"] in {"Aggregate", "Gather", "Gather Merge"}:
        (plan,) = plan["Plans"]
    return int(plan["Plan Rows"])
