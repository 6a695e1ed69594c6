"""The week of somebody who leads: whom they meet, what is due, what is new, what was left."""

from datetime import date, timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from coaching import selectors
from salesmgmt.lib import clock
from salesmgmt.lib.days import is_of_our_time
from teams.edges import SignedIn
from teams.models import Organisation


@require_GET
def week(request: SignedIn) -> HttpResponse:
    """This week, or that of `?of=2026-11-23`."""
    zone = Organisation.get().time_zone
    today = clock.today(zone)
    try:
        day = date.fromisoformat(request.GET.get("of", "")[:10])
    except ValueError:
        day = today
    if not is_of_our_time(day) or abs((day - today).days) > 3660:
        day = today
    found = selectors.week_of(request.user, day=day, today=today, zone=zone)
    context = {
        "week": found,
        "today": today,
        "is_now": found.starts_on <= today <= found.ends_on,
        "before": found.starts_on - timedelta(days=7),
        "after": found.starts_on + timedelta(days=7),
        "late": sum(1 for item in found.promises if item.due_on < today),
    }
    return render(request, "coaching/week.html", context)
