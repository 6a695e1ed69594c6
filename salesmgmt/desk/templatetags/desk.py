"""Tags that know no noun."""

from typing import Any
from uuid import uuid4

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from salesmgmt.desk import saved_views as views

register = template.Library()


@register.simple_tag
def submit_key() -> SafeString:
    """A hidden key, new with each rendering, by which a double submit of a form is done once."""
    return format_html('<input type="hidden" name="idempotency_key" value="{}">', uuid4())


@register.inclusion_tag("_views.html", takes_context=True)
def saved_views(context: template.Context) -> dict[str, Any]:
    """This list's filters under names, and a form that keeps those of now; for any page of a list."""
    request = context["request"]
    page = request.resolver_match.url_name
    asked = request.GET.copy()
    for name in views.PASSING:
        asked.pop(name, None)
    query = asked.urlencode()
    found = views.views_of(request.user, page)
    return {
        "request": request,
        "page": page,
        "query": query,
        "views": found,
        "me": request.user.pk,
        "current": next((view.pk for view in found if view.query == query), None),
    }
