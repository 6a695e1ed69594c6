"""Statements that are kept: to write one from a query set takes longer than the database takes to answer it."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import QuerySet


@dataclass(frozen=True, slots=True)
class Statement:
    """A query set as SQL, to be kept (`lru_cache`) by whatever it was made from: access, day, and nothing that the
    database says.
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

    def models(self, model: type[models.Model], asked: Mapping[Any, Any]) -> Iterator[Any]:
        """The same as rows of `model`, what was annotated beside; `asked` is put in for what stands for it."""
        given = [asked.get(value, value) if isinstance(value, Hashable) else value for value in self.params]
        return iter(model._default_manager.raw(self.sql, given))

    def rows(self) -> list[tuple[Any, ...]]:
        """What it finds now, as the database driver gives it."""
        if not self.sql:
            return []
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self.params)
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return found
