"""The page that says how likely a plan is, and each quota in it."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from salesmgmt.desk.kept import kept
from targets import selectors
from targets.models import Plan
from targets.views.common import kept_preview, today_of, unit_of
from teams.models import Organisation, access_of


@require_GET
def plan_outlook(request: HttpRequest, pk: int) -> HttpResponse:
    """The chance of the target and of each figure in it, with what it was worked out from."""
    plan = get_object_or_404(Plan.objects.visible_to(request.user), pk=pk)
    rows = selectors.plan_rows(plan, request.user)
    if not rows:
        raise Http404
    organisation, access = Organisation.get(), access_of(request.user)
    today = today_of(organisation)
    shown = [row.line.pk for row in rows]
    came = list(selectors.people_of(plan, request.user).order_by("pk").values_list("pk", flat=True))
    stands = selectors.stand_of(plan)
    entry = selectors.last_entry(plan) if plan.is_published else None
    found = kept(
        lambda: selectors.outlook(
            plan, rows, as_of=today, came=came,
            preview=None if plan.is_published else kept_preview(plan, stands, today),
        ),
        *("outlook", *stands, entry, today, shown, came),
    )  # what everybody is there for, and three years of results, for one manager's page  # fmt: skip
    asked = len(found.people) if found else 0
    found = found and selectors.told(found, organisation, days={today, min(today, plan.starts_on)})
    context = {
        "plan": plan,
        "period": plan.kept_period(organisation.calendar),
        "outlook": found,
        "sees_whole": access.sees_all,
        "own": access.person_id,
        "withheld": asked - len(found.people) if found else 0,
        "good": sum(1 for one in found.people if one.chance >= selectors.ACHIEVABLE) if found else 0,
        "beyond": sum(1 for one in found.people if one.chance < selectors.AMBITIOUS) if found else 0,
        "currency": unit_of(plan.measure, organisation),
    }
    return render(request, "targets/outlook.html", context)
