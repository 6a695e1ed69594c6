"""Customers, products, deals and ledgers in the admin; postings too, because credits follow them."""

from datetime import date
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest

from salesmgmt.desk.admin_site import ReadOnlyAdmin, RecordAdmin
from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused
from teams.admin import DatedAdmin, FromDay, acting
from teams.models import Organisation, Posting

from .models import (
    Account,
    AccountOwnership,
    Activity,
    ActivityTemplate,
    AssignmentRule,
    BulkAct,
    Campaign,
    Competitor,
    Complaint,
    Contact,
    Contract,
    Credit,
    CreditShare,
    CustomField,
    Deal,
    DealChange,
    DealLine,
    DealReason,
    DealShare,
    DeliveryProblem,
    DiscountApproval,
    DiscountLimit,
    Feedback,
    FeedbackRequest,
    Gift,
    InboundMail,
    Lead,
    LostReason,
    MarketNote,
    Order,
    OrderLine,
    Outcome,
    Pipeline,
    Product,
    Recommendation,
    Referral,
    Refund,
    Stage,
    Task,
    TimeEntry,
)
from .services import (
    add_template,
    change_account,
    change_activity,
    change_contact,
    change_deal,
    change_market_note,
    change_template,
    remove_template,
    withdraw_account,
    withdraw_activity,
    withdraw_complaint,
    withdraw_contact,
    withdraw_contract,
    withdraw_deal,
    withdraw_feedback,
    withdraw_market_note,
    withdraw_order,
    withdraw_problem,
    withdraw_refund,
)
from .services.gifts import withdraw_gift
from .services.leads import change_lead, withdraw_lead
from .services.postings import post_person


def changed(form: Any) -> dict[str, Any]:
    return {field: form.cleaned_data[field] for field in form.changed_data if field in form.cleaned_data}


def today() -> date:
    return clock.today(Organisation.get().time_zone)


class WithdrawableAdmin(RecordAdmin):
    """Records that have services; what is withdrawn leaves every list and figure."""

    actions = ("withdraw",)
    ordering = ("-pk",)
    noun = ""
    withdraw_act: Any

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(withdrawn_at=None)

    @admin.action(description="Withdraw from every list and figure")
    def withdraw(self, request: HttpRequest, queryset: Any) -> None:
        for record in queryset:
            try:
                type(self).withdraw_act(**{self.noun: record}, by=acting(request), at=clock.now())
            except Refused as refused:
                messages.error(request, f"{record}: {refused.sentence}")
            else:
                messages.success(request, f"{record} was withdrawn.")


@admin.register(Account)
class AccountAdmin(WithdrawableAdmin):
    noun, withdraw_act = "account", withdraw_account
    list_display = ("name", "owner", "industry", "country", "external_id")
    list_select_related = ("owner",)
    list_filter = ("industry", "country")
    search_fields = ("name", "external_id")
    fields = ("name", "owner", "industry", "country", "territory", "revenue", "employees", "parent", "tags")
    raw_id_fields = ("owner", "parent")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        stands = Account.objects.get(pk=obj.pk)
        self.take(obj, change_account(account=stands, by=acting(request), on=today(), **changed(form)))


@admin.register(Contact)
class ContactAdmin(WithdrawableAdmin):
    noun, withdraw_act = "contact", withdraw_contact
    list_display = ("name", "account", "email", "phone")
    list_select_related = ("account",)
    search_fields = ("name", "email", "account__name")
    fields = (
        "name",
        "account",
        "title",
        "email",
        "phone",
        "birthday",
        "prefers",
        "preferences",
        "is_not_to_be_contacted",
        "is_public_official",
        "tags",
    )
    raw_id_fields = ("account",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        stands = Contact.objects.get(pk=obj.pk)
        self.take(obj, change_contact(contact=stands, by=acting(request), **changed(form)))


class CustomFieldForm(forms.ModelForm):
    def clean_choices(self) -> list[str]:
        """Where one is chosen there is something to choose from."""
        choices: list[str] = [choice.strip() for choice in self.cleaned_data["choices"] or () if choice.strip()]
        if (self.cleaned_data.get("kind") or self.instance.kind) == CustomField.Kind.CHOICE and not choices:
            raise forms.ValidationError("A choice needs something to choose from, with commas between.")
        return choices


@admin.register(CustomField)
class CustomFieldAdmin(RecordAdmin):
    """Fields this organisation adds. What a field is stays, so that the values in it keep their sense."""

    form = CustomFieldForm
    list_display = ("label", "noun", "key", "kind", "position")
    list_filter = ("noun", "kind")
    fields = ("noun", "key", "label", "kind", "choices", "position")
    ordering = ("noun", "position", "pk")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("noun", "key", "kind") if obj else ()


@admin.register(AccountOwnership)
class AccountOwnershipAdmin(ReadOnlyAdmin):
    list_display = ("account", "owner", "during", "reason")
    list_select_related = ("account", "owner")
    search_fields = ("account__name", "owner__name")
    ordering = ("-pk",)


@admin.register(Product)
class ProductAdmin(RecordAdmin):
    list_display = ("name", "family", "list_price", "currency", "external_id")
    list_filter = ("family",)
    search_fields = ("name", "external_id")
    fields = ("name", "family", "list_price", "unit_cost", "currency", "external_id")
    ordering = ("name",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(withdrawn_at=None)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.external_id = obj.external_id or None
        super().save_model(request, obj, form, change)


class StageInline(admin.TabularInline):
    model = Stage
    extra = 0
    fields = ("name", "position", "probability", "forecast_category", "reached", "reached_won")
    readonly_fields = ("reached", "reached_won")
    ordering = ("position",)


@admin.register(Pipeline)
class PipelineAdmin(RecordAdmin):
    list_display = ("name", "position", "is_active", "won_deals")
    ordering = ("position", "pk")
    inlines = (StageInline,)


@admin.register(LostReason)
class LostReasonAdmin(RecordAdmin):
    list_display = ("name", "key", "counts")


class DealChangeInline(admin.TabularInline):
    model = DealChange
    fields = ("changed_at", "by", "field", "was", "value")
    readonly_fields = fields
    extra = 0
    can_delete = False
    ordering = ("-changed_at", "-pk")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("by", "deal")


@admin.register(Deal)
class DealAdmin(WithdrawableAdmin):
    noun, withdraw_act = "deal", withdraw_deal
    list_display = ("name", "owner", "account", "stage", "status", "amount", "currency", "expected_close_on")
    list_select_related = ("owner", "account", "stage")
    list_filter = ("status", "stage")
    search_fields = ("name", "external_id", "account__name")
    fields = (
        "name",
        "owner",
        "account",
        "contact",
        "product",
        "amount",
        "currency",
        "opened_on",
        "expected_close_on",
        "own_forecast_category",
        "source",
        "next_step",
        "next_step_on",
        "stage",
        "status",
        "closed_on",
    )
    readonly_fields = ("stage", "status", "closed_on")
    raw_id_fields = ("owner", "account", "contact", "product")
    inlines = (DealChangeInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        stands = Deal.objects.get(pk=obj.pk)
        self.take(obj, change_deal(deal=stands, by=acting(request), at=clock.now(), **changed(form)))


# ── What hangs on deals ─────────────────────────────────────────────────────────────────────────────────────────


@admin.register(Competitor)
class CompetitorAdmin(RecordAdmin):
    list_display = ("name", "strengths", "weaknesses", "is_active")
    search_fields = ("name",)
    ordering = ("name",)


@admin.register(DiscountLimit)
class DiscountLimitAdmin(RecordAdmin):
    """A role without a row has no limit; deleting one lifts it."""

    list_display = ("role", "family", "percent")
    ordering = ("role", "family")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True


class OfDealAdmin(ReadOnlyAdmin):
    """Written by the deal's own pages."""

    list_select_related: ClassVar[tuple[str, ...]] = ("deal",)
    search_fields = ("deal__name",)
    ordering = ("-pk",)


@admin.register(DealLine)
class DealLineAdmin(OfDealAdmin):
    list_display = ("deal", "product", "text", "quantity", "list_price", "unit_price", "recurs", "term_months")
    list_select_related = ("deal", "product")


@admin.register(DealReason)
class DealReasonAdmin(OfDealAdmin):
    list_display = ("deal", "reason", "side", "is_main", "note")
    list_select_related = ("deal", "reason")
    list_filter = ("side", "reason")


@admin.register(DealShare)
class DealShareAdmin(OfDealAdmin):
    list_display = ("deal", "person", "kind", "percent")
    list_select_related = ("deal", "person")


@admin.register(DiscountApproval)
class DiscountApprovalAdmin(OfDealAdmin):
    list_display = ("deal", "percent", "reason", "asked_by", "asked_at", "is_approved", "decided_by", "answer")
    list_select_related = ("deal", "asked_by", "decided_by")
    list_filter = ("is_approved",)


@admin.register(BulkAct)
class BulkActAdmin(ReadOnlyAdmin):
    list_display = ("at", "by", "act", "said", "changed", "undone_at")
    list_select_related = ("by",)
    list_filter = ("act",)
    ordering = ("-pk",)


@admin.register(Activity)
class ActivityAdmin(WithdrawableAdmin):
    noun, withdraw_act = "activity", withdraw_activity
    list_display = ("occurred_at", "kind", "owner", "account", "deal", "outcome")
    list_select_related = ("owner", "account", "deal")
    list_filter = ("kind",)
    search_fields = ("owner__name", "account__name", "deal__name")
    fields = ("owner", "kind", "occurred_at", "account", "contact", "deal", "outcome", "duration_minutes", "notes")
    raw_id_fields = ("owner", "account", "contact", "deal")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        stands = Activity.objects.get(pk=obj.pk)
        self.take(obj, change_activity(activity=stands, by=acting(request), now=clock.now(), **changed(form)))


class OrderLineInline(admin.TabularInline):
    model = OrderLine
    fields = ("product", "text", "quantity", "unit_price", "discount", "amount")
    readonly_fields = fields
    extra = 0
    can_delete = False
    ordering = ("pk",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(withdrawn_at=None).select_related("product")


@admin.register(Order)
class OrderAdmin(WithdrawableAdmin):
    noun, withdraw_act = "order", withdraw_order
    list_display = ("number", "owner", "account", "deal", "amount", "currency", "ordered_on", "cancelled_on")
    list_select_related = ("owner", "account", "deal")
    search_fields = ("number", "external_id", "account__name")
    inlines = (OrderLineInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Refund)
class RefundAdmin(WithdrawableAdmin):
    noun, withdraw_act = "refund", withdraw_refund
    list_display = ("order", "amount", "occurred_on", "reason")
    list_select_related = ("order",)
    search_fields = ("order__number", "external_id")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(CreditShare)
class CreditShareAdmin(ReadOnlyAdmin):
    list_display = ("order", "person", "kind", "percent")
    list_select_related = ("order", "person")
    list_filter = ("kind",)
    search_fields = ("order__number", "person__name")
    ordering = ("-pk",)


@admin.register(Credit)
class CreditAdmin(ReadOnlyAdmin):
    list_display = ("occurred_on", "posted_on", "person", "team", "order", "kind", "amount", "currency", "reason")
    list_select_related = ("person", "team", "order")
    list_filter = ("kind",)
    search_fields = ("person__name", "order__number")
    ordering = ("-pk",)


@admin.register(Outcome)
class OutcomeAdmin(ReadOnlyAdmin):
    list_display = ("occurred_on", "posted_on", "person", "team", "deal", "status", "count", "amount", "reason")
    list_select_related = ("person", "team", "deal")
    list_filter = ("status", "counts")
    search_fields = ("person__name", "deal__name")
    ordering = ("-pk",)


@admin.register(Task)
class TaskAdmin(ReadOnlyAdmin):
    list_display = ("owner", "text", "due_on", "source", "done_at")
    list_select_related = ("owner",)
    list_filter = ("source",)
    search_fields = ("owner__name", "text")
    ordering = ("-pk",)


class PostingForm(FromDay):
    working_week = forms.CharField(
        required=False, help_text="ISO weekdays with commas, 1 is Monday; empty: the organisation's"
    )

    def clean_working_week(self) -> list[int] | None:
        text = self.cleaned_data["working_week"].replace(" ", "")
        if not text:
            return None
        if not all(part.isdigit() for part in text.split(",")):
            raise forms.ValidationError("Days from 1 (Monday) to 7, with commas between: 1,2,3,4.")
        return [int(part) for part in text.split(",")]


@admin.register(Posting)
class PostingAdmin(DatedAdmin):
    form = PostingForm
    facts = ("person", "team", "role", "fte", "territory", "holiday_region", "working_week", "ramp")
    list_display = ("person", "team", "role", "fte", "during")
    list_select_related = ("person", "team")
    list_filter = ("role",)
    search_fields = ("person__name", "team__name")
    raw_id_fields = ("person", "team", "territory")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        said = {field: form.cleaned_data[field] for field in (*self.facts, "on", "until")}
        self.take(obj, post_person(by=acting(request), at=clock.now(), **said))


# ── Leads, campaigns, referrals, repeat business, gifts ─────────────────────────────────────────────────────────


@admin.register(AssignmentRule)
class AssignmentRuleAdmin(RecordAdmin):
    list_display = ("name", "position", "is_active", "method", "person", "team", "source", "campaign", "territory")
    list_display_links = ("name",)
    list_editable = ("position", "is_active")
    list_select_related = ("person", "team", "campaign", "territory")
    ordering = ("position", "pk")
    raw_id_fields = ("person", "team", "campaign")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True


@admin.register(Campaign)
class CampaignAdmin(RecordAdmin):
    list_display = ("name", "channel", "starts_on", "ends_on", "cost", "currency", "external_id")
    search_fields = ("name", "external_id")
    fields = (
        "name", "channel", "audience", "industries", "countries", "least_employees", "most_employees", "starts_on",
        "ends_on", "cost", "currency",
    )  # fmt: skip
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(withdrawn_at=None)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.version += change
        super().save_model(request, obj, form, change)


@admin.register(Lead)
class LeadAdmin(WithdrawableAdmin):
    noun, withdraw_act = "lead", withdraw_lead
    list_display = ("name", "company", "owner", "status", "source", "campaign", "received_at", "first_response_at")
    list_select_related = ("owner", "campaign")
    list_filter = ("status",)
    search_fields = ("name", "company", "email", "external_id")
    fields = (
        "name", "company", "email", "phone", "country", "industry", "employees", "owner", "territory", "source",
        "campaign", "referrer", "notes", "status", "received_at", "first_response_at", "account", "contact", "deal",
    )  # fmt: skip
    readonly_fields = ("status", "received_at", "first_response_at", "account", "contact", "deal")
    raw_id_fields = ("owner", "campaign", "referrer")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        stands = Lead.objects.get(pk=obj.pk)
        self.take(obj, change_lead(lead=stands, by=acting(request), at=clock.now(), **changed(form)))


@admin.register(Referral)
class ReferralAdmin(ReadOnlyAdmin):
    list_display = ("account", "contact", "owner", "asked_on", "lead", "declined_on", "thanked_on")
    list_select_related = ("account", "contact", "owner", "lead")
    search_fields = ("account__name", "owner__name")
    ordering = ("-pk",)


@admin.register(Recommendation)
class RecommendationAdmin(ReadOnlyAdmin):
    list_display = ("account", "owner", "kind", "sentence", "made_on", "state")
    list_select_related = ("account", "owner")
    list_filter = ("kind", "state")
    search_fields = ("account__name", "owner__name")
    ordering = ("-pk",)


@admin.register(Gift)
class GiftAdmin(WithdrawableAdmin):
    noun, withdraw_act = "gift", withdraw_gift
    list_display = ("contact", "account", "owner", "occasion", "amount", "currency", "given_on")
    list_select_related = ("contact", "account", "owner")
    search_fields = ("contact__name", "account__name")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ActivityTemplate)
class ActivityTemplateAdmin(RecordAdmin):
    """Everybody's templates; people keep their own on their page."""

    list_display = ("name", "kind", "outcome", "duration_minutes")
    list_filter = ("kind",)
    search_fields = ("name",)
    fields = ("name", "kind", "outcome", "duration_minutes", "notes")
    ordering = ("name",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(owner=None)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        said = {field: form.cleaned_data[field] for field in self.fields}
        if change:
            stands = ActivityTemplate.objects.get(pk=obj.pk)
            self.take(obj, change_template(template=stands, by=acting(request), **said))
        else:
            self.take(obj, add_template(owner=None, by=acting(request), **said))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        remove_template(template=obj, by=acting(request))


@admin.register(MarketNote)
class MarketNoteAdmin(WithdrawableAdmin):
    noun, withdraw_act = "note", withdraw_market_note
    list_display = ("noted_at", "owner", "text", "competitor", "product", "account")
    list_select_related = ("owner", "competitor", "product", "account")
    search_fields = ("text",)
    fields = ("text", "competitor", "product", "account")
    raw_id_fields = ("product", "account")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        stands = MarketNote.objects.get(pk=obj.pk)
        self.take(obj, change_market_note(note=stands, by=acting(request), **changed(form)))


@admin.register(TimeEntry)
class TimeEntryAdmin(ReadOnlyAdmin):
    list_display = ("on", "owner", "kind", "minutes", "note")
    list_select_related = ("owner",)
    list_filter = ("kind",)
    search_fields = ("owner__name",)
    ordering = ("-pk",)


@admin.register(InboundMail)
class InboundMailAdmin(ReadOnlyAdmin):
    """That a mail came and what became of it; what it says is between its owner and the customer."""

    list_display = ("received_at", "owner", "problem", "activity", "discarded_at")
    list_select_related = ("owner", "activity__owner")
    fields = ("received_at", "owner", "problem", "activity", "discarded_at")
    ordering = ("-pk",)


class ReadWithdrawAdmin(WithdrawableAdmin):
    """Read here, written on the pages; what was none is withdrawn."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(DeliveryProblem)
class DeliveryProblemAdmin(ReadWithdrawAdmin):
    noun, withdraw_act = "problem", withdraw_problem
    list_display = ("order", "kind", "found_on", "resolved_on", "text")
    list_select_related = ("order",)
    list_filter = ("kind",)
    search_fields = ("order__number", "external_id")


@admin.register(Feedback)
class FeedbackAdmin(ReadWithdrawAdmin):
    noun, withdraw_act = "feedback", withdraw_feedback
    list_display = ("account", "kind", "score", "given_on", "owner", "recorded_by")
    list_select_related = ("account", "owner", "recorded_by")
    list_filter = ("kind", "score")
    search_fields = ("account__name", "external_id")


@admin.register(FeedbackRequest)
class FeedbackRequestAdmin(ReadOnlyAdmin):
    list_display = ("account", "order", "made_at", "made_by", "expires_at", "used_at")
    list_select_related = ("account", "order", "made_by")
    search_fields = ("account__name",)
    exclude = ("digest",)
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("digest")


@admin.register(Complaint)
class ComplaintAdmin(ReadWithdrawAdmin):
    noun, withdraw_act = "complaint", withdraw_complaint
    list_display = ("account", "owner", "received_on", "answered_on", "resolved_on")
    list_select_related = ("account", "owner")
    search_fields = ("account__name", "text", "external_id")


@admin.register(Contract)
class ContractAdmin(ReadWithdrawAdmin):
    noun, withdraw_act = "contract", withdraw_contract
    list_display = ("number", "account", "owner", "starts_on", "ends_on", "value", "currency", "signed_on")
    list_select_related = ("account", "owner")
    search_fields = ("number", "account__name", "external_id")
    exclude = ("file",)  # the paper is given out by its page alone
