"""Rows of a list that say what belongs to them by name only."""

from typing import Any

from django.db.models import F, QuerySet


def named(found: QuerySet[Any], *paths: str) -> Any:
    """Rows that know what the records they point at are called (`owner_name`), without a record made of each."""
    return found.select_related(None).annotate(**{f"{path}_name": F(f"{path}__name") for path in paths})
