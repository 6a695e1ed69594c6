"""Market notes: what competitors and customers do, noted in ten seconds."""

import re
from datetime import datetime
from typing import Any

from django.db import transaction

from sales.models import Account, Competitor, MarketNote, Product
from sales.selectors.market import TAG, named_in
from salesmgmt.lib.refusals import Refused
from teams.models import Person, User

from .guards import WITHDRAWN, require_current, require_sight, require_write

CHANGEABLE = frozenset({"text", "product", "competitor", "account"})
LONGEST = 2000


@transaction.atomic
def add_market_note(
    *,
    owner: Person,
    text: str,
    by: User | None,
    at: datetime,
    product: Product | None = None,
    competitor: Competitor | None = None,
    account: Account | None = None,
    external_id: str | None = None,
) -> MarketNote:
    """Note something. #tags are read from the text; whom an @ names, too, where nobody was named apart."""
    require_write(by, owner)
    named = {"product": product, "competitor": competitor, "account": account}
    require_sight(by, product=product, account=account)
    text = _require_text(text)
    if by is not None and not all(named.values()):
        named = {noun: named[noun] or found for noun, found in named_in(by, text).items()}
    return MarketNote.objects.create(
        owner=owner, noted_at=at, text=text, tags=_tags(text), external_id=external_id, **named
    )


@transaction.atomic
def change_market_note(*, note: MarketNote, by: User | None, version: int | None = None, **fields: Any) -> MarketNote:
    """Change what a note says; its tags follow the text."""
    if unknown := fields.keys() - CHANGEABLE:
        raise TypeError(f"A market note has no {', '.join(sorted(unknown))} to change.")
    note = _locked(note, by)
    if note.withdrawn_at is not None:
        raise Refused(WITHDRAWN)
    require_current(version, note.version, noun="note", who=None, when=None)
    ties = {name: fields[name] for name in ("product", "account") if name in fields}
    require_sight(by, **{name: record for name, record in ties.items() if record != getattr(note, name)})
    if "text" in fields:
        fields["text"] = _require_text(fields["text"])
        fields["tags"] = _tags(fields["text"])
    for name, value in fields.items():
        setattr(note, name, value)
    note.version += 1
    note.save(update_fields=[*fields, "version"])
    return note


@transaction.atomic
def withdraw_market_note(*, note: MarketNote, by: User | None, at: datetime) -> None:
    """Take a note out of every list."""
    note = _locked(note, by)
    note.withdrawn_at = note.withdrawn_at or at
    note.save(update_fields=["withdrawn_at"])


@transaction.atomic
def restore_market_note(*, note: MarketNote, by: User | None) -> None:
    """Undo a withdrawal."""
    note = _locked(note, by)
    note.withdrawn_at = None
    note.save(update_fields=["withdrawn_at"])


def _require_text(text: str) -> str:
    text = text.strip()
    if not text:
        raise Refused("Say what you heard or saw.", field="text")
    if len(text) > LONGEST:
        raise Refused(f"Say it in at most {LONGEST:,} characters.", field="text")
    return text


def _tags(text: str) -> list[str]:
    return list(dict.fromkeys(tag.lower()[:50] for tag in re.findall(TAG, text)))[:20]


def _locked(note: MarketNote, by: User | None) -> MarketNote:
    note = MarketNote.objects.select_for_update(of=("self",)).select_related("owner").get(pk=note.pk)
    require_write(by, note.owner)
    return note
