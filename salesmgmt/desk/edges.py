"""What the edges share: how a refusal reaches a form, and an act that is one button."""

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect

from salesmgmt.lib.refusals import Refused


def tell_form(form: forms.BaseForm, refusal: Refused) -> None:
    """The rule's sentence beside its field, or above the form."""
    form.add_error(refusal.field if refusal.field in form.fields else None, refusal.sentence)


def act(request: HttpRequest, do: Callable[[], object], *, said: str, to: str) -> HttpResponse:
    """Do one thing and go on to a page: what was done, or why not, is said there."""
    try:
        do()
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, said)
    answer = redirect(to)
    assert isinstance(answer, HttpResponseRedirect)
    answer.status_code = 303
    return answer
