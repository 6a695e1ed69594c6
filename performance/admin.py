from django.contrib import admin

from salesmgmt.desk.admin_site import ReadOnlyAdmin

from .models import Flag, FlagCost, FlagEvent, Rollup


@admin.register(Rollup)
class RollupAdmin(ReadOnlyAdmin):
    list_display = ("on", "posted_month", "measure", "person", "team", "total", "count")
    list_select_related = ("person", "team")
    list_filter = ("measure",)
    search_fields = ("person__name",)
    ordering = ("-pk",)


class FlagEventInline(admin.TabularInline):
    model = FlagEvent
    fields = ("at", "kind", "by", "text")
    readonly_fields = fields
    extra = 0
    can_delete = False

    def has_add_permission(self, request: object, obj: object = None) -> bool:
        return False


@admin.register(Flag)
class FlagAdmin(ReadOnlyAdmin):
    list_display = ("person", "measure", "period", "severity", "gap", "raised_on", "closed_on")
    list_select_related = ("person",)
    list_filter = ("severity", "measure", ("closed_on", admin.EmptyFieldListFilter))
    search_fields = ("person__name",)
    inlines = (FlagEventInline,)
    ordering = ("-pk",)


@admin.register(FlagCost)
class FlagCostAdmin(ReadOnlyAdmin):
    list_display = ("kind", "needless_talk", "missed_warning", "threshold")
    ordering = ("pk",)
