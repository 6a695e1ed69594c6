"""Accounts and contacts: who buys, who works there, what they are like."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from sales.models import Account, AccountProfile, Contact, ContactRole, may_write_for
from sales.models.customers import ACCOUNT_TREE
from sales.selectors.owners import keeper_of
from salesmgmt.lib.holds import refuse_held
from salesmgmt.lib.ranges import BEFORE_ALL_RECORDS
from salesmgmt.lib.refusals import Refused
from teams.models import Person, Territory, User
from teams.selectors import person_of

from .custom import take_custom
from .guards import NOT_YOURS, WITHDRAWN, require_current, require_sight, require_write
from .ownerships import follow_owners

ACCOUNT_FIELDS = frozenset(
    {"name", "industry", "country", "revenue", "employees", "parent", "owner", "territory", "tags", "custom"}
)
CONTACT_FIELDS = frozenset(
    {
        "name", "email", "phone", "account", "birthday", "title", "prefers", "preferences", "is_public_official",
        "is_not_to_be_contacted", "tags", "custom",
    }
)  # fmt: skip
MOST_TAGS = 30


@transaction.atomic
def add_account(
    *,
    name: str,
    owner: Person | None,
    by: User | None,
    on: date | None = None,
    industry: str = "",
    country: str = "",
    revenue: Decimal | None = None,
    employees: int | None = None,
    parent: Account | None = None,
    territory: Territory | None = None,
    tags: list[str] | None = None,
    custom: dict[str, Any] | None = None,
    external_id: str | None = None,
) -> Account:
    """Add an account that is its owner's from a day (default: since before all records); without one, everybody's."""
    if owner is not None:
        require_write(by, owner)
    require_sight(by, parent=parent)
    if not name.strip():
        raise Refused("An account needs a name.", field="name")
    made = Account.objects.create(
        name=name.strip(),
        owner=owner,
        industry=industry,
        country=country,
        revenue=revenue,
        employees=employees,
        parent=parent,
        territory=territory,
        tags=require_tags(tags or []),
        custom=take_custom(noun="account", said=custom or {}, stands={}),
        external_id=external_id,
    )
    if owner is not None:
        follow_owners(account_ids=[made.pk], on=on or BEFORE_ALL_RECORDS, by=by)
    return made


@transaction.atomic
def change_account(
    *, account: Account, by: User | None, on: date | None = None, version: int | None = None, **fields: Any
) -> Account:
    """Change what an account says; a new owner has it from `on`."""
    if unknown := fields.keys() - ACCOUNT_FIELDS:
        raise TypeError(f"An account has no {', '.join(sorted(unknown))} to change.")
    account = Account.objects.select_for_update(of=("self",)).select_related("owner").get(pk=account.pk)
    if account.withdrawn_at is not None:
        raise Refused(WITHDRAWN)
    require_write(by, account.owner)
    require_current(version, account.version, noun="account", who=None, when=None)
    if fields.get("owner") is not None:
        require_write(by, fields["owner"])
    if fields.get("parent") != account.parent:
        require_sight(by, parent=fields.get("parent"))
        _require_no_circle(account, fields.get("parent"))
    if not fields.get("name", account.name).strip():
        raise Refused("An account needs a name.", field="name")
    was = account.owner_id
    if "owner" in fields and getattr(fields["owner"], "pk", None) != was:
        refuse_held("account", [account.pk], field="owner")
    _set(account, "account", fields)
    if account.owner_id != was:
        if on is None:
            raise TypeError("A change of hands needs its day.")
        follow_owners(account_ids=[account.pk], on=on, by=by)
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
        above = Account.objects.values_list("parent", flat=True).get(pk=above or 0)


@transaction.atomic
def describe_account(
    *, account: Account, by: User | None, at: datetime, version: int | None = None, **fields: Any
) -> AccountProfile:
    """Write what a customer is like and what to do differently here; who sees the account may."""
    if unknown := fields.keys() - {"decision", "cares_about", "needs", "do_differently"}:
        raise TypeError(f"A profile has no {', '.join(sorted(unknown))} to change.")
    require_sight(by, account=account)
    Account.objects.select_for_update(of=("self",)).get(pk=account.pk)
    profile = AccountProfile.objects.filter(account=account).select_related("changed_by__person").first()
    stands = profile.version if profile else 0
    if profile is None:
        require_current(version, 0, noun="profile", who=None, when=None)
        profile = AccountProfile(account=account)
    else:
        require_current(version, stands, noun="profile", who=profile.changed_by, when=profile.changed_at)
    for name, value in fields.items():
        setattr(profile, name, value)
    profile.changed_at, profile.changed_by, profile.version = at, by, stands + 1
    profile.save()
    return profile


@transaction.atomic
def add_contact(
    *,
    name: str,
    by: User | None,
    account: Account | None = None,
    made_by: Person | None = None,
    external_id: str | None = None,
    tags: list[str] | None = None,
    custom: dict[str, Any] | None = None,
    **fields: Any,
) -> Contact:
    """Add a person at a customer."""
    if unknown := fields.keys() - CONTACT_FIELDS:
        raise TypeError(f"A contact has no {', '.join(sorted(unknown))}.")
    require_sight(by, account=account)
    if not name.strip():
        raise Refused("A contact needs a name.", field="name")
    return Contact.objects.create(
        name=name.strip(),
        account=account,
        made_by=made_by,
        external_id=external_id,
        tags=require_tags(tags or []),
        custom=take_custom(noun="contact", said=custom or {}, stands={}),
        **fields,
    )


@transaction.atomic
def change_contact(*, contact: Contact, by: User | None, version: int | None = None, **fields: Any) -> Contact:
    """Change what a contact says; who sees the account may."""
    if unknown := fields.keys() - CONTACT_FIELDS:
        raise TypeError(f"A contact has no {', '.join(sorted(unknown))} to change.")
    contact = Contact.objects.select_for_update(of=("self",)).get(pk=contact.pk)
    if contact.withdrawn_at is not None:
        raise Refused(WITHDRAWN)
    require_sight(by, contact=contact)
    require_current(version, contact.version, noun="contact", who=None, when=None)
    if "account" in fields and fields["account"] != contact.account:
        require_sight(by, account=fields["account"])
    if not fields.get("name", contact.name).strip():
        raise Refused("A contact needs a name.", field="name")
    if by is not None and contact.made_by_id is None and "account" in fields and fields["account"] is None:
        fields["made_by"] = person_of(by)  # without an account it is seen by its maker, and by nobody if there is none
    _set(contact, "contact", fields)
    return contact


def _set(record: Account | Contact, noun: str, fields: dict[str, Any]) -> None:
    if "tags" in fields:
        fields["tags"] = require_tags(fields["tags"])
    if "custom" in fields:
        fields["custom"] = take_custom(noun=noun, said=fields["custom"], stands=record.custom)
    for field, value in fields.items():
        setattr(record, field, value)
    record.version += 1
    record.save(update_fields=[*fields, "version"])


@transaction.atomic
def add_role(*, contact: Contact, account: Account, by: User | None, title: str = "") -> ContactRole:
    """Say that a contact is somebody at a further account."""
    require_sight(by, contact=contact, account=account)
    if contact.account_id == account.pk:
        raise Refused(f"{contact.name} is at {account.name} already.", field="account")
    role, _ = ContactRole.objects.update_or_create(contact=contact, account=account, defaults={"title": title})
    return role


@transaction.atomic
def remove_role(*, role: ContactRole, by: User | None) -> None:
    """Say that a contact is nobody at a further account any more."""
    require_sight(by, contact=role.contact, account=role.account)
    role.delete()


@transaction.atomic
def withdraw_account(*, account: Account, by: User | None, at: datetime) -> None:
    """Take an account out of every list; its deals and orders stand."""
    _set_withdrawn(account, by, at)


@transaction.atomic
def restore_account(*, account: Account, by: User | None) -> None:
    """Undo a withdrawal."""
    _set_withdrawn(account, by, None)


@transaction.atomic
def withdraw_contact(*, contact: Contact, by: User | None, at: datetime) -> None:
    """Take a contact out of every list."""
    _set_withdrawn(contact, by, at)


@transaction.atomic
def restore_contact(*, contact: Contact, by: User | None) -> None:
    """Undo a withdrawal."""
    _set_withdrawn(contact, by, None)


def require_keeper(by: User | None, record: Account | Contact) -> None:
    """Whoever may take a record out of the lists: who may write for its owner, or for the owner of its account."""
    if by is not None and not may_write_for(by, keeper_of(record)):
        raise Refused(NOT_YOURS)


def require_tags(tags: list[str]) -> list[str]:
    """Each once, case ignored, none empty; commas stand between them."""
    found: dict[str, str] = {}
    for tag in tags:
        if tag.strip():
            found.setdefault(tag.strip().casefold(), tag.strip())
    if len(found) > MOST_TAGS:
        raise Refused(f"At most {MOST_TAGS} tags.", field="tags")
    if long := next((tag for tag in found.values() if len(tag) > 50 or "," in tag), None):
        raise Refused(f"A tag has at most 50 characters and no comma; “{long[:60]}” doesn't.", field="tags")
    return list(found.values())


def _set_withdrawn(record: Account | Contact, by: User | None, at: datetime | None) -> None:
    require_keeper(by, record)
    record.withdrawn_at = at
    record.save(update_fields=["withdrawn_at"])
