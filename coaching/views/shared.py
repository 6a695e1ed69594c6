"""What pages of coaching share."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect

from salesmgmt.desk.edges import tell_form
from salesmgmt.lib.refusals import Refused
from teams.edges import SignedIn

CASE_DAYS = 14


Page = Callable[..., HttpResponse]


def submit(
    request: SignedIn, page: Page, pk: int, name: str, form: Form, do: Callable[[], object], said: str
) -> HttpResponse:
    """Do what a form of a page asks; a mistake shows the page again with what was typed."""
    if form.is_valid():
        try:
            do()
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            messages.success(request, said)
            return redirect(f"/{request.path.split('/')[1]}/{pk}/")
    return page(request, pk, **{name: form})


def apart(context: dict[str, Any]) -> dict[str, Any]:
    """Of several forms on a page each has ids of its own: a label would lead to the field of another."""
    for name, form in context.items():
        if isinstance(form, Form):
            form.auto_id = f"{name}_%s"
    return context


def version_of(request: SignedIn) -> int | None:
    given = request.POST.get("version", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else None


def number_of(request: SignedIn, name: str) -> int | None:
    """A record's number in the address; None where it is none."""
    given = request.GET.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None
