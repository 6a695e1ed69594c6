"""Everything, and the reference view: logged in, same middleware, one indexed query of 50 rows in a plain table."""

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.utils.html import format_html_join


def reference(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, name FROM bench_reference WHERE owner = %s ORDER BY id LIMIT 50", [request.user.pk])
        return HttpResponse(format_html_join("\n", "<p>{} {}</p>", cursor.fetchall()))


urlpatterns = [path("reference/", reference), path("", include("salesmgmt.urls"))]
