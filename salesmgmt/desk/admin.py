from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group

from .admin_site import ReadOnlyAdmin
from .models import AuditEntry, Mark, Token

# Tables whose words, kinds of leave or disputed pay no admin reads.
KEPT = ("coaching_", "teams_leave", "teams_skillrating", "recognition_paysettlement")

admin.site.unregister(Group)  # what somebody may do follows from their posting


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "table", "row_id", "operation", "user_id")
    list_filter = ("table", "operation")
    search_fields = ("=row_id", "=user_id")
    ordering = ("-pk",)
    date_hierarchy = "at"
    fields = ("at", "table", "row_id", "operation", "user_id", "held", "holds")

    @admin.display(description="Before")
    def held(self, entry: AuditEntry) -> Any:
        return _shown(entry.table, entry.before)

    @admin.display(description="After")
    def holds(self, entry: AuditEntry) -> Any:
        return _shown(entry.table, entry.after)


def _shown(table: str, row: dict[str, Any] | None) -> Any:
    """What a row held; of what is between people, and of leave, only which fields it has."""
    return sorted(row) if row and table.startswith(KEPT) else row


@admin.register(Mark)
class MarkAdmin(ReadOnlyAdmin):
    list_display = ("topic", "person_id", "days")
    list_filter = ("topic",)
    ordering = ("-pk",)


@admin.register(Token)
class TokenAdmin(ReadOnlyAdmin):
    list_display = ("user", "purpose", "name", "made_at", "expires_at", "used_at", "revoked_at")
    list_filter = ("purpose",)
    search_fields = ("user__username", "name")
    list_select_related = ("user",)
    exclude = ("digest",)
    ordering = ("-pk",)

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).defer("digest")
