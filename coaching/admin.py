"""Cases, 1:1s and promises to look at. Notes are never here: they are the pair's."""

from django.contrib import admin

from salesmgmt.desk.admin_site import ReadOnlyAdmin

from .models import ActionItem, Case, Dispute, OneOnOne


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


@admin.register(Dispute)
class DisputeAdmin(ReadOnlyAdmin):
    """That it is there, and when it is due; not who says what."""

    list_display = ("id", "subject", "state", "opened_at", "statements_due_on", "decide_by")
    fields = ("subject", "state", "round", "opened_at", "statements_due_on", "decide_by", "appeal_until")
    list_filter = ("subject", "state")
    ordering = ("-pk",)
