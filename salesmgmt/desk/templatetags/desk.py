"""Tags that know no noun."""

from uuid import uuid4

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def submit_key() -> SafeString:
    """A hidden key, new with each rendering, by which a double submit of a form is done once."""
    return format_html('<input type="hidden" name="idempotency_key" value="{}">', uuid4())
