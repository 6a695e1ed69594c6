"""Pages of what shapes a quota over its days: seasons and ramps."""

from decimal import Decimal

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from salesmgmt.desk.edges import act, tell_form
from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from salesmgmt.lib.refusals import Refused
from targets import forms, selectors, services
from targets.models import RampProfile
from targets.views.common import today_of, user_of
from teams.models import Organisation, access_of


def _all_seeing_only(request: HttpRequest) -> None:
    if not access_of(request.user).sees_all:
        raise Http404


# ── Seasons ─────────────────────────────────────────────────────────────────────────────────────────────────────


@require_GET
def seasons(request: HttpRequest) -> HttpResponse:
    """The running year and quarters and the next ones: learned, set or flat."""
    _all_seeing_only(request)
    organisation = Organisation.get()
    today = today_of(organisation)
    year, quarter = (Period.of(today, kind, organisation.calendar) for kind in ("year", "quarter"))
    wanted = [year, year.shift(1), *(quarter.shift(by) for by in range(-3, 3))]
    known = {(one.starts_on, one.until): one for one in selectors.known_seasons()}
    rows = []
    for each in wanted:
        season = known.pop((each.start, each.end), None)
        rows.append((each, season, list(season.shares.all()) if season else []))
    context = {
        "rows": rows,
        "others": list(known.values())[:40],
        "shaped": sum(1 for _, season, _ in rows if season),
        "is_yearly": rows[0][1] is not None,
        "year": year,
    }
    return render(request, "targets/seasons.html", context)


@require_http_methods(["GET", "POST"])
def season(request: HttpRequest, key: str) -> HttpResponse:
    """A period's season beside what the past says and a flat one; set, learned anew or made flat, with a reason."""
    _all_seeing_only(request)
    organisation = Organisation.get()
    try:
        period = Period.parse(key, organisation.calendar)
    except ValueError as error:
        raise Http404 from error
    if period.kind not in ("quarter", "year"):
        raise Http404
    found = selectors.season_of(period)
    standing = {share.bucket: share for share in found.shares.all()} if found else {}
    is_weekly = any("W" in bucket for bucket in standing)
    parts = selectors.buckets_of(period, "weeks" if is_weekly else "months")
    evidence = selectors.learned_season(period, "weeks" if is_weekly else "months")
    flat = selectors.flat_shares(parts)
    shares = {part.key: standing[part.key].percent if part.key in standing else flat[part.key] for part in parts}
    if found and not found.shares.all():
        shares = flat
    version = found.version if found else 0
    is_edit = request.method == "POST" and "act" not in request.POST
    form = forms.SeasonForm(request.POST if is_edit else None, shares=shares, initial={"version": version})
    if request.method == "POST" and not is_edit:
        return _relearn(request, period)
    if is_edit and form.is_valid():
        try:
            services.set_season(
                period=period,
                shares=form.shares,
                rule=form.cleaned_data["rule"],
                by=user_of(request),
                at=clock.now(),
                reason=form.cleaned_data["reason"],
                version=form.cleaned_data["version"],
            )
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            messages.success(request, f"The season of {period.label} is set; quotas keep their amounts.")
            return redirect("season", key)
    learned = {part.key: percent for part, percent in evidence.learned.shares.items()}
    raw = {part.key: percent for part, percent in evidence.learned.raw.items()}
    context = {
        "period": period,
        "season": found,
        "rows": [(part, shares[part.key], flat[part.key], learned.get(part.key), raw.get(part.key)) for part in parts],
        "most": max(shares.values(), default=Decimal(0)),
        "evidence": evidence,
        "changes": selectors.season_changes(found)[:50] if found else [],
        "form": form,
        "version": version,
        "is_weekly": is_weekly,
    }
    return render(request, "targets/season.html", context, status=422 if form.errors else 200)


def _relearn(request: HttpRequest, period: Period) -> HttpResponse:
    form = forms.RelearnForm(request.POST)
    to = reverse("season", args=[period.key])
    if not form.is_valid():
        messages.error(request, "Say why the season changes, in 200 characters.")
        return redirect(to)
    said = form.cleaned_data
    told = {"by": user_of(request), "at": clock.now(), "reason": said["reason"], "version": said["version"]}
    if said["act"] == "flat":
        return act(
            request,
            lambda: services.flatten_season(period=period, **told),
            said=f"The season of {period.label} is flat.",
            to=to,
        )
    return act(
        request,
        lambda: services.relearn_season(period=period, buckets=said["act"], **told),
        said=f"The season of {period.label} is what the past says.",
        to=to,
    )


# ── Ramps ───────────────────────────────────────────────────────────────────────────────────────────────────────


@require_GET
def ramps(request: HttpRequest) -> HttpResponse:
    """Every ramp profile, to whom it applies, and whose quota would differ by what they say now."""
    _all_seeing_only(request)
    organisation = Organisation.get()
    profiles = list(selectors.ramp_profiles())
    context = {
        "profiles": [(one, list(one.steps.all())) for one in profiles],
        "ruled": sum(1 for one in profiles if one.start),
        "differences": selectors.ramp_differences(today_of(organisation)),
        "currency": organisation.currency,
    }
    return render(request, "targets/ramps.html", context)


@require_http_methods(["GET", "POST"])
def ramp(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """A profile, made or changed with a reason; below it what was changed before."""
    _all_seeing_only(request)
    profile = get_object_or_404(RampProfile, pk=pk) if pk else None
    steps = profile.steps.order_by("month").values_list("percent", flat=True) if profile else []
    initial = {
        "name": profile.name if profile else "",
        "start": profile.start if profile else "",
        "role": profile.role if profile else "",
        "percents": " ".join(f"{percent.normalize():f}" for percent in steps),
        "version": profile.version if profile else 0,
    }
    form = forms.RampForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.set_ramp(profile=profile, by=user_of(request), at=clock.now(), **form.cleaned_data)
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            messages.success(request, "Saved. Entries that are posted stay as they are.")
            return redirect("ramps")
    context = {
        "profile": profile,
        "form": form,
        "changes": profile.changes.select_related("by").order_by("-at", "-pk")[:50] if profile else [],
    }
    return render(request, "targets/ramp.html", context, status=422 if form.errors else 200)
