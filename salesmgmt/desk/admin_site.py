"""The Django admin in our colours, behind our login; and what its pages have in common."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite, ModelAdmin
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase

from salesmgmt.lib.refusals import Refused


class PacelineAdminSite(AdminSite):
    site_header = site_title = "Paceline"
    index_title = "Settings and reference data"
    site_url = "/"

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Whoever is logged in and no admin finds nothing here, as anywhere else that is not theirs."""
        inner = super().admin_view(view, cacheable)

        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.user.is_authenticated and not self.has_permission(request):
                raise Http404
            found: HttpResponseBase = inner(request, *args, **kwargs)
            return found

        return answer

    def has_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and getattr(request.user, "is_superuser", False))


class RecordAdmin(ModelAdmin):
    """Writes by services where there is one; a refusal is a sentence at the top. Nothing is deleted."""

    show_full_result_count = False
    list_per_page = 50

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except Refused as refused:
            messages.error(request, refused.sentence)
            return HttpResponseRedirect(request.get_full_path())

    def take(self, obj: Any, made: Any) -> None:
        """What a service made is what the page goes on with."""
        obj.__dict__.update(made.__dict__)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        for formset in formsets:
            self.save_formset(request, form, formset, change)


class ReadOnlyAdmin(RecordAdmin):
    """Ledgers, figures, audit: to look at."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class WordlessAdmin(ReadOnlyAdmin):
    """What is said between people: that it is there, and when. No admin reads the words."""

    list_display_links = None

    def change_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        raise Http404

    history_view = change_view


class AddOnlyAdmin(RecordAdmin):
    """Dated facts: a further one ends what stands; the past is not edited."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
