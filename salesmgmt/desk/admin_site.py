"""The Django admin in our colours, behind our login."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase


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
