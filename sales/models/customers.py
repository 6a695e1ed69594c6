"""Who buys, and what is sold to them: accounts, contacts, products."""

from functools import reduce
from operator import or_
from typing import Any, Self

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper

from salesmgmt.desk.audit import audited
from salesmgmt.lib.finding import Words
from salesmgmt.lib.ranges import Dated, DatedQuerySet, is_a_range, one_at_a_time
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


def digits_of(field: str) -> models.Func:
    """A phone number without what people write between its digits."""
    return models.Func(
        models.F(field), models.Value(r"\D"), models.Value(""), models.Value("g"), function="regexp_replace",
        output_field=models.CharField(),
    )  # fmt: skip


class AccountQuerySet(RecordQuerySet):
    def seen_by(self, access: Access) -> Q:
        """Own accounts, those one has a deal with, and (but for a department) those that nobody owns."""
        return reduce(or_, self._seen_in_parts(access))

    def ids_seen_by(self, access: Access) -> "models.QuerySet[Account, Any]":
        """Their numbers, each part by an index of its own: of an OR all accounts are walked."""
        first, *others = (self.present().order_by().filter(part).values("pk") for part in self._seen_in_parts(access))
        return first.union(*others)

    def _seen_in_parts(self, access: Access) -> list[Q]:
        from .deals import Deal  # deals name accounts

        dealt_with = Deal.objects.filter(owner__in=access.people, withdrawn_at=None, account__isnull=False)
        own = [Q(owner__in=access.people), Q(pk__in=dealt_with.values("account"))]
        return own if access.department else [*own, Q(owner=None)]


ACCOUNT_TREE = 7012  # the advisory lock of whoever moves accounts in their tree


class Account(Record):
    """A company that buys or might. `owner` is a copy of today's AccountOwnership, written by the same service."""

    name = models.CharField(max_length=200)
    industry = models.CharField(max_length=100, blank=True)
    country = models.CharField(max_length=100, blank=True)
    revenue = models.DecimalField(max_digits=18, decimal_places=2, null=True, blank=True)
    employees = models.PositiveIntegerField(null=True, blank=True)
    parent = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="children")
    owner = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="accounts")
    territory = models.ForeignKey(Territory, models.SET_NULL, null=True, blank=True, related_name="accounts")
    tags = ArrayField(models.CharField(max_length=50), default=list, blank=True, db_default=[])
    custom = models.JSONField(default=dict, blank=True, db_default={}, help_text="Values of CustomField, by key")
    version = models.PositiveIntegerField(default=1, db_default=1)

    objects = AccountQuerySet.as_manager()

    class Meta:
        triggers = [
            *audited(),
            pgtrigger.Trigger(
                name="no_circle",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("parent_id"),
                condition=pgtrigger.Condition("NEW.parent_id IS NOT NULL"),
                # One after the other: two moves that are fine apart may close a circle together. LIMIT 1: by the index
                # also where the plan was made when the table was small, as in an import into an empty one.
                func=f"""
                    PERFORM pg_advisory_xact_lock({ACCOUNT_TREE});
                    IF EXISTS (
                        WITH RECURSIVE above(id) AS (
                            SELECT NEW.parent_id
                             UNION
                            SELECT parent.id FROM above CROSS JOIN LATERAL
                                (SELECT parent_id AS id FROM sales_account WHERE id = above.id LIMIT 1) parent
                        )
                        SELECT FROM above WHERE id = NEW.id
                    ) THEN
                        RAISE EXCEPTION 'An account can''t be below itself.' USING ERRCODE = 'check_violation',
                            CONSTRAINT = 'account_tree_has_no_circle';
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]
        constraints = [external_id_is_unique("account")]
        indexes = [
            models.Index(fields=["name", "id"], include=["owner", "withdrawn_at"], name="account_list_by_name"),
            models.Index(fields=["owner"], name="account_by_owner"),
            models.Index(fields=["industry", "name"], name="account_by_industry"),
            models.Index(
                fields=["-revenue", "-id"],
                include=["name", "owner"],
                condition=Q(withdrawn_at=None),
                name="account_list_by_revenue",
            ),
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="account_name_likeness"),
            GinIndex(Words("name"), name="account_by_words"),
            GinIndex(fields=["tags"], name="account_by_tag"),
        ]

    def __str__(self) -> str:
        return self.name


class OwnershipQuerySet(DatedQuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """Those of the accounts one sees."""
        return self.filter(account__in=Account.objects.visible_to(user).values("pk"))


class AccountOwnership(Dated):
    """Who an account belongs to from a day until another (house, "Effective dating")."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="ownerships")
    owner = models.ForeignKey(Person, models.PROTECT, related_name="ownerships")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=200, blank=True)

    objects = OwnershipQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [is_a_range("ownership_is_a_range"), one_at_a_time("one_owner_at_a_time", "account")]
        indexes = [models.Index(fields=["owner"], name="ownership_by_owner")]


class AccountProfile(models.Model):
    """What a customer is like and needs, and what to do differently here: there is no one script for all."""

    class Decision(models.TextChoices):
        ONE = "one", "One person decides"
        GROUP = "group", "A group decides"
        TENDER = "tender", "By tender"
        PARENT = "parent", "The parent company decides"

    class Care(models.TextChoices):
        PRICE = "price", "Price"
        QUALITY = "quality", "Quality"
        DELIVERY = "delivery", "Delivery"
        SERVICE = "service", "Service"
        INNOVATION = "innovation", "New ideas"
        SAFETY = "safety", "Safety and proof"

    account = models.OneToOneField(Account, models.CASCADE, related_name="profile")
    decision = models.CharField("How they decide", max_length=8, choices=Decision, blank=True)
    cares_about = ArrayField(models.CharField(max_length=10, choices=Care), default=list, blank=True)
    needs = models.TextField("What they need", max_length=2000, blank=True)
    do_differently = models.TextField("What to do differently here", max_length=2000, blank=True)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        triggers = audited()

    @property
    def care_words(self) -> str:
        """What they care about, as a sentence says it."""
        return ", ".join(self.Care(key).label.lower() for key in self.cares_about)


class CustomField(models.Model):
    """A field that this organisation adds to a noun; its values lie in the record's `custom`."""

    class Noun(models.TextChoices):
        ACCOUNT = "account", "Account"
        CONTACT = "contact", "Contact"
        LEAD = "lead", "Lead"
        DEAL = "deal", "Deal"

    class Kind(models.TextChoices):
        TEXT = "text", "Text"
        NUMBER = "number", "Number"
        DATE = "date", "Date"
        CHOICE = "choice", "Choice"
        YES_NO = "yes_no", "Yes or no"

    noun = models.CharField(max_length=8, choices=Noun)
    key = models.SlugField(max_length=40)
    label = models.CharField(max_length=100)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.TEXT)
    choices = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        triggers = audited()
        constraints = [models.UniqueConstraint(fields=["noun", "key"], name="custom_field_key_is_unique")]

    def __str__(self) -> str:
        return self.label


class ContactQuerySet(RecordQuerySet):
    def seen_by(self, access: Access) -> Q:
        """Those of the accounts one sees, in whatever role, and those without an account that one's people made."""
        seen = Account.objects.all().ids_seen_by(access)
        elsewhere = ContactRole.objects.filter(account__in=seen).values("contact")
        return Q(account__in=seen) | Q(pk__in=elsewhere) | Q(account=None, made_by__in=access.people)


class Contact(Record):
    """A person at a customer. `account` is where they mainly are; further ones are ContactRoles."""

    class Channel(models.TextChoices):
        PHONE = "phone", "Phone"
        EMAIL = "email", "E-mail"
        VISIT = "visit", "Visit"
        LETTER = "letter", "Letter"

    name = models.CharField(max_length=200)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=50, blank=True)
    account = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="contacts")
    made_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    birthday = models.DateField(null=True, blank=True)
    title = models.CharField("Role there", max_length=100, blank=True)
    prefers = models.CharField("Prefers", max_length=8, choices=Channel, blank=True)
    preferences = models.CharField(max_length=500, blank=True, help_text="Best times, language, what to avoid")
    is_public_official = models.BooleanField(default=False, db_default=False, help_text="No gifts (R27)")
    is_not_to_be_contacted = models.BooleanField("Do not contact", default=False, db_default=False)
    tags = ArrayField(models.CharField(max_length=50), default=list, blank=True, db_default=[])
    custom = models.JSONField(default=dict, blank=True, db_default={}, help_text="Values of CustomField, by key")
    version = models.PositiveIntegerField(default=1, db_default=1)

    objects = ContactQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [external_id_is_unique("contact")]
        indexes = [
            models.Index(
                fields=["name", "id"],
                include=["account", "made_by", "email", "withdrawn_at"],
                name="contact_list_by_name",
            ),
            models.Index(fields=["account"], name="contact_by_account"),
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="contact_name_likeness"),
            GinIndex(Words("name", "email"), name="contact_by_words"),
            models.Index(Upper("email"), condition=~Q(email=""), name="contact_by_email"),
            GinIndex(fields=["tags"], name="contact_by_tag"),
            models.Index(digits_of("phone"), condition=~Q(phone=""), name="contact_by_phone"),
        ]

    def __str__(self) -> str:
        return self.name


class ContactRoleQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """At accounts one sees, of contacts one sees."""
        return self.filter(
            account__in=Account.objects.visible_to(user).values("pk"),
            contact__in=Contact.objects.visible_to(user).values("pk"),
        )


class ContactRole(models.Model):
    """What a contact is at a further account."""

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="roles")
    account = models.ForeignKey(Account, models.CASCADE, related_name="contact_roles")
    title = models.CharField("Role there", max_length=100, blank=True)

    objects = ContactRoleQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [models.UniqueConstraint(fields=["contact", "account"], name="one_role_per_account")]


class MergeQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """Those whose kept record one sees."""
        if access_of(user).sees_all:
            return self.all()
        return self.filter(
            Q(noun="account", kept_id__in=Account.objects.visible_to(user).values("pk"))
            | Q(noun="contact", kept_id__in=Contact.objects.visible_to(user).values("pk"))
        )


class Merge(models.Model):
    """Two records that were one: what moved from the one given up to the one kept, so that it can move back."""

    class Noun(models.TextChoices):
        ACCOUNT = "account", "Account"
        CONTACT = "contact", "Contact"

    noun = models.CharField(max_length=8, choices=Noun)
    kept_id = models.BigIntegerField()
    given_up_id = models.BigIntegerField()
    moved = models.JSONField(default=dict, help_text="Ids of what moved, by table and column")
    filled = models.JSONField(default=dict, help_text="What the kept record said before its gaps were filled")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = MergeQuerySet.as_manager()

    class Meta:
        triggers = audited()
        indexes = [models.Index(fields=["noun", "kept_id"], name="merge_by_kept")]
        constraints = [
            models.UniqueConstraint(
                fields=["noun", "given_up_id"], condition=Q(undone_at=None), name="record_is_given_up_once"
            ),
            models.CheckConstraint(condition=~Q(kept_id=models.F("given_up_id")), name="merge_is_of_two"),
        ]


class Distinct(models.Model):
    """Two records that look alike and are not the same: the review list leaves the pair out from then on."""

    noun = models.CharField(max_length=8, choices=Merge.Noun)
    one_id = models.BigIntegerField()
    other_id = models.BigIntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["noun", "one_id", "other_id"], name="one_answer_per_pair"),
            models.CheckConstraint(condition=Q(one_id__lt=models.F("other_id")), name="lower_number_first"),
        ]


class LookAlike(models.Model):
    """Two present records that may be one, found by a search over all; who merges or tells them apart removes it."""

    noun = models.CharField(max_length=8, choices=Merge.Noun)
    one_id = models.BigIntegerField()
    other_id = models.BigIntegerField()
    likeness = models.DecimalField(max_digits=4, decimal_places=3)
    why = models.CharField(max_length=20, help_text="name, email, phone or domain")

    class Meta:
        indexes = [models.Index(fields=["noun", "-likeness", "-id"], name="look_alike_by_likeness")]
        constraints = [
            models.UniqueConstraint(fields=["noun", "one_id", "other_id"], name="pair_is_listed_once"),
            models.CheckConstraint(condition=Q(one_id__lt=models.F("other_id")), name="pair_has_lower_number_first"),
        ]


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
