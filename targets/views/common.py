"""What the pages of planning share: who asks, of which period, on which day."""

from datetime import date
from typing import Any

from django.http import Http404, HttpRequest

from salesmgmt.desk.kept import kept
from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from targets import selectors
from targets.models import Plan, measure_of
from teams.models import Organisation, User


def user_of(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def period_of(request: HttpRequest, organisation: Organisation) -> Period:
    """The period the address asks for, else this quarter."""
    key = request.GET.get("period", "")
    if not key:
        return Period.of(clock.today(organisation.time_zone), "quarter", organisation.calendar)
    try:
        return Period.parse(key, organisation.calendar)
    except ValueError as error:
        raise Http404 from error


def choices_of(request: HttpRequest, organisation: Organisation, period: Period) -> dict[str, Any]:
    """The quarters around today, and the period shown."""
    now = Period.of(clock.today(organisation.time_zone), "quarter", organisation.calendar)
    around = [now.shift(by) for by in range(1, -7, -1)]
    if period not in around:
        around.append(period)
    choices = []
    for choice in around:
        asked = request.GET.copy()
        asked["period"] = choice.key
        choices.append((choice.label, f"?{asked.urlencode()}", choice == period))
    return {
        "period": period,
        "period_label": period.label,
        "period_choices": choices,
        "currency": organisation.currency,
    }


def kept_preview(plan: Plan, stands: tuple[Any, ...], today: date) -> selectors.Preview:
    """`selectors.preview` for a page, worked out once for everybody who looks; what acts on it works it out anew."""
    return kept(lambda: selectors.preview(plan), "preview", *stands, today)


def today_of(organisation: Organisation) -> date:
    return clock.today(organisation.time_zone)


def unit_of(measure: str, organisation: Organisation) -> str | None:
    """What a goal's figures are written with: the currency, a percent sign, or nothing."""
    return {"money": organisation.currency, "percent": "%"}.get(measure_of(measure).unit)
