"""Erasing what is known about a person, on request: the words out of every text, the audit and the ledgers included.

Amounts, counts and days stay. Records are blanked by the services that own them, which answer a `Forgotten`; the
owner's function `desk_erase` then does what web and worker may not, and leaves a row of its own.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.db import OperationalError, connection, models
from django.utils.crypto import salted_hmac

from salesmgmt.lib.refusals import Refused

from .models import Erasure

AT_ONCE = 50_000  # rows deleted in one go; the next night goes on
SHORTEST = 5  # shorter words mean too much else
ERASED = "Erased"  # in the place of words


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of a table in which columns were blanked."""

    model: type[models.Model]
    ids: list[int]
    columns: list[str]

    @property
    def is_only_added_to(self) -> bool:
        """By web and worker: the owner's function blanks it."""
        return self.model._meta.db_table in settings.APPEND_ONLY_TABLES


@dataclass(slots=True)
class Forgotten:
    """What is to go: words wherever they stand, columns of named rows; and by what a file would bring it back."""

    words: set[str] = field(default_factory=set)
    parts: list[Part] = field(default_factory=list)
    digests: set[str] = field(default_factory=set)

    def blank(self, rows: models.QuerySet[Any], **values: Any) -> None:
        """Set columns of rows to something that says nothing."""
        ids = list(rows.values_list("pk", flat=True))
        if ids:
            model = rows.model
            model._base_manager.filter(pk__in=ids).update(**values)
            columns = [str(model._meta.get_field(name).column) for name in values if name != "version"]
            self.parts.append(Part(model, ids, columns))

    def blank_words(self, rows: models.QuerySet[Any], *names: str) -> None:
        """Replace what stands in columns of text; empty ones stay so."""
        for name in names:
            one = rows.model._meta.get_field(name)
            nothing: Any = {} if isinstance(one, models.JSONField) else ERASED
            said = rows.exclude(**{name: nothing}).exclude(**{name: type(nothing)()})
            if rows.model._meta.db_table in settings.APPEND_ONLY_TABLES:
                if ids := list(said.values_list("pk", flat=True)):
                    self.parts.append(Part(rows.model, ids, [str(one.column)]))
            else:
                self.blank(said, **{name: nothing})

    def drop(self, rows: models.QuerySet[Any]) -> None:
        """Delete rows, as many as go at once; what they said goes from the audit too."""
        ids = list(rows.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
        if ids:
            model = rows.model
            model._base_manager.filter(pk__in=ids).delete()
            columns = [str(one.column) for one in model._meta.local_concrete_fields if not one.primary_key]
            self.parts.append(Part(model, ids, columns))

    def know(self, noun: str, *names: str | None) -> None:
        """Remember by what files call somebody: external id, e-mail."""
        self.digests.update(digest_of(noun, name) for name in names if name)

    def say(self, *words: str) -> None:
        """Words to take out everywhere; what is too short is left to the rows themselves."""
        self.words.update(word.strip() for word in words if len(word.strip()) >= SHORTEST)

    def join(self, other: Self) -> None:
        self.words |= other.words
        self.parts += other.parts
        self.digests |= other.digests


def digest_of(noun: str, name: str) -> str:
    """A keyed hash: it tells whether a name is the erased one, and not what that was."""
    return salted_hmac("paceline.erasure", f"{noun}:{name.strip().casefold()}", algorithm="sha256").hexdigest()


def erase(
    *, noun: str, record_id: int, forgotten: Forgotten, left_alone: Iterable[str], by: int | None, at: datetime,
    reason: str,
) -> Erasure:  # fmt: skip
    """Take the words out of every table, and what was blanked out of the audit. One transaction with the blanking."""
    if not reason.strip():
        raise Refused("Say who asked for it, and when.", field="reason")
    parts = [{"table": one.model._meta.db_table, "ids": one.ids, "columns": one.columns} for one in forgotten.parts]
    call = "SELECT desk_erase(%s, %s, %s::text[], %s::jsonb, %s::text[], %s::text[], %s, %s, %s)"
    values: list[Any] = [noun, record_id, sorted(forgotten.words), json.dumps(parts), list(left_alone)]
    try:
        with connection.cursor() as cursor:
            for one in forgotten.parts:
                if one.is_only_added_to:
                    table = one.model._meta.db_table
                    cursor.execute("SELECT desk_blank(%s, %s::bigint[], %s::text[])", [table, one.ids, one.columns])
            cursor.execute(call, [*values, sorted(forgotten.digests), by, at, reason.strip()])
            (made,) = cursor.fetchone()
    except OperationalError as error:
        if "lock timeout" in str(error):
            raise Refused("Others are writing a lot just now. Try again in a minute.") from None
        raise
    return Erasure.objects.get(pk=made)


def erased_digests() -> set[str]:
    """By which external ids and e-mail no file brings somebody back."""
    return {one for row in Erasure.objects.values_list("digests", flat=True) for one in row}


def is_known_as(said: Iterable[str | None], noun: str, digests: set[str]) -> bool:
    """Is one of these what an erased person was called?"""
    return any(digest_of(noun, name) in digests for name in said if name)
