"""Pages of the catalogue: what is measured, by which formula since when; an admin defines more."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from salesmgmt.desk.edges import csv_answer, tell_form
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from salesmgmt.lib.refusals import Refused
from teams.edges import SignedIn
from teams.models import Organisation, access_of
from teams.selectors import person_of

from .. import selectors, services
from ..forms import MeasureForm, VersionForm
from ..models import MeasureDefinition, MeasureVersion
from ..selectors.catalogue import formula_of
from ..selectors.parts import FIRST_DAY, said, versions_in_force
from ..selectors.sources import SOURCES
from ..services.measures import may_define, worked_out

FILE = ("key", "label", "kind", "method", "unit", "better", "is_prorated", "is_sketch", "least", "definition")
_FIELDS = {"source": "what", "value": "what", "of_source": "of_what", "of_value": "of_what"}


@require_GET
def measures(request: SignedIn) -> HttpResponseBase:
    """Every measure with its formula."""
    _require_work(request)
    every = list(selectors.catalogue().values())
    if request.GET.get("export") == "csv":
        rows = ((*(getattr(one, name) for name in FILE), " / ".join(map(formula_of, one.versions))) for one in every)
        return csv_answer(request, "measures", (*FILE, "formula"), rows)
    kinds = (("Leading", "leading"), ("Lagging", "lagging"), ("Support", "support"))
    groups = [(name, [one for one in every if one.kind == kind and not one.is_built_in]) for name, kind in kinds]
    groups.insert(0, ("Built in", [one for one in every if one.is_built_in]))
    context = {"groups": groups, "count": len(every), "may_define": may_define(request.user)}
    return render(request, "performance/measures.html", context)


@require_http_methods(["GET", "POST"])
@keyed
def measure(request: SignedIn, key: str) -> HttpResponse:
    """One measure: its versions, and its figure now; an admin gives it a further version here."""
    _require_work(request)
    found = selectors.catalogue(hidden=True).get(key)
    if found is None:
        raise Http404
    is_admin = may_define(request.user) and not found.is_built_in
    if request.method == "POST" and not is_admin:
        raise Http404
    form = VersionForm(request.POST or None, initial=_initial(found.versions)) if is_admin else None
    shown = None
    if request.method == "POST" and form is not None and form.is_valid():
        definition = found.versions[0].definition

        def save() -> object:
            said = form.cleaned_data
            return services.add_version(
                definition=definition, spec=form.spec, from_on=said["from_on"], reason=said["reason"],
                by=request.user, at=clock.now(),
            )  # fmt: skip

        shown, answer = _previewed_or_saved(request, form, definition, save, key)
        if answer is not None:
            return answer
    organisation = Organisation.get()
    context = {
        "measure": found,
        "versions": [_told(version, found.versions) for version in reversed(found.versions)],
        "figure": _figure_now(request, found, organisation),
        "form": form,
        "preview": shown,
        "sources": SOURCES.values() if is_admin else (),
        "currency": organisation.currency,
        "is_hidden": bool(found.versions) and not found.versions[0].definition.is_active,
    }
    return render(request, "performance/measure.html", context)


@require_http_methods(["GET", "POST"])
@keyed
def measure_add(request: SignedIn) -> HttpResponse:
    """A further measure, looked at on last month before anybody is measured by it."""
    if not may_define(request.user):
        raise Http404
    form = MeasureForm(request.POST or None)
    shown = None
    if request.method == "POST" and form.is_valid():
        definition = MeasureDefinition(**form.definition)

        def save() -> object:
            said = form.cleaned_data
            return services.define_measure(
                **form.definition, spec=form.spec, from_on=said["from_on"], reason=said["reason"], by=request.user,
                at=clock.now(),
            )  # fmt: skip

        shown, answer = _previewed_or_saved(request, form, definition, save, form.cleaned_data["key"])
        if answer is not None:
            return answer
    context = {
        "form": form, "preview": shown, "sources": SOURCES.values(), "currency": Organisation.get().currency
    }  # fmt: skip
    return render(request, "performance/measure_add.html", context)


def _previewed_or_saved(
    request: HttpRequest, form: VersionForm, definition: MeasureDefinition, save: Callable[[], object], key: str
) -> tuple[selectors.Preview | None, HttpResponse | None]:
    """What the form comes to last month, or the way on once it is saved; a refusal stands beside its field."""
    try:
        if request.POST.get("act") != "save":
            version = worked_out(definition=definition, spec=form.spec, from_on=form.cleaned_data["from_on"])
            version.from_on = FIRST_DAY
            organisation = Organisation.get()
            today = clock.today(organisation.time_zone)
            month = Period.of(today, "month", organisation.calendar).shift(-1)
            return selectors.preview(version=version, period=month), None
        save()
    except Refused as refusal:
        refusal.field = _FIELDS.get(refusal.field or "", refusal.field)
        tell_form(form, refusal)
        return None, None
    messages.success(request, "Saved. Its figures follow within seconds.")
    answer = redirect(reverse("measure", args=[key]))
    answer.status_code = 303
    return None, answer


def _initial(versions: tuple[MeasureVersion, ...]) -> dict[str, Any]:
    """What holds now, to be changed."""
    last = versions_in_force(versions)[-1][0]
    found: dict[str, Any] = {}
    for prefix in ("", "of_"):
        source = getattr(last, f"{prefix}source")
        if source:
            found |= {
                f"{prefix}what": f"{source}.{getattr(last, f'{prefix}value')}",
                f"{prefix}day": f"{source}.{getattr(last, f'{prefix}day')}",
                f"{prefix}credit": f"{source}.{getattr(last, f'{prefix}credit')}",
                f"{prefix}conditions": said(getattr(last, f"{prefix}conditions")),
            }
    return found


def _told(version: MeasureVersion, versions: tuple[MeasureVersion, ...]) -> dict[str, Any]:
    until = {one.pk: end for one, _, end in versions_in_force(versions)}.get(version.pk)
    return {
        "version": version,
        "formula": formula_of(version),
        "is_first": version.from_on == FIRST_DAY,
        "holds": until is not None,
        "last": until if until and until.year < 9000 else None,
    }


def _figure_now(request: HttpRequest, found: selectors.Measure, organisation: Organisation) -> selectors.Figure | None:
    """The viewer's own figure of the running quarter, or the company's for those who see all."""
    if found.versions and not found.versions[0].definition.is_active:
        return None
    person = person_of(request.user)
    if access_of(request.user).sees_all:
        scope = selectors.Scope.company().shown_to(request.user)
    elif person is not None:
        scope = selectors.Scope.person(person)
    else:
        return None
    today = clock.today(organisation.time_zone)
    quarter = Period.of(today, "quarter", organisation.calendar)
    return selectors.figure(scope=scope, measure=found.key, period=quarter, as_of=today, organisation=organisation)


def _require_work(request: HttpRequest) -> None:
    if not MeasureDefinition.objects.visible_to(request.user).exists():
        raise Http404
