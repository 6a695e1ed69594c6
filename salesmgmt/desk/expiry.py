"""How long what is about people is kept, by kind of record: defaults of the apps, changed by the organisation.

Each app's services declare `EXPIRIES`. What has expired is blanked or deleted at night, out of the audit too; amounts
stay, and ledgers are no kind.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import import_module

import structlog
from dateutil.relativedelta import relativedelta
from django.apps import apps
from django.db import transaction
from django.utils.module_loading import module_has_submodule

from salesmgmt.lib.refusals import Refused

from .erasure import Forgotten, erase
from .models import Erasure, Notice, Retention

LONGEST = 120  # months
GONE = "Expired"  # in the place of words

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Expiry:
    """A kind of record: for how many months it is kept unless said otherwise, and what then goes.

    `forget` blanks or deletes what is older than the moment by the `Forgotten` it is handed.
    """

    key: str
    label: str
    months: int
    forget: Callable[[datetime, Forgotten], None]


@dataclass(frozen=True, slots=True)
class Kept:
    """A kind with the months that hold here."""

    expiry: Expiry
    months: int

    @property
    def is_default(self) -> bool:
        return self.months == self.expiry.months


def _forget_notices(before: datetime, forgotten: Forgotten) -> None:
    forgotten.drop(Notice.objects.filter(at__lt=before))


OWN = [Expiry("notices", "Notices, read or not", 24, _forget_notices)]


@cache
def expiries() -> dict[str, Expiry]:
    """Every kind, as the apps declare them."""
    found = list(OWN)
    for config in apps.get_app_configs():
        is_ours = config.module is not None and not config.name.startswith(("salesmgmt.", "django."))
        if is_ours and module_has_submodule(config.module, "services"):
            found += getattr(import_module(f"{config.name}.services"), "EXPIRIES", [])
    return {one.key: one for one in found}


def kept() -> list[Kept]:
    """For how long each kind is kept here, by name."""
    said = dict(Retention.objects.values_list("key", "months"))
    found = [Kept(one, said.get(key, one.months)) for key, one in expiries().items()]
    return sorted(found, key=lambda one: one.expiry.label)


@transaction.atomic
def set_retention(*, key: str, months: int, by: int, at: datetime) -> Retention:
    """Keep a kind of record for so many months from now on."""
    if key not in expiries():
        raise Refused(f"There is no kind of record “{key[:40]}” that expires.", field="key")
    if not 1 <= months <= LONGEST:
        raise Refused(f"{months} months can't be: from 1 to {LONGEST}.", field="months")
    made, _ = Retention.objects.update_or_create(
        key=key, defaults={"months": months, "changed_at": at, "changed_by_id": by}
    )
    return made


def forget_expired(*, at: datetime) -> dict[str, int]:
    """Blank or delete what is older than it may be; answers rows by kind. None is held up by another's failure."""
    done: dict[str, int] = {}
    for one in kept():
        try:
            count = _forget(one, at)
        except Exception:
            logger.exception("expiry_failed", kind=one.expiry.key)
        else:
            if count:
                done[one.expiry.key] = count
    return done


@transaction.atomic
def _forget(one: Kept, at: datetime) -> int:
    forgotten = Forgotten()
    one.expiry.forget(at - relativedelta(months=one.months), forgotten)
    count = sum(len(part.ids) for part in forgotten.parts)
    if count:
        reason = f"{one.expiry.label}: kept for {one.months} months"
        erase(noun=Erasure.Noun.EXPIRED, record_id=0, forgotten=forgotten, left_alone=(), by=None, at=at, reason=reason)
    return count
