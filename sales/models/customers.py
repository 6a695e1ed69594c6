"""Who buys, and what is sold to them: accounts, contacts, products."""

from typing import Self

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper

from salesmgmt.desk.audit import audited
from teams.models import (
    Access,
    Person,
    Record,
    RecordQuerySet,
    Territory,
    Viewer,
    access_of,
    external_id_is_unique,
)


def may_write_for(user: Viewer, owner_id: int | None) -> bool:
    """May `user` change what this person owns? The person, who leads them today, admin and operations.

    Narrower than reading: an executive and a credited colleague read. What nobody owns, those may change who see all.
    """
    access = access_of(user)
    if access.imports:
        return True
    return owner_id is not None and (owner_id == access.person_id or owner_id in access.people)


class AccountQuerySet(RecordQuerySet):
    def seen_by(self, access: Access) -> Q:
        """Own accounts, those one has a deal with, and those that nobody owns."""
        from .deals import Deal  # deals name accounts

        dealt_with = Deal.objects.filter(owner__in=access.people, withdrawn_at=None, account__isnull=False)
        return Q(owner__in=access.people) | Q(owner=None) | Q(pk__in=dealt_with.values("account"))


class Account(Record):
    """A company that buys or might."""

    name = models.CharField(max_length=200)
    industry = models.CharField(max_length=100, blank=True)
    country = models.CharField(max_length=100, blank=True)
    revenue = models.DecimalField(max_digits=18, decimal_places=2, null=True, blank=True)
    employees = models.PositiveIntegerField(null=True, blank=True)
    parent = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="children")
    owner = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="accounts")
    territory = models.ForeignKey(Territory, models.SET_NULL, null=True, blank=True, related_name="accounts")

    objects = AccountQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [external_id_is_unique("account")]
        indexes = [
            models.Index(fields=["name"], name="account_by_name"),
            models.Index(fields=["owner"], name="account_by_owner"),
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="account_name_likeness"),
        ]

    def __str__(self) -> str:
        return self.name


class ContactQuerySet(RecordQuerySet):
    def seen_by(self, access: Access) -> Q:
        return Q(account__in=Account.objects.present().filter(Account.objects.all().seen_by(access)).values("pk")) | Q(
            account=None, made_by__in=access.people
        )


class Contact(Record):
    """A person at a customer."""

    name = models.CharField(max_length=200)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=50, blank=True)
    account = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="contacts")
    made_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    birthday = models.DateField(null=True, blank=True)

    objects = ContactQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [external_id_is_unique("contact")]
        indexes = [models.Index(fields=["name"], name="contact_by_name")]

    def __str__(self) -> str:
        return self.name


class ProductQuerySet(models.QuerySet):
    def present(self) -> Self:
        return self.filter(withdrawn_at=None)

    def visible_to(self, user: Viewer) -> Self:
        """The price list is everybody's who works here."""
        return self.present() if user.is_authenticated and access_of(user).role != "none" else self.none()


class Product(Record):
    """What is sold, at which list price."""

    name = models.CharField(max_length=200)
    family = models.CharField(max_length=100, blank=True)
    list_price = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    unit_cost = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)

    objects = ProductQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [
            external_id_is_unique("product"),
            models.UniqueConstraint(fields=["name"], condition=Q(withdrawn_at=None), name="product_name_is_unique"),
        ]

    def __str__(self) -> str:
        return self.name
