"""Mappings kept under a name, to be used again by page and by command."""

from typing import Any

from django.db import transaction

from salesmgmt.exchange.kinds import kind_of
from salesmgmt.exchange.mapping import OPTIONS, parse
from salesmgmt.exchange.models import Mapping
from salesmgmt.lib.refusals import Refused
from teams.models import User, access_of

LONGEST = 100


@transaction.atomic
def keep_mapping(*, kind: str, name: str, content: dict[str, Any], by: User | None) -> Mapping:
    """Keep a mapping under a name; one of the same name makes way."""
    if by is not None and not access_of(by).imports:
        raise Refused("Only admin and operations keep mappings.")
    called = " ".join(name.split())
    if not called or len(called) > LONGEST:
        raise Refused(f"A mapping's name has 1 to {LONGEST} characters.", field="name")
    parse(content, kind_of(kind))
    mapping, _ = Mapping.objects.update_or_create(kind=kind, name=called, defaults={"content": content, "by": by})
    return mapping


def forget_mapping(*, kind: str, name: str) -> bool:
    """Forget a kept mapping; False: there was none."""
    return Mapping.objects.filter(kind=kind, name=name).delete()[0] > 0


def kept_mapping(*, kind: str, name: str) -> dict[str, Any] | None:
    """The mapping kept under a name for a kind, if there is one."""
    found = Mapping.objects.filter(kind=kind, name=" ".join(name.split())).first()
    return dict(found.content) if found is not None else None


def mapping_of(found: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """How a file was read, as a mapping for the next like it."""
    return {"columns": found["columns"]} | {name: told[name] for name in OPTIONS if told.get(name)}
