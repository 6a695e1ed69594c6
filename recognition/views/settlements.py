"""Pay that disputes granted: what waits, what was settled, by whom."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from recognition import selectors, services
from recognition.forms import SettleForm
from recognition.models import PaySettlement
from salesmgmt.desk.edges import tell_form
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock, keyset
from salesmgmt.lib.refusals import Refused
from teams.edges import SignedIn, looked_at
from teams.models import Look, access_of
from teams.selectors import organisation_of


@require_http_methods(["GET", "POST"])
@keyed
def settlements(request: SignedIn) -> HttpResponse:
    """One's own; all of them for who pays, who says when it is done."""
    user = request.user
    if access_of(user).person_id is None:
        raise Http404
    today = clock.today(organisation_of(user).time_zone)
    bound = SettleForm(request.POST) if request.method == "POST" else None
    if bound is not None and bound.is_valid():
        try:
            services.settle_pay(by=user, at=clock.now(), on=today, **bound.cleaned_data)
        except Refused as refusal:
            tell_form(bound, refusal)
        else:
            messages.success(request, "Settled; they are told.")
            return redirect("settlements")
    waiting = selectors.pay_waiting(user, on=today)
    rows = PaySettlement.objects.visible_to(user).select_related("person", "by__person")
    page = keyset.page(rows, by="settled_at", descending=True, cursor=request.GET.get("cursor", ""))
    shown = {row.due.person.pk for row in waiting} | {row.person_id for row in page.rows}
    looked_at(request, Look.Page.DISPUTE, shown - {access_of(user).person_id or 0})
    asked = (bound.data.get("dispute"), bound.data.get("person")) if bound is not None else None
    context = {
        "waiting": [(row, _form(row, bound if asked == (str(row.due.dispute), str(row.due.person.pk)) else None))
                    for row in waiting],
        "wrong": bound is not None and not any(row.may_settle for row in waiting),
        "page": page,
        "today": today,
        "me": access_of(user).person_id,
    }  # fmt: skip
    return render(request, "recognition/settlements.html", context, status=422 if bound is not None else 200)


def _form(row: selectors.PayWaiting, bound: SettleForm | None) -> SettleForm | None:
    if not row.may_settle:
        return None
    due = row.due
    return bound or SettleForm(
        initial={"dispute": due.dispute, "person": due.person.pk}, auto_id=f"pay-{due.dispute}-{due.person.pk}_%s"
    )
