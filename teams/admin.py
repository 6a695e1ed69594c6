"""People, teams, calendars in the admin. Postings stand in sales.admin: credits follow them."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminDateWidget
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest

from salesmgmt.desk.admin_site import AddOnlyAdmin, ReadOnlyAdmin, RecordAdmin
from salesmgmt.lib import clock
from salesmgmt.lib.days import require_our_time
from salesmgmt.lib.refusals import Refused

from . import services
from .models import (
    ExchangeRate,
    Holiday,
    Leadership,
    Leave,
    LeaveKind,
    Organisation,
    Period,
    PeriodChange,
    Person,
    Posting,
    Team,
    Territory,
    User,
)


def acting(request: HttpRequest) -> User:
    return cast(User, request.user)


@admin.register(User)
class LoginAdmin(UserAdmin):
    list_display = ("username", "first_name", "email", "is_active", "is_superuser", "last_login")
    list_filter = ("is_active", "is_superuser")
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Name", {"fields": ("first_name", "last_name", "email")}),
        ("Access", {"fields": ("is_active", "is_staff", "is_superuser")}),
        ("Settings", {"fields": ("time_zone", "keys_off")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined")
    ordering = ("username",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Organisation)
class OrganisationAdmin(RecordAdmin):
    list_display = ("name", "currency", "time_zone", "fiscal_month", "holiday_region")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        changes = {field: form.cleaned_data[field] for field in form.changed_data}
        services.change_organisation(by=acting(request), **changes)


@admin.register(Holiday)
class HolidayAdmin(RecordAdmin):
    list_display = ("on", "name", "region")
    list_filter = ("region",)
    search_fields = ("name", "region")
    date_hierarchy = "on"
    ordering = ("-on",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True


class PostingInline(admin.TabularInline):
    model = Posting
    fields = ("during", "team", "role", "fte", "territory", "holiday_region", "ramp")
    readonly_fields = fields
    extra = 0
    can_delete = False
    ordering = ("-during",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("team", "territory", "person")


@admin.register(Person)
class PersonAdmin(RecordAdmin):
    list_display = ("name", "email", "external_id", "user", "hired_on", "left_on")
    list_select_related = ("user",)
    list_filter = (("left_on", admin.EmptyFieldListFilter), ("user", admin.EmptyFieldListFilter))
    search_fields = ("name", "email", "external_id")
    fields = ("name", "email", "external_id", "hired_on", "left_on", "birthday", "user")
    raw_id_fields = ("user",)
    inlines = (PostingInline,)
    actions = ("invite",)
    ordering = ("name",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(withdrawn_at=None)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        said = {field: form.cleaned_data[field] for field in form.changed_data if field in form.cleaned_data}
        said["external_id"] = form.cleaned_data["external_id"] or None
        left_on, user = said.pop("left_on", None), said.pop("user", obj.user)
        if change:
            person = services.change_person(person=obj, by=acting(request), **said)
        else:
            person = services.add_person(by=acting(request), **said)
        if user != person.user:
            person = services.link_login(person=person, user=user, by=acting(request))
        if left_on:
            person = services.end_employment(person=person, on=left_on, by=acting(request))
        elif "left_on" in form.changed_data:
            person = services.take_back(person=person, by=acting(request))
        self.take(obj, person)

    @admin.action(description="Invite: make a link for a login (72 hours, one use)")
    def invite(self, request: HttpRequest, queryset: Any) -> None:
        for person in queryset:
            try:
                link = services.invite_person(person=person, by=acting(request), at=clock.now())
                messages.success(request, f"{person}: {link}")
            except Refused as refused:
                messages.error(request, refused.sentence)


@admin.register(Team)
class TeamAdmin(RecordAdmin):
    list_display = ("name", "parent", "department", "external_id")
    list_select_related = ("parent",)
    list_filter = ("department",)
    search_fields = ("name", "external_id")
    fields = ("name", "parent", "department", "external_id")
    raw_id_fields = ("parent",)
    ordering = ("path",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(withdrawn_at=None)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        said = {field: form.cleaned_data[field] for field in ("name", "parent", "department", "external_id")}
        said["external_id"] = said["external_id"] or None
        if change:
            made = services.change_team(team=obj, by=acting(request), **said)
        else:
            made = services.add_team(by=acting(request), **said)
        self.take(obj, made)


class FromDay(forms.ModelForm):
    """A dated fact as people say it: from a day, perhaps until another."""

    on = forms.DateField(label="From", widget=AdminDateWidget, validators=[require_our_time])
    until = forms.DateField(
        required=False,
        widget=AdminDateWidget,
        validators=[require_our_time],
        help_text="First day it no longer holds; empty: until the next one",
    )


class DatedAdmin(AddOnlyAdmin):
    form = FromDay
    ordering = ("-during",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*self.facts, "during") if obj else (*self.facts, "on", "until")

    facts: tuple[str, ...] = ()


@admin.register(Leadership)
class LeadershipAdmin(DatedAdmin):
    facts = ("team", "person")
    list_display = ("team", "person", "during")
    list_select_related = ("team", "person")
    search_fields = ("team__name", "person__name")
    raw_id_fields = ("team", "person")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        said = {field: form.cleaned_data[field] for field in ("team", "person", "on", "until")}
        self.take(obj, services.appoint_manager(by=acting(request), **said))


class LeaveForm(forms.ModelForm):
    start = forms.DateField(label="First day away", widget=AdminDateWidget, validators=[require_our_time])
    last = forms.DateField(label="Last day away", widget=AdminDateWidget, validators=[require_our_time])


@admin.register(Leave)
class LeaveAdmin(AddOnlyAdmin):
    form = LeaveForm
    """Who enters it says the kind; afterwards it shows what it does, and the kind to HR alone."""

    list_display = ("person", "during", "relieves_quota")
    list_select_related = ("person", "kind")
    list_filter = ("kind__relieves_quota",)
    search_fields = ("person__name",)
    raw_id_fields = ("person",)
    ordering = ("-during",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("person", "during", "relieves_quota") if obj else ("person", "kind", "start", "last")

    @admin.display(boolean=True, description="Relieves quota")
    def relieves_quota(self, leave: Leave) -> bool:
        return leave.kind.relieves_quota

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        said = {field: form.cleaned_data[field] for field in ("person", "kind", "start", "last")}
        self.take(obj, services.record_leave(by=acting(request), **said))


@admin.register(LeaveKind)
class LeaveKindAdmin(RecordAdmin):
    list_display = ("name", "key", "relieves_quota", "is_protected")


@admin.register(Territory)
class TerritoryAdmin(RecordAdmin):
    list_display = ("name", "parent")
    list_select_related = ("parent",)
    search_fields = ("name",)
    raw_id_fields = ("parent",)
    ordering = ("name",)


@admin.register(ExchangeRate)
class ExchangeRateAdmin(DatedAdmin):
    facts = ("currency", "kind", "rate")
    list_display = ("currency", "kind", "rate", "during")
    list_filter = ("currency", "kind")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        said = {field: form.cleaned_data[field] for field in ("currency", "kind", "rate", "on", "until")}
        self.take(obj, services.set_rate(by=acting(request), **said))


class PeriodChangeInline(admin.TabularInline):
    model = PeriodChange
    fields = ("at", "by", "is_closing", "reason")
    readonly_fields = fields
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Period)
class PeriodAdmin(ReadOnlyAdmin):
    list_display = ("key", "closed_at")
    list_filter = (("closed_at", admin.EmptyFieldListFilter),)
    search_fields = ("key",)
    inlines = (PeriodChangeInline,)
    actions = ("close",)
    ordering = ("-key",)

    @admin.action(description="Close the selected months")
    def close(self, request: HttpRequest, queryset: Any) -> None:
        for period in queryset:
            try:
                services.close_period(key=period.key, by=acting(request), at=clock.now())
                messages.success(request, f"{period} is closed.")
            except Refused as refused:
                messages.error(request, refused.sentence)
