"""Contracts: agreed, signed once, amended by a new one, renewed in time."""

import hashlib
import re
import zipfile
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import PurePath
from typing import Any
from uuid import uuid4

from django.core.files.base import File
from django.db import transaction
from django.db.models import DateField, ExpressionWrapper, F, Q
from django.db.models.functions import Coalesce
from django.urls import reverse

from sales import selectors
from sales.models import Account, Contract, Deal
from salesmgmt.lib.refusals import Refused
from teams.models import Person, User, access_of

from .deals import open_deal
from .guards import WITHDRAWN, organisation_for, require_current, require_money, require_sight, require_write
from .notices import tell

LARGEST = 10 * 1024 * 1024
SIGNED = "A signed contract can't be changed; add an amendment."
KINDS = {"pdf": b"%PDF-", "png": b"\x89PNG\r\n\x1a\n", "jpg": b"\xff\xd8\xff", "docx": b"PK\x03\x04"}
DIGEST = re.compile("[0-9a-f]{64}")
MOVED = "{}/moved/{}"  # papers of another installation, by their digests
FIELDS = (
    "owner", "number", "starts_on", "ends_on", "notice_on", "value", "currency", "terms", "quality_terms",
    "price_terms", "logistics_terms", "renew_days_before",
)  # fmt: skip


@transaction.atomic
def add_contract(
    *,
    account: Account,
    starts_on: date,
    by: User | None,
    owner: Person | None = None,
    amends: Contract | None = None,
    external_id: str | None = None,
    **said: Any,
) -> Contract:
    """Write down a contract, not signed yet. One that `amends` a signed one stands beside it, never in its place."""
    owner = owner or account.owner
    require_write(by, owner)
    require_sight(by, account=account, amends=amends)
    if amends is not None and amends.account_id != account.pk:
        raise Refused(f"{amends} is a contract with another customer.", field="amends")
    if amends is not None and amends.signed_on is None:
        raise Refused(f"{amends} is not signed yet: change it as it is.", field="amends")
    said["currency"] = said.get("currency") or organisation_for(by).currency
    contract = Contract(account=account, owner=owner, starts_on=starts_on, amends=amends, external_id=external_id)
    _take(contract, said)
    contract.save()
    return contract


@transaction.atomic
def change_contract(*, contract: Contract, by: User | None, version: int | None = None, **changes: Any) -> Contract:
    """Change what is not signed yet."""
    contract = _locked(contract, by, version)
    if "owner" in changes:
        require_write(by, changes["owner"])
    _take(contract, changes)
    contract.version += 1
    contract.save()
    return contract


@transaction.atomic
def attach_file(*, contract: Contract, file: File, by: User | None, version: int | None = None) -> Contract:
    """Keep the paper itself: PDF, PNG, JPEG or Word, 10 MB at most, with its SHA-256."""
    contract = _locked(contract, by, version)
    _keep(contract, file)
    contract.version += 1
    contract.save()
    return contract


@transaction.atomic
def sign_contract(
    *,
    contract: Contract,
    signed_on: date,
    signed_by: str,
    by: User | None,
    on: date,
    file: File | None = None,
    version: int | None = None,
) -> Contract:
    """Sign a contract with the signed paper beside it; from then on it can't be changed."""
    contract = _locked(contract, by, version)
    if signed_on > on:
        raise Refused("A contract can't be signed on a day still to come.", field="signed_on")
    if not signed_by.strip():
        raise Refused("Say who signed for the customer.", field="signed_by")
    if file is not None:
        _keep(contract, file)
    if not contract.file:
        raise Refused("Add the signed paper first, as a file.", field="file")
    contract.signed_on, contract.signed_by = signed_on, signed_by.strip()
    if contract.amends is not None:
        contract.renewal_deal = contract.amends.renewal_deal  # it is renewed once, however often it is amended
    contract.version += 1
    contract.save()
    return contract


@transaction.atomic
def withdraw_contract(*, contract: Contract, by: User | None, at: datetime) -> None:
    """Take a contract out of every list; what was amended stays as long as its amendment."""
    contract = Contract.objects.select_for_update(of=("self",)).select_related("owner").get(pk=contract.pk)
    require_write(by, contract.owner)
    if contract.signed_on is not None and by is not None and not access_of(by).imports:
        raise Refused("A signed contract stays; ask operations to withdraw one that was entered by mistake.")
    if contract.amendments.filter(withdrawn_at=None).exists():
        raise Refused("This contract has an amendment; withdraw that first.")
    Contract.objects.filter(pk=contract.pk, withdrawn_at=None).update(withdrawn_at=at)


# ── Renewal ─────────────────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def renew_contract(*, contract: Contract, by: User | None, at: datetime, on: date) -> Deal:
    """Open the deal that renews a contract, once, with its customer, owner and value."""
    contract = (
        Contract.objects.select_for_update(of=("self",))
        .select_related("account__owner", "owner", "renewal_deal")
        .get(pk=contract.pk)
    )
    if contract.withdrawn_at is not None:
        raise Refused(WITHDRAWN)
    require_write(by, contract.owner)
    if contract.renewal_deal is not None and contract.renewal_deal.withdrawn_at is None:
        raise Refused(f"The renewal is “{contract.renewal_deal}” already.")
    if contract.signed_on is None:
        raise Refused("A contract is signed before it is renewed.")
    if not selectors.in_force().filter(pk=contract.pk).exists():
        raise Refused("An amendment has taken this contract's place; renew that.")
    owner = next((who for who in (contract.owner, contract.account.owner) if who and _is_here(who, on)), None)
    if owner is None:
        raise Refused("Nobody who is here looks after this customer; give the contract an owner first.", field="owner")
    due = contract.notice_on or contract.ends_on
    deal = open_deal(
        owner=owner, name=f"Renewal: {contract} with {contract.account}"[:300], account=contract.account,
        amount=contract.value, currency=contract.currency, opened_on=on,
        expected_close_on=max(due, on) if due else None, source="renewal", by=None, at=at,
    )  # fmt: skip
    contract.renewal_deal = deal
    contract.save(update_fields=["renewal_deal"])
    said = f"{contract} with {contract.account} is to be renewed" + (f" by {due:%d %b %Y}." if due else ".")
    tell([owner], said, link=reverse("deal", args=[deal.pk]), at=at, but=by)
    return deal


def open_renewals(*, on: date, at: datetime) -> int:
    """Daily: the renewal deals whose time has come, each contract by itself; a second run opens nothing."""
    due = selectors.in_force().filter(selectors.WITHOUT_RENEWAL).annotate(due_on=Coalesce("notice_on", "ends_on"))
    opens_on = ExpressionWrapper(F("due_on") - F("renew_days_before"), output_field=DateField())
    waiting = due.annotate(opens_on=opens_on).filter(Q(ends_on=None) | Q(ends_on__gte=on), opens_on__lte=on)
    opened = 0
    for contract in waiting.order_by("due_on", "pk"):
        try:
            renew_contract(contract=contract, by=None, at=at, on=on)
        except Refused:
            continue  # another run has it, or nobody looks after the customer; the list of contracts says so
        opened += 1
    return opened


def _is_here(person: Person, on: date) -> bool:
    return person.withdrawn_at is None and (person.left_on is None or person.left_on > on)


# ── What they share ─────────────────────────────────────────────────────────────────────────────────────────────


def _locked(contract: Contract, by: User | None, version: int | None) -> Contract:
    contract = Contract.objects.select_for_update(of=("self",)).select_related("owner").get(pk=contract.pk)
    if contract.withdrawn_at is not None:
        raise Refused(WITHDRAWN)
    require_write(by, contract.owner)
    require_current(version, contract.version, noun="contract", who=None, when=None)
    if contract.signed_on is not None:
        raise Refused(SIGNED)
    return contract


def _take(contract: Contract, said: dict[str, Any]) -> None:
    unknown = said.keys() - {*FIELDS}
    if unknown:
        raise TypeError(f"A contract has no {', '.join(sorted(unknown))} to change here.")
    for name, value in said.items():
        setattr(contract, name, require_money(value, field="value") if name == "value" else value)
    start, end, notice = contract.starts_on, contract.ends_on, contract.notice_on
    if end is not None and end < start:
        raise Refused("A contract can't end before it starts.", field="ends_on")
    if notice is not None and end is not None and notice > end:
        raise Refused("Notice can't be due after the contract has ended.", field="notice_on")


def keep_moved_paper(*, file: File, place: str = "contracts") -> None:
    """Keep a paper of another installation, before the table that names it by its digest."""
    name, suffix, digest = looked_through(file)
    if name != f"{digest}.{suffix}":
        raise Refused(f"“{name}” isn't the paper it was: its SHA-256 is {digest}.", field="file")
    storage, at = Contract._meta.get_field("file").storage, MOVED.format(place, name)
    if not storage.exists(at):
        storage.save(at, file)


def moved_paper(*, digest: str, name: str, place: str = "contracts") -> str | None:
    """Where a paper that moved here is kept, if it is."""
    at = MOVED.format(place, f"{digest}.{_suffix(name)}")
    return at if DIGEST.fullmatch(digest) and Contract._meta.get_field("file").storage.exists(at) else None


def _suffix(name: str) -> str:
    kind = name.rpartition(".")[2].lower()
    return {"jpeg": "jpg"}.get(kind, kind)


def looked_through(file: File) -> tuple[str, str, str]:
    """A paper's name, what it is, and its digest. Raises Refused where it is none."""
    name = PurePath(str(file.name or "").replace("\\", "/")).name.replace("\x00", "")[-255:]
    suffix = _suffix(name)
    if suffix not in KINDS:
        raise Refused(f"“{name[:60]}” is no PDF, PNG, JPEG or Word file.", field="file")
    if file.size > LARGEST:
        raise Refused(f"The file has {file.size / 1024 / 1024:.0f} MB; 10 MB is the most.", field="file")
    file.seek(0)
    if not file.read(8).startswith(KINDS[suffix]) or (suffix == "docx" and not _is_word(file)):
        raise Refused(f"“{name[:60]}” does not hold what its name says.", field="file")
    file.seek(0)
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    return name, suffix, digest.hexdigest()


def _keep(contract: Contract, file: File) -> None:
    name, suffix, digest = looked_through(file)
    before, storage = contract.file.name, contract.file.storage
    contract.file.save(f"{uuid4().hex}.{suffix}", file, save=False)
    contract.file_name, contract.file_digest = name, digest
    if before:
        transaction.on_commit(lambda: storage.delete(before))


def _is_word(file: File) -> bool:
    """A zip whose list of contents (nothing is unpacked) has what a Word file has."""
    try:
        names: Iterable[str] = zipfile.ZipFile(file).namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return False
    return {"[Content_Types].xml", "word/document.xml"} <= set(names)
