"""What a page answered."""

from typing import Any

from django.forms import BaseForm


def content_of(answer: Any) -> bytes:
    """Of a download, all its parts."""
    return b"".join(answer.streaming_content)


def refused(answer: Any) -> set[str]:
    """Beside which of its fields, as they are sent, a page says what is wrong with them; no error itself."""
    assert answer.status_code in (200, 303, 404, 422), answer.request["PATH_INFO"]
    held = [value for part in answer.context or () for layer in part for value in layer.values()]
    bound = [one for one in held if isinstance(one, BaseForm) and one.is_bound]
    return {form.add_prefix(name) for form in bound for name in form.errors}
