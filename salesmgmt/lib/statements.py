"""Statements that are kept: to write one from a query set takes longer than the database takes to answer it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import QuerySet


@dataclass(frozen=True, slots=True)
class Statement:
    """A query set as SQL, to be kept (`lru_cache`) by whatever it was made from: access, day, and nothing that the
    database says. Numbers in it may stand for others, which are put in when it is asked.
    """

    sql: str
    params: tuple[Any, ...]

    @classmethod
    def of(cls, rows: QuerySet[Any, Any]) -> Self:
        try:
            sql, params = rows.query.sql_with_params()
        except EmptyResultSet:
            return cls("", ())
        return cls(sql, tuple(params))

    def rows(self, instead: Mapping[int, int | None] | None = None) -> list[tuple[Any, ...]]:
        """What it finds now, as the database driver gives it."""
        if not self.sql:
            return []
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self._given(instead or {}))
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return found

    def models(self, model: type[models.Model], instead: Mapping[int, int | None] | None = None) -> Iterator[Any]:
        """The same as rows of `model`, with what was annotated beside."""
        return iter(model._default_manager.raw(self.sql, self._given(instead or {})))

    def _given(self, instead: Mapping[int, int | None]) -> list[Any]:
        def put(value: Any) -> Any:
            if isinstance(value, list):
                return [put(one) for one in value]
            return instead.get(value, value) if type(value) is int else value

        return [put(value) for value in self.params]
