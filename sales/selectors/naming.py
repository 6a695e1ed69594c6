"""Rows of a list that say what belongs to them by name only."""

from typing import Any

from django.db.models import F, Q, QuerySet

LETTERS = 2  # and fewer are in no trigram
BEFORE = (" ", "-", "(")  # a word of a name


def named(found: QuerySet[Any], *paths: str) -> Any:
    """Rows that know what the records they point at are called (`owner_name`), without a record made of each."""
    return found.select_related(None).annotate(**{f"{path}_name": F(f"{path}__name") for path in paths})


def holds(path: str, text: str) -> Q:
    """Names that hold a text; of one or two letters, names of which a word begins so: only these an index finds."""
    if len(text) > LETTERS or not (text.isascii() and text.isalnum()):
        return Q(**{f"{path}__icontains": text})
    found = Q(**{f"{path}__istartswith": text})
    for sign in BEFORE:
        found |= Q(**{f"{path}__icontains": sign + text})
    return found
