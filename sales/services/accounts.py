"""Accounts and contacts."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from sales.models import Account, Contact, may_write_for
from sales.models.customers import ACCOUNT_TREE
from salesmgmt.lib.refusals import Refused
from teams.models import Person, User

from .guards import NOT_YOURS, WITHDRAWN, require_sight, require_write

ACCOUNT_FIELDS = frozenset({"name", "industry", "country", "revenue", "employees", "parent", "owner", "territory"})
CONTACT_FIELDS = frozenset({"name", "email", "phone", "account", "birthday"})


@transaction.atomic
def add_account(
    *,
    name: str,
    owner: Person | None,
    by: User | None,
    industry: str = "",
    country: str = "",
    revenue: Decimal | None = None,
    employees: int | None = None,
    parent: Account | None = None,
    external_id: str | None = None,
) -> Account:
    """Add an account; one without an owner is everybody's to see."""
    if owner is not None:
        require_write(by, owner)
    require_sight(by, parent=parent)
    if not name.strip():
        raise Refused("An account needs a name.", field="name")
    return Account.objects.create(
        name=name.strip(),
        owner=owner,
        industry=industry,
        country=country,
        revenue=revenue,
        employees=employees,
        parent=parent,
        external_id=external_id,
    )


@transaction.atomic
def change_account(*, account: Account, by: User | None, **fields: Any) -> Account:
    """Change what an account says."""
    if unknown := fields.keys() - ACCOUNT_FIELDS:
        raise TypeError(f"An account has no {', '.join(sorted(unknown))} to change.")
    account = Account.objects.select_for_update(of=("self",)).select_related("owner").get(pk=account.pk)
    if account.withdrawn_at is not None:
        raise Refused(WITHDRAWN)
    require_write(by, account.owner)
    if fields.get("owner") is not None:
        require_write(by, fields["owner"])
    if fields.get("parent") != account.parent:
        require_sight(by, parent=fields.get("parent"))
        _require_no_circle(account, fields.get("parent"))
    if not fields.get("name", account.name).strip():
        raise Refused("An account needs a name.", field="name")
    for field, value in fields.items():
        setattr(account, field, value)
    account.save(update_fields=list(fields))
    return account


def _require_no_circle(account: Account, parent: Account | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ACCOUNT_TREE])
    passed: set[int | None] = {None}
    above = parent.pk if parent else None
    while above not in passed:
        if above == account.pk:
            raise Refused("An account can't be below itself.", field="parent")
        passed.add(above)
        above = Account.objects.values_list("parent", flat=True).get(pk=above)


@transaction.atomic
def add_contact(
    *,
    name: str,
    by: User | None,
    account: Account | None = None,
    email: str = "",
    phone: str = "",
    made_by: Person | None = None,
    external_id: str | None = None,
) -> Contact:
    """Add a person at a customer."""
    require_sight(by, account=account)
    if not name.strip():
        raise Refused("A contact needs a name.", field="name")
    return Contact.objects.create(
        name=name.strip(), account=account, email=email, phone=phone, made_by=made_by, external_id=external_id
    )


@transaction.atomic
def change_contact(*, contact: Contact, by: User | None, **fields: Any) -> Contact:
    """Change what a contact says; who sees the account may."""
    if unknown := fields.keys() - CONTACT_FIELDS:
        raise TypeError(f"A contact has no {', '.join(sorted(unknown))} to change.")
    contact = Contact.objects.select_for_update(of=("self",)).get(pk=contact.pk)
    if contact.withdrawn_at is not None:
        raise Refused(WITHDRAWN)
    require_sight(by, contact=contact)
    if "account" in fields:
        require_sight(by, account=fields["account"])
    for field, value in fields.items():
        setattr(contact, field, value)
    contact.save(update_fields=list(fields))
    return contact


@transaction.atomic
def withdraw_account(*, account: Account, by: User | None, at: datetime) -> None:
    """Take an account out of every list; its deals and orders stand."""
    _set_withdrawn(account, by, account.owner_id, at)


@transaction.atomic
def restore_account(*, account: Account, by: User | None) -> None:
    """Undo a withdrawal."""
    _set_withdrawn(account, by, account.owner_id, None)


@transaction.atomic
def withdraw_contact(*, contact: Contact, by: User | None, at: datetime) -> None:
    """Take a contact out of every list."""
    _set_withdrawn(contact, by, _keeper(contact), at)


@transaction.atomic
def restore_contact(*, contact: Contact, by: User | None) -> None:
    """Undo a withdrawal."""
    _set_withdrawn(contact, by, _keeper(contact), None)


def _keeper(contact: Contact) -> int | None:
    return contact.account.owner_id if contact.account else contact.made_by_id


def _set_withdrawn(record: Account | Contact, by: User | None, keeper: int | None, at: datetime | None) -> None:
    if by is not None and not may_write_for(by, keeper):
        raise Refused(NOT_YOURS)
    record.withdrawn_at = at
    record.save(update_fields=["withdrawn_at"])
