"""Cases, 1:1s and promises to look at. Notes are never here: they are the pair's."""

from django.contrib import admin

from salesmgmt.desk.admin_site import ReadOnlyAdmin

from .models import ActionItem, Case, CoachingPlan, OneOnOne, Play


@admin.register(Case)
class CaseAdmin(ReadOnlyAdmin):
    list_display = ("subject", "person", "owner", "state", "due_on")
    list_select_related = ("person", "owner")
    list_filter = ("state",)
    search_fields = ("person__name", "owner__name")
    ordering = ("-pk",)


@admin.register(OneOnOne)
class OneOnOneAdmin(ReadOnlyAdmin):
    list_display = ("person", "manager", "starts_at", "state")
    list_select_related = ("person", "manager")
    list_filter = ("state",)
    search_fields = ("person__name", "manager__name")
    ordering = ("-starts_at",)


@admin.register(ActionItem)
class ActionItemAdmin(ReadOnlyAdmin):
    list_display = ("person", "owner", "text", "due_on", "done_at")
    list_select_related = ("person", "owner")
    list_filter = (("done_at", admin.EmptyFieldListFilter),)
    search_fields = ("person__name", "owner__name")
    ordering = ("-pk",)


@admin.register(CoachingPlan)
class CoachingPlanAdmin(ReadOnlyAdmin):
    """That there is help; what it says is the pair's."""

    exclude = ("text", "peers", "baseline_amount", "baseline_units")
    list_display = ("person", "coach", "kind", "starts_on", "until")
    list_select_related = ("person", "coach")
    list_filter = ("kind",)
    search_fields = ("person__name", "coach__name")
    ordering = ("-starts_on", "-pk")


@admin.register(Play)
class PlayAdmin(ReadOnlyAdmin):
    list_display = ("name", "author", "state", "proposed_at")
    list_select_related = ("author",)
    list_filter = ("state",)
    search_fields = ("name",)
    ordering = ("-proposed_at",)
