"""Edges: flags, what a gap is made of, and what a wrong flag costs."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from salesmgmt.desk.edges import act, csv_answer, tell_form
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock, keyset
from salesmgmt.lib.bridges import Bar, bridge
from salesmgmt.lib.periods import Period
from salesmgmt.lib.refusals import Refused
from teams.edges import SignedIn, looked
from teams.models import Access, Look, access_of
from teams.selectors import organisation_of

from .. import selectors, services
from ..analysis.levers import Levers
from ..forms import AnswerForm, CostForm, FlagListForm, SnoozeForm
from ..models import Flag, FlagCost, FlagKind
from ..selectors.causes import LEVER_NAMES, reason_of
from ..selectors.figures import records_url
from ..selectors.findings import inputs_of
from ..selectors.flags import flag_costs as costs_by_kind
from ..selectors.flags import flags_asked, may_put_off, outcomes, replayed, without_chances
from ..selectors.levers import levers_of, look_at
from .pipeline import scope_of


@require_GET
def flags(request: SignedIn) -> HttpResponseBase:
    """The flags one may see: a manager's people, one's own."""
    asked = FlagListForm(request.GET).asked
    organisation, access = organisation_of(request.user), access_of(request.user)
    today = clock.today(organisation.time_zone)
    found = flags_asked(request.user, on=today, **{key: asked[key] for key in ("state", "kind", "person")})
    if request.GET.get("export") == "csv":
        hidden = without_chances(found, today)
        rows = (_row(flag, hidden) for flag in found.order_by("pk").iterator(2000))
        return csv_answer(request, "flags", _HEADER, rows)
    by = "cost" if asked["state"] in {"open", "snoozed"} else "closed_on"
    page = keyset.page(found, by=by, descending=True, cursor=asked["cursor"])
    open_ones = flags_asked(request.user, on=today, state="open")
    return render(
        request,
        "performance/flags.html",
        {
            "page": page,
            "asked": asked,
            "states": FlagListForm.STATES,
            "kinds": FlagKind.choices,
            "shows_people": access.sees_all or access.leads,
            "count": open_ones.count(),
            "unanswered": open_ones.filter(seen_by_person_at=None).count(),
            "is_own": not (access.sees_all or access.leads),
            "currency": organisation.currency,
            "without_chances": without_chances(page.rows, today),
            "shows_chances": organisation.shows_individual_chances,
        },
    )


_HEADER = (
    "person", "kind", "period", "raised_on", "behind_since", "p_miss", "expected", "actual", "gap", "cost", "cause",
    "sentence", "snoozed_until", "expires_on", "closed_on", "closed_because",
)  # fmt: skip


def _row(flag: Flag, hidden: set[int]) -> list[Any]:
    p_miss, cost = (None, None) if flag.person_id in hidden else (flag.p_miss, flag.cost)
    return [
        flag.person.external_id or flag.person.name, flag.kind, flag.period, flag.raised_on, flag.behind_since, p_miss,
        flag.expected, flag.actual, flag.gap, cost, flag.cause, flag.sentence, flag.snoozed_until,
        flag.expires_on, flag.closed_on, flag.closed_because,
    ]  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@keyed
def flag(request: SignedIn, pk: int) -> HttpResponse:
    """A flag with the figures behind it; the person it is about answers here."""
    found = _flag(request, pk)
    user, access = request.user, access_of(request.user)
    is_own = access.person_id == found.person_id
    looked(request, Look.Page.FLAG, found.person_id)
    form = AnswerForm(request.POST if request.method == "POST" and is_own else None)
    if request.method == "POST":
        if not is_own:
            raise Http404
        if form.is_valid():
            try:
                services.answer_flag(flag=found, by=user, at=clock.now(), text=form.cleaned_data["text"])
            except Refused as refusal:
                tell_form(form, refusal)
            else:
                return HttpResponseRedirect(reverse("flag", args=[pk]), status=303)
    elif is_own:
        services.see_flag(flag=found, by=user, at=clock.now())
    return _page(request, found, access, form=form)


@require_POST
def flag_snooze(request: SignedIn, pk: int) -> HttpResponse:
    """Put a flag off until a day, with a reason."""
    found, access, today = _flag(request, pk), access_of(request.user), _today(request)
    if not may_put_off(access, found.person, today):
        raise Http404
    form = SnoozeForm(request.POST)
    if form.is_valid():
        try:
            services.snooze_flag(flag=found, by=request.user, on=today, at=clock.now(), **form.cleaned_data)
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            return HttpResponseRedirect(reverse("flag", args=[pk]), status=303)
    return _page(request, found, access, snooze=form)


@require_POST
def flag_wake(request: SignedIn, pk: int) -> HttpResponse:
    found, today = _flag(request, pk), _today(request)
    if not may_put_off(access_of(request.user), found.person, today):
        raise Http404
    return act(
        request,
        lambda: services.wake_flag(flag=found, by=request.user, on=today, at=clock.now()),
        said="It shows again.",
        to=reverse("flag", args=[pk]),
    )


def _today(request: SignedIn) -> date:
    return clock.today(organisation_of(request.user).time_zone)


def _flag(request: SignedIn, pk: int) -> Flag:
    return get_object_or_404(Flag.objects.visible_to(request.user).select_related("person", "team"), pk=pk)


def _page(
    request: SignedIn, found: Flag, access: Access, *, form: AnswerForm | None = None, snooze: SnoozeForm | None = None
) -> HttpResponse:
    organisation = organisation_of(request.user)
    today = clock.today(organisation.time_zone)
    period = Period.of(found.raised_on, "quarter", organisation.calendar)
    is_own = access.person_id == found.person_id
    start = found.counted_from or period.start
    scope = selectors.Scope.person(found.person)
    return render(
        request,
        "performance/flag.html",
        {
            "flag": found,
            "period": period,
            "figures": found.evidence.get("figures", []),
            "quarters_earlier": _quarters(found.evidence.get("quarters_earlier", [])),
            **_told(found),
            "signals": found.evidence.get("signals", []),
            "story": found.events.select_related("by__person").order_by("-at", "-pk"),
            "records": records_url(scope=scope, measure="bookings", start=start, until=found.as_of + timedelta(days=1)),
            "currency": organisation.currency,
            "shows_chances": not without_chances([found], today),
            "is_snoozed": found.is_snoozed(today),
            "form": form or AnswerForm(),
            "snooze": snooze or SnoozeForm(initial={"until": min(today + timedelta(days=14), found.expires_on)}),
            "may_snooze": found.is_open and may_put_off(access, found.person, today),
            "is_own": is_own,
            "may_act": not is_own and (access.sees_all or access.leads),
            "levers_url": f"{reverse('levers')}?of={scope.key}&period={period.key}",
        },
        status=400 if snooze is not None else 200,
    )


def _told(found: Flag) -> dict[str, Any]:
    """The bridge and the inputs as they stood when the sentence was said."""
    parts = found.evidence.get("levers")
    if not parts or "inputs" not in found.evidence or "plan_stretch" not in parts:
        return {"bars": [], "inputs": []}
    values = {name: Decimal(value) for name, value in parts.items()}
    credited = Decimal(found.evidence["inputs"]["now"]["credited"])
    expected = credited - sum(values.values(), Decimal(0))
    return {"bars": _bars(expected, values), "inputs": _inputs(found.evidence["inputs"])}


def _bars(expected: Decimal, parts: dict[str, Decimal]) -> list[Bar]:
    return bridge(("Expected", expected), [(LEVER_NAMES[name], value) for name, value in parts.items()], "Credited")


_INPUTS = (
    ("activities", "A", "Customer-facing activities", "count"),
    ("open_deals", "D", "Open deals, mean of the days", "mean"),
    ("won", "W", "Deals won", "count"),
    ("decided", "K", "Deals decided", "count"),
    ("credited", "R", "Credited", "money"),
    ("working_days", "", "Working days present", "count"),
)


def _inputs(sides: dict[str, dict[str, str]]) -> list[dict[str, Any]]:
    return [
        {
            "letter": letter, "label": label, "unit": unit, "now": Decimal(sides["now"][name]),
            "before": Decimal(sides["reference"][name]),
        }
        for name, letter, label, unit in _INPUTS
    ]  # fmt: skip


def _quarters(back: list[int]) -> str:
    """1, 2 and 4 quarters."""
    *first, last = map(str, back or [1])
    return f"{', '.join(first)} and {last} quarters" if first else f"{last} quarter{'' if last == '1' else 's'}"


# ── What a gap is made of ───────────────────────────────────────────────────────────────────────────────────────


LEVERS = ("what", "name", "value", "reference", "currency")


@require_GET
def levers(request: SignedIn) -> HttpResponseBase:
    """The gap of a person, a team or the company: plan stretch and four levers, with the inputs."""
    organisation = organisation_of(request.user)
    today = clock.today(organisation.time_zone)
    against = "peers" if request.GET.get("against") == "peers" else "past"
    try:
        scope = scope_of(request)
        asked = request.GET.get("period")
        period = (
            Period.parse(asked, organisation.calendar) if asked else Period.of(today, "quarter", organisation.calendar)
        )
    except (ValueError, ObjectDoesNotExist) as error:
        raise Http404 from error
    reason = ""
    if against == "peers":
        found: Levers = selectors.levers(scope=scope, period=period, as_of=today, against="peers")
    else:
        look = look_at(scope=scope, period=period, as_of=today)
        found = levers_of(look, period)
        if (found.total or 0) < 0 and found.reference is not None:
            reason = reason_of(look, otherwise="Credited less than the plan expects by now").sentence
    parts = found.parts
    sides = {"now": inputs_of(found.now), "reference": inputs_of(found.reference)} if found.reference else None
    if request.GET.get("format") == "csv":
        money = organisation.currency
        rows = [("gap", LEVER_NAMES[name], amount, None, money) for name, amount in parts.items()]
        rows += [("input", one["label"], one["now"], one["before"], "") for one in (_inputs(sides) if sides else ())]
        return csv_answer(request, f"levers-{period.key}", LEVERS, rows)
    return render(
        request,
        "performance/levers.html",
        {
            "scope": scope,
            "period": period,
            "against": against,
            "levers": found,
            "reason": reason,
            "largest": min(parts.items(), key=lambda part: part[1], default=None) if (found.total or 0) < 0 else None,
            "names": LEVER_NAMES,
            "bars": _bars(found.expected, parts) if found.expected is not None and found.reference else [],
            "inputs": _inputs(sides) if sides else [],
            "as_of": min(today, period.last_day),
            "currency": organisation.currency,
        },
    )


# ── What a wrong flag costs ─────────────────────────────────────────────────────────────────────────────────────


@require_http_methods(["GET", "HEAD", "POST"])
def flag_costs(request: SignedIn) -> HttpResponseBase:
    """Which probability a flag needs, from what being wrong costs; and what came of the flags of past quarters."""
    access, today = access_of(request.user), _today(request)
    if access.role == "none":
        raise Http404
    costs = costs_by_kind()
    if request.method == "GET" and request.GET.get("export") == "csv":
        return csv_answer(request, "flag-costs", _COSTS, _cost_rows(costs))
    forms = {kind: CostForm(initial=_costs(cost), prefix=kind) for kind, cost in costs.items()}
    if request.method == "POST":
        kind = request.POST.get("kind", "")
        if not access.imports or kind not in costs:
            raise Http404
        forms[kind] = form = CostForm(request.POST, prefix=kind)
        if form.is_valid():
            try:
                services.set_flag_cost(kind=kind, by=request.user, **form.cleaned_data)
            except Refused as refusal:
                tell_form(form, refusal)
            else:
                return HttpResponseRedirect(reverse("flag-costs"), status=303)
    return render(
        request,
        "performance/flag_costs.html",
        {
            "rows": [(cost, forms[kind]) for kind, cost in costs.items()],
            "may_set": access.imports,
            "outcomes": outcomes(on=today) if access.sees_all or access.leads else None,
            "replayed": replayed(costs[FlagKind.MISS]),
        },
        status=400 if any(form.errors for form in forms.values()) else 200,
    )


_COSTS = (
    "kind", "needless_talk", "missed_warning", "raised_from", "missed_warned", "reached_warned", "cost_per_case",
    "is_ours", "is_cheapest",
)  # fmt: skip


def _cost_rows(costs: dict[str, FlagCost]) -> Iterator[list[Any]]:
    """Each kind; and of missing the quota every threshold that was replayed."""
    for kind, cost in costs.items():
        mine = [kind, cost.needless_talk, cost.missed_warning]
        if not (tried := replayed(cost) if kind == FlagKind.MISS else []):
            yield [*mine, cost.threshold, None, None, None, True, None]
        for one in tried:
            yield [*mine, one.threshold, one.hits, one.false_alarms, one.cost, one.is_ours, one.is_cheapest]


def _costs(cost: FlagCost) -> dict[str, Any]:
    return {name: getattr(cost, name) for name in ("needless_talk", "missed_warning", "version")}
