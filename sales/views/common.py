"""What sales' pages share."""

from collections.abc import Callable
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db import DataError
from django.forms import BaseForm
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils import timezone

from sales import selectors
from sales.models import Account, Activity, Complaint, Contract, Deal, Order
from salesmgmt.desk.edges import renew, tell_form
from salesmgmt.desk.wake import wake
from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused, Stale
from teams.edges import SignedIn
from teams.selectors import organisation_of

TOPICS = ("rollups",)


def see_other(to: Any, *args: Any) -> HttpResponse:
    """Go on to a page after an act."""
    answer = redirect(to, *args)
    assert isinstance(answer, HttpResponseRedirect)
    answer.status_code = 303
    return answer


def today_and_zone(request: SignedIn) -> tuple[date, str]:
    """The organisation's day and zone."""
    zone = organisation_of(request.user).time_zone
    return clock.today(zone), zone


Sorts = dict[str, tuple[str, str, bool]]
"""Orders of a list, the usual one first: what each is called, by which field it goes, whether it falls."""


def sort_of(sorts: Sorts, said: str | None) -> tuple[dict[str, Any], str, bool]:
    """What a list's page needs to offer its orders, and the field and direction of the one asked for."""
    sort = said if said in sorts else next(iter(sorts))
    _, by, falls = sorts[sort]
    return {"sort": sort, "sorts": [(name, label) for name, (label, _, _) in sorts.items()]}, by, falls


def in_zone(zone: str) -> Any:
    """Moments are typed and shown in the organisation's zone."""
    return timezone.override(ZoneInfo(zone))


def writable_or_404(request: SignedIn, record: Deal | Order | Account | Activity | Complaint | Contract) -> None:
    """Who may read a record but not change it meets the same dull 404 as everybody else."""
    if not selectors.is_writable(request.user, record):
        raise Http404


def submitted(
    request: SignedIn,
    form: BaseForm,
    do: Callable[[], object],
    *,
    said: str,
    topics: tuple[str, ...] = TOPICS,
    now_at: Callable[[], int] | None = None,
) -> bool:
    """Do what a valid form asks. False: it was refused, and the form says why and keeps what was typed."""
    if not form.is_valid():
        return False
    try:
        do()
    except DataError:
        form.add_error(None, "A figure in it, or what it comes to in another currency, is larger than can be kept.")
        return False
    except Refused as refusal:
        tell_form(form, refusal)
        if isinstance(refusal, Stale) and now_at is not None:
            renew(form, now_at())
        return False
    for topic in topics:
        wake(topic)
    if said:
        messages.success(request, said)
    return True
