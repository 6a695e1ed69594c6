from typing import Any, cast

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from salesmgmt.desk.admin_site import ReadOnlyAdmin, RecordAdmin
from teams.models import User

from .models import Flag, FlagCost, FlagEvent, MeasureDefinition, MeasureVersion, Rollup
from .services import change_measure


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


class MeasureVersionInline(admin.TabularInline):
    model = MeasureVersion
    fields = ("from_on", "source", "value", "day", "credit", "conditions", "of_source", "of_value", "of_day",
              "of_credit", "of_conditions", "reason", "by", "recorded_at")  # fmt: skip
    readonly_fields = fields
    extra = 0
    can_delete = False
    ordering = ("-from_on", "-pk")

    def has_add_permission(self, request: object, obj: object = None) -> bool:
        return False


@admin.register(MeasureDefinition)
class MeasureDefinitionAdmin(RecordAdmin):
    """Names and order; what a measure counts is defined, and looked at before, on its own page."""

    list_display = ("label", "key", "kind", "unit", "method", "better", "is_active", "position")
    list_filter = ("kind", "unit", "is_active")
    search_fields = ("key", "label")
    fields = (
        "key", "label", "description", "kind", "unit", "method", "percentile", "better", "is_prorated", "least",
        "is_active", "position",
    )  # fmt: skip
    readonly_fields = ("key", "unit", "method", "percentile")
    inlines = (MeasureVersionInline,)
    ordering = ("position", "key")

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        return HttpResponseRedirect(reverse("measure-add"))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        changed = {name: form.cleaned_data[name] for name in form.changed_data}
        if changed:
            self.take(obj, change_measure(definition=obj, by=cast(User, request.user), **changed))

    def view_on_site(self, obj: Any) -> str:
        return reverse("measure", args=[obj.key])


@admin.register(FlagCost)
class FlagCostAdmin(ReadOnlyAdmin):
    list_display = ("kind", "needless_talk", "missed_warning", "threshold")
    ordering = ("pk",)
