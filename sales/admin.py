"""Customers, products, deals and ledgers in the admin; postings too, because credits follow them."""

from datetime import date
from typing import Any

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
    Contact,
    Credit,
    CreditShare,
    CustomField,
    Deal,
    DealChange,
    LostReason,
    Order,
    Outcome,
    Pipeline,
    Product,
    Refund,
    Stage,
    Task,
)
from .services import (
    change_account,
    change_activity,
    change_contact,
    change_deal,
    withdraw_account,
    withdraw_activity,
    withdraw_contact,
    withdraw_deal,
    withdraw_order,
    withdraw_refund,
)
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
    ordering = ("position",)


@admin.register(Pipeline)
class PipelineAdmin(RecordAdmin):
    list_display = ("name",)
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
        self.take(obj, change_activity(activity=stands, by=acting(request), **changed(form)))


@admin.register(Order)
class OrderAdmin(WithdrawableAdmin):
    noun, withdraw_act = "order", withdraw_order
    list_display = ("number", "owner", "account", "deal", "amount", "currency", "ordered_on", "cancelled_on")
    list_select_related = ("owner", "account", "deal")
    search_fields = ("number", "external_id", "account__name")

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
