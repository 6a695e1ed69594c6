from typing import Any

from django.contrib import admin

from salesmgmt.desk.admin_site import ReadOnlyAdmin, RecordAdmin

from .models import (
    Allocation,
    Announcement,
    Answer,
    BudgetEntry,
    Expense,
    Offer,
    Plan,
    PlanApproval,
    Position,
    QuotaEntry,
    QuotaProposal,
    RampProfile,
    RampStep,
    Redistribution,
    Response,
    SeasonProfile,
    SeasonShare,
    Strategy,
    Target,
)


class RampStepInline(admin.TabularInline):
    model = RampStep
    extra = 0
    ordering = ("month",)


@admin.register(RampProfile)
class RampProfileAdmin(RecordAdmin):
    list_display = ("name",)
    inlines = (RampStepInline,)


class SeasonShareInline(admin.TabularInline):
    model = SeasonShare
    fields = ("bucket", "percent", "raw")
    readonly_fields = fields
    extra = 0
    can_delete = False
    ordering = ("starts_on",)

    def has_add_permission(self, request: object, obj: object = None) -> bool:
        return False


@admin.register(SeasonProfile)
class SeasonProfileAdmin(ReadOnlyAdmin):
    list_display = ("period", "is_learned")
    search_fields = ("period",)
    inlines = (SeasonShareInline,)
    ordering = ("-during",)


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


@admin.register(QuotaProposal)
class QuotaProposalAdmin(ReadOnlyAdmin):
    list_display = ("seat", "team", "during", "kind", "state", "counts_on", "decided_by")
    list_select_related = ("seat", "team", "decided_by")
    list_filter = ("state", "kind")
    search_fields = ("seat__name", "team__name")
    ordering = ("-pk",)


@admin.register(Redistribution)
class RedistributionAdmin(ReadOnlyAdmin):
    list_display = ("giver", "team", "during", "to", "amount", "opened_by", "opened_at")
    list_select_related = ("giver", "team", "opened_by")
    search_fields = ("giver__name", "team__name")
    ordering = ("-pk",)


@admin.register(Offer)
class OfferAdmin(ReadOnlyAdmin):
    list_display = ("candidate_person", "amount", "state", "turn", "made_at", "accepted_at", "agreed_at")
    list_select_related = ("candidate__person",)
    list_filter = ("state",)
    ordering = ("-pk",)

    @admin.display(description="Person")
    def candidate_person(self, offer: Offer) -> str:
        return str(offer.candidate.person)


@admin.register(Strategy)
class StrategyAdmin(ReadOnlyAdmin):
    list_display = ("plan", "version", "reason", "at", "by")
    list_select_related = ("plan", "by")
    ordering = ("-pk",)


@admin.register(Announcement)
class AnnouncementAdmin(ReadOnlyAdmin):
    list_display = ("plan", "headline", "team", "person", "at", "by")
    list_select_related = ("plan", "team", "person", "by")
    search_fields = ("headline",)
    ordering = ("-pk",)


@admin.register(Response)
class ResponseAdmin(ReadOnlyAdmin):
    list_display = ("plan", "person", "stance", "quota", "at")
    list_select_related = ("plan", "person")
    list_filter = ("stance",)
    search_fields = ("person__name",)
    ordering = ("-pk",)


@admin.register(Answer)
class AnswerAdmin(ReadOnlyAdmin):
    list_display = ("response", "kind", "was", "amount", "at", "by")
    list_select_related = ("response", "by")
    list_filter = ("kind",)
    ordering = ("-pk",)


@admin.register(PlanApproval)
class PlanApprovalAdmin(ReadOnlyAdmin):
    list_display = ("plan", "team", "act", "at", "by")
    list_select_related = ("plan", "team", "by")
    list_filter = ("act",)
    ordering = ("-pk",)


@admin.register(Position)
class PositionAdmin(ReadOnlyAdmin):
    list_display = ("team", "opens_on", "reason", "closed_at")
    list_filter = ("team",)
    ordering = ("-opened_at", "pk")
