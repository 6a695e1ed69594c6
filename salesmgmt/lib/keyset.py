"""Pages of a long list by keyset: page 1,000 costs what page 1 costs, and nothing is skipped when rows come and go."""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet

M = TypeVar("M", bound=Model)
SIZE = 50


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


def page(rows: QuerySet[M], *, by: str, descending: bool = False, cursor: str = "", size: int = SIZE) -> Page[M]:
    """The page at a cursor, ordered by a field of the model, what lacks it last, ties by id.

    A cursor that makes no sense (cut short, of another list) shows the first page.
    """
    at = _read(rows.model, by, cursor)
    backwards = at is not None and at[0] == "<"
    found = _from(rows, by, descending != backwards, nulls_first=backwards, after=at and at[1:], count=size + 1)
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    before = bool(at) and (more if backwards else True) and bool(found)
    after = bool(found) and (True if backwards else more)
    return Page(found, _write("<", found[0], by) if before else None, _write(">", found[-1], by) if after else None)


def _from(
    rows: QuerySet[M], by: str, descending: bool, *, nulls_first: bool, after: tuple[Any, int] | None, count: int
) -> list[M]:
    """`count` rows in order: those that have the value and those that lack it are asked for apart, each by an index."""
    sign = "-" if descending else ""
    step = "lt" if descending else "gt"
    is_nullable = rows.model._meta.get_field(by).null
    having = rows.exclude(**{f"{by}__isnull": True}) if is_nullable else rows
    having = having.order_by(f"{sign}{by}", f"{sign}pk")
    lacking = rows.filter(**{f"{by}__isnull": True}).order_by(f"{sign}pk")
    parts = [having, lacking] if is_nullable else [having]
    if nulls_first:
        parts.reverse()
    if after is not None:
        value, pk = after
        if value is None:
            parts = [part.filter(**{f"pk__{step}": pk}) if part is lacking else part for part in parts]
            parts = parts if nulls_first else [parts[-1]]
        else:
            beyond = Q(**{f"{by}__{step}e": value}) & (Q(**{f"{by}__{step}": value}) | Q(**{f"pk__{step}": pk}))
            parts = [part.filter(beyond) if part is having else part for part in parts]
            parts = [parts[-1]] if nulls_first else parts
    found: list[M] = []
    for part in parts:
        if len(found) < count:
            found += part[: count - len(found)]
    return found


def _write(way: str, row: Model, by: str) -> str:
    value = getattr(row, by)
    field: Any = row._meta.get_field(by)
    text = field.value_to_string(row) if value is not None else None
    return urlsafe_b64encode(json.dumps([way, text, row.pk]).encode()).decode().rstrip("=")


def _read(model: type[Model], by: str, cursor: str) -> tuple[str, Any, int] | None:
    if not cursor:
        return None
    try:
        way, text, pk = json.loads(urlsafe_b64decode(cursor[:500] + "=" * (-len(cursor) % 4)))
        field: Any = model._meta.get_field(by)
        value = None if text is None else field.to_python(str(text).replace("\x00", ""))
        if way not in ("<", ">") or not 0 <= int(pk) < 2**63:
            return None
        return way, value, int(pk)
    except (ValueError, TypeError, OverflowError, binascii.Error, ValidationError, RecursionError):
        return None
