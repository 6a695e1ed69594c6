"""Contracts: signed once, then unchangeable; an amendment is a new row."""

import pgtrigger
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from salesmgmt.desk.audit import audited
from salesmgmt.lib.finding import Words
from teams.models import Person, Record, external_id_is_unique

from .customers import Account
from .deals import Deal
from .followup import ByAccountQuerySet


class Contract(Record):
    """What was agreed with a customer, for how long, and by when it has to be given notice."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="contracts")
    owner = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="contracts")
    number = models.CharField(max_length=100, blank=True)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True, help_text="The last day it holds")
    notice_on = models.DateField(null=True, blank=True, help_text="The last day to give notice")
    value = models.DecimalField(max_digits=18, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3)
    terms = models.TextField(max_length=10_000, blank=True)
    quality_terms = models.TextField(max_length=5000, blank=True)
    price_terms = models.TextField(max_length=5000, blank=True)
    logistics_terms = models.TextField(max_length=5000, blank=True)
    file = models.FileField(upload_to="contracts/%Y/", blank=True, max_length=300)
    file_name = models.CharField(max_length=255, blank=True)
    file_digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the signed file")
    signed_on = models.DateField(null=True, blank=True)
    signed_by = models.CharField(max_length=200, blank=True, help_text="Who signed for the customer")
    amends = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="amendments")
    renewal_deal = models.ForeignKey(Deal, models.SET_NULL, null=True, blank=True, related_name="renews")
    renew_days_before = models.PositiveSmallIntegerField(default=90, help_text="Before notice or end")
    version = models.PositiveIntegerField(default=1)

    objects = ByAccountQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["account"], name="contract_by_account"),
            models.Index(fields=["ends_on"], condition=Q(withdrawn_at=None), name="contract_by_end"),
            GinIndex(
                Words("number", "terms", "quality_terms", "price_terms", "logistics_terms"), name="contract_by_words"
            ),
        ]
        constraints = [
            external_id_is_unique("contract"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="contract_ends_after_it_starts"
            ),
            models.CheckConstraint(condition=Q(value=None) | Q(value__gte=0), name="contract_value_is_not_negative"),
        ]
        triggers = [
            *audited(),
            pgtrigger.Trigger(
                name="signed_is_final",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.signed_on IS NOT NULL"),
                func="""
                    IF to_jsonb(NEW) - '{withdrawn_at,renewal_deal_id,owner_id,account_id,version}'::text[]
                       IS DISTINCT FROM
                       to_jsonb(OLD) - '{withdrawn_at,renewal_deal_id,owner_id,account_id,version}'::text[] THEN
                        RAISE EXCEPTION 'A signed contract can''t be changed; add an amendment.'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'signed_contract_is_final';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.number or f"Contract {self.pk}"
