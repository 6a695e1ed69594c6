"""Every URL of the product, and the reference view; only the bench knows it."""

from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path

from sales.models import Activity
from salesmgmt.urls import *  # noqa: F403
from salesmgmt.urls import urlpatterns as shipped

PAGE = engines["django"].from_string(
    "<table>{% for row in rows %}<tr><td>{{ row.pk }}</td><td>{{ row.kind }}</td><td>{{ row.occurred_on }}</td>"
    "<td>{{ row.outcome }}</td><td>{{ row.duration_minutes }}</td></tr>{% endfor %}</table>"
)


def reference(request: HttpRequest) -> HttpResponse:
    """The least a page can cost here: every middleware, somebody logged in, one indexed query of 50 rows, a table."""
    rows = Activity.objects.present().order_by("-occurred_at", "-pk")[:50]
    return HttpResponse(PAGE.render({"rows": rows}, request))


urlpatterns = [path("bench/reference/", reference), *shipped]
