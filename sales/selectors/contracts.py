"""Questions about contracts."""

import hashlib
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from sales.models import Contract
from teams.models import Viewer

from .naming import named

SOON = timedelta(days=90)
# None was opened, or one that was taken back.
WITHOUT_RENEWAL = Q(renewal_deal=None) | Q(renewal_deal__withdrawn_at__isnull=False)


def in_force() -> QuerySet[Contract]:
    """Signed and not replaced by a signed amendment."""
    replaced = Contract.objects.present().filter(amends__isnull=False, signed_on__isnull=False)
    return Contract.objects.present().filter(signed_on__isnull=False).exclude(pk__in=replaced.values("amends"))


def contract_states(day: date) -> dict[str, Q]:
    """What a contract can be on a day. `ending`: notice or end within three months and no renewal yet."""
    running = Q(signed_on__isnull=False) & (Q(ends_on=None) | Q(ends_on__gte=day)) & Q(is_replaced=False)
    due = Q(notice_on__range=(day, day + SOON)) | Q(notice_on=None, ends_on__range=(day, day + SOON))
    return {
        "draft": Q(signed_on=None),
        "running": running,
        "ending": running & due & WITHOUT_RENEWAL,
        "ended": Q(signed_on__isnull=False) & (Q(ends_on__lt=day) | Q(is_replaced=True)),
    }


def _told(found: QuerySet[Contract]) -> QuerySet[Contract]:
    amendments = Contract.objects.present().filter(amends=OuterRef("pk"), signed_on__isnull=False)
    return found.annotate(is_replaced=Exists(amendments))


def contract_lines() -> QuerySet[Contract]:
    """Contracts as a list shows them, for those that were found."""
    found: QuerySet[Contract] = named(Contract.objects.all(), "account", "owner")
    return _told(found.prefetch_related("amends"))


def contract_counts(user: Viewer, day: date) -> dict[str, int]:
    """How many somebody sees that are `running`, and of these are `ending`."""
    states = contract_states(day)
    found: QuerySet[Any] = contracts(user, day=day, state="running")
    found = found.values("pk", "is_replaced")
    counted = found.aggregate(running=Count("pk"), ending=Count("pk", filter=states["ending"]))
    return {name: counted[name] for name in ("running", "ending")}


def contracts(
    user: Viewer,
    *,
    day: date,
    state: str = "",
    text: str = "",
    account: int | None = None,
    owner: int | None = None,
) -> QuerySet[Contract]:
    """Contracts somebody may see; each knows whether a signed amendment has replaced it."""
    found = _told(Contract.objects.visible_to(user).select_related("account", "owner", "amends", "renewal_deal"))
    if text:
        found = found.filter(Q(number__icontains=text) | Q(account__name__icontains=text))
    asked: dict[str, Any] = {"account": account, "owner": owner}
    found = found.filter(**{name: value for name, value in asked.items() if value})
    states = contract_states(day)
    return found.filter(states[state]) if state in states else found


def state_of(contract: Contract, day: date) -> str:
    """A contract's state on a day, in a word."""
    if contract.signed_on is None:
        return "Draft"
    if getattr(contract, "is_replaced", False):
        return "Amended"
    if contract.ends_on is not None and contract.ends_on < day:
        return "Ended"
    return "Running" if contract.starts_on <= day else "Signed"


TYPES = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


def paper_of(contract: Contract) -> tuple[bytes, str] | None:
    """The signed paper as it was kept, and its type; one that is not the same any more is not given out."""
    if not contract.file:
        return None
    try:
        with contract.file.open("rb") as paper:
            content: bytes = paper.read()
    except OSError:
        return None
    if hashlib.sha256(content).hexdigest() != contract.file_digest:
        return None
    return content, TYPES.get(str(contract.file.name).rpartition(".")[2], "application/octet-stream")
