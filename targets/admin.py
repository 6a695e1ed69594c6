from typing import Any

from django.contrib import admin

from salesmgmt.desk.admin_site import ReadOnlyAdmin, RecordAdmin

from .models import Allocation, BudgetEntry, Expense, Plan, QuotaEntry, RampProfile, RampStep, SeasonShare, Target


class RampStepInline(admin.TabularInline):
    model = RampStep
    extra = 0
    ordering = ("month",)


@admin.register(RampProfile)
class RampProfileAdmin(RecordAdmin):
    list_display = ("name",)
    inlines = (RampStepInline,)


@admin.register(SeasonShare)
class SeasonShareAdmin(RecordAdmin):
    list_display = ("period", "bucket", "percent", "is_learned")
    list_filter = ("period",)
    ordering = ("-period", "bucket")


class AllocationInline(admin.TabularInline):
    model = Allocation
    fields = ("team", "person", "proposed", "amount", "past", "is_locked")
    readonly_fields = fields
    extra = 0
    can_delete = False

    def has_add_permission(self, request: object, obj: object = None) -> bool:
        return False

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).select_related("team", "person", "plan")


@admin.register(Plan)
class PlanAdmin(ReadOnlyAdmin):
    list_display = ("name", "period", "measure", "amount", "made_at", "published_at")
    list_filter = ("measure",)
    search_fields = ("name", "period")
    inlines = (AllocationInline,)
    ordering = ("-pk",)


@admin.register(Target)
class TargetAdmin(ReadOnlyAdmin):
    list_display = ("team", "during", "measure", "amount", "published_at")
    list_select_related = ("team",)
    search_fields = ("team__name",)
    ordering = ("-pk",)


@admin.register(QuotaEntry)
class QuotaEntryAdmin(ReadOnlyAdmin):
    list_display = ("person", "team", "during", "kind", "amount", "currency", "reason", "recorded_at")
    list_select_related = ("person", "team")
    list_filter = ("kind",)
    search_fields = ("person__name", "team__name")
    ordering = ("-pk",)


@admin.register(BudgetEntry)
class BudgetEntryAdmin(ReadOnlyAdmin):
    list_display = ("team", "cost", "during", "amount", "currency", "reason", "recorded_at")
    list_select_related = ("team",)
    list_filter = ("cost",)
    search_fields = ("team__name", "reason")
    ordering = ("-pk",)


@admin.register(Expense)
class ExpenseAdmin(ReadOnlyAdmin):
    list_display = ("team", "cost", "spent_on", "amount", "currency", "reason", "recorded_at")
    list_select_related = ("team",)
    list_filter = ("cost",)
    search_fields = ("team__name", "reason", "external_id")
    ordering = ("-pk",)
