from django.contrib import admin

from salesmgmt.desk.admin_site import ReadOnlyAdmin

from .models import Award, Kudos, PaySettlement, Suggestion


@admin.register(Award)
class AwardAdmin(ReadOnlyAdmin):
    list_display = ("person", "kind", "title", "given_by", "given_at", "taken_down_at")
    list_select_related = ("person", "given_by")
    list_filter = ("kind",)
    search_fields = ("person__name", "title")
    ordering = ("-pk",)


@admin.register(Kudos)
class KudosAdmin(ReadOnlyAdmin):
    list_display = ("giver", "receiver", "text", "at", "taken_down_at")
    list_select_related = ("giver", "receiver")
    search_fields = ("giver__name", "receiver__name")
    ordering = ("-pk",)


@admin.register(Suggestion)
class SuggestionAdmin(ReadOnlyAdmin):
    list_display = ("person", "kind", "sentence", "made_on", "is_confirmed")
    list_select_related = ("person",)
    list_filter = ("kind", "is_confirmed")
    search_fields = ("person__name",)
    ordering = ("-pk",)


@admin.register(PaySettlement)
class PaySettlementAdmin(ReadOnlyAdmin):
    """That pay was settled; whose and how much is between them, who pays and HR."""

    list_display = ("pk", "settled_at")
    fields = ("settled_at",)
    ordering = ("-pk",)
