from django.contrib import admin

from salesmgmt.desk.admin_site import ReadOnlyAdmin

from .models import Batch, BatchRow, Mapping


@admin.register(Batch)
class BatchAdmin(ReadOnlyAdmin):
    list_display = ("kind", "file_name", "state", "by", "at", "created", "changed", "equal", "refused")
    list_select_related = ("by",)
    list_filter = ("state", "kind")
    search_fields = ("file_name",)
    exclude = ("file",)
    ordering = ("-pk",)


@admin.register(BatchRow)
class BatchRowAdmin(ReadOnlyAdmin):
    list_display = ("batch", "line", "act", "model", "object_id", "column", "reason")
    list_select_related = ("batch",)
    list_filter = ("act",)
    search_fields = ("=batch__id", "=object_id")
    ordering = ("-pk",)


@admin.register(Mapping)
class MappingAdmin(ReadOnlyAdmin):
    list_display = ("kind", "name", "by")
    list_select_related = ("by",)
    ordering = ("kind", "name")
