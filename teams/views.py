"""Logging in, invitations, the profile."""

from datetime import timedelta
from typing import Any, cast

from celery import current_app
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import PasswordResetForm, SetPasswordForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse, reverse_lazy
from django.utils.cache import add_never_cache_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from salesmgmt.desk.edges import act, tell_form
from salesmgmt.desk.idempotency import keyed
from salesmgmt.desk.models import Token
from salesmgmt.desk.wake import publish
from salesmgmt.lib import clock, keyset
from salesmgmt.lib.refusals import Refused

from . import selectors, services
from .edges import looked, looked_at
from .forms import LeaveForm, LoginForm, PayForm, ProfileForm, RatingForm, SkillForm, TokenForm
from .models import Leave, Look, Pay, Person, Role, SkillRating, User, access_of

LATELY = timedelta(days=90)  # leave that ended longer ago is no longer listed


class LoginView(auth.LoginView):
    form_class = LoginForm
    redirect_authenticated_user = True


class PasswordResetView(auth.PasswordResetView):
    success_url = reverse_lazy("password_reset_done")

    def form_valid(self, form: PasswordResetForm) -> HttpResponse:
        """Mailing is the worker's, so that a known address takes no longer than another; ours without a broker."""
        email = form.cleaned_data["email"]
        if not publish(current_app.tasks["teams.tasks.mail_password_reset"], email):
            services.mail_password_reset(email=email)
        return redirect(self.success_url)


class PasswordResetConfirmView(auth.PasswordResetConfirmView):
    success_url = reverse_lazy("password_reset_complete")


class PasswordChangeView(auth.PasswordChangeView):
    success_url = reverse_lazy("password_change_done")


def locked_out(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """Too many wrong passwords for this account from this address."""
    response = render(request, "429.html", status=429)
    response["Retry-After"] = "900"
    return response


@sensitive_post_parameters()
@never_cache
@login_not_required
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Choose a password for the login somebody was invited to; works once."""
    token = selectors.invitation(secret, at=clock.now())
    if token is None:
        return render(request, "teams/invitation.html", {"form": None}, status=404)
    user = token.user
    form = SetPasswordForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            password = form.cleaned_data["new_password1"]
            user = services.accept_invitation(secret=secret, password=password, at=clock.now())
        except Refused:
            return render(request, "teams/invitation.html", {"form": None}, status=404)
        login(request, user, backend="django.contrib.auth.backends.ModelBackend")
        return redirect("/")
    return render(request, "teams/invitation.html", {"form": form, "invited": user})


@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Name, address, zone, keys; and the API tokens."""
    user = cast(User, request.user)
    form = _profile_form(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        services.change_profile(user=user, **form.cleaned_data)
        messages.success(request, "Saved.")
        return redirect("profile")
    return _profile(request, form=form)


@require_POST
def token_add(request: HttpRequest) -> HttpResponse:
    """Make an API token and show its secret, this once."""
    form = TokenForm(request.POST, auto_id="token_%s")
    if not form.is_valid():
        return _profile(request, token_form=form)
    secret = services.make_api_token(user=cast(User, request.user), name=form.cleaned_data["name"], at=clock.now())
    response = _profile(request, secret=secret)
    add_never_cache_headers(response)
    return response


@require_POST
def token_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an API token out of use."""
    token = get_object_or_404(selectors.api_tokens(cast(User, request.user)), pk=pk)
    services.revoke_api_token(token=token, at=clock.now())
    messages.success(request, f"“{token.name}” no longer works.")
    return redirect("profile")


@require_POST
def address_make(request: HttpRequest, purpose: str) -> HttpResponse:
    """Make a calendar feed or a mail address anew and show it, this once."""
    user = cast(User, request.user)
    if selectors.person_of(user) is None:
        raise Http404
    secret = services.make_address(user=user, purpose=purpose, at=clock.now())
    if purpose == Token.Purpose.CALENDAR:
        shown = f"{settings.BASE_URL}{reverse('calendar-feed', args=[secret])}"
    else:
        shown = f"log+{secret}@{settings.DEFAULT_FROM_EMAIL.rpartition('@')[2].rstrip('>')}"
    response = _profile(request, **{f"{purpose}_address": shown})
    add_never_cache_headers(response)
    return response


@require_POST
def address_revoke(request: HttpRequest, purpose: str) -> HttpResponse:
    """Take the address out of use."""
    if services.revoke_address(user=cast(User, request.user), purpose=purpose, at=clock.now()):
        messages.success(request, "That address opens nothing any more.")
    return redirect("profile")


def _profile_form(user: User, data: Any = None) -> ProfileForm:
    person = selectors.person_of(user)
    initial = {
        "name": person.name if person else user.get_full_name() or user.username,
        "email": user.email,
        "time_zone": user.time_zone,
        "keys_off": user.keys_off,
    }
    return ProfileForm(data, user=user, initial=initial)


def _profile(request: HttpRequest, **context: Any) -> HttpResponse:
    user = cast(User, request.user)
    shown = {
        "form": _profile_form(user),
        "token_form": TokenForm(auto_id="token_%s"),
        "tokens": selectors.api_tokens(user),
    }
    shown |= {"person": selectors.person_of(user), "addresses": selectors.addresses(user)}
    return render(request, "teams/profile.html", shown | context)


# ── Leave ───────────────────────────────────────────────────────────────────────────────────────────────────────


@require_http_methods(["GET", "POST"])
@keyed
def leaves(request: HttpRequest) -> HttpResponse:
    """Who is away when, of those one sees: dates and whether it relieves quota; HR reads kinds, and records leave."""
    access, user = access_of(request.user), cast(User, request.user)
    if access.role == "none":
        raise Http404
    today = clock.today(selectors.organisation_of(user).time_zone)
    is_hr = access.role == Role.HR
    if request.method == "POST" and not is_hr:
        raise Http404
    form = (
        LeaveForm(request.POST or None, people=selectors.people_here(today).exclude(pk=access.person_id or 0))
        if is_hr
        else None
    )
    if form is not None and request.method == "POST" and form.is_valid():
        try:
            services.record_leave(by=user, **form.cleaned_data)
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            messages.success(request, "Noted.")
            return redirect("leaves")
    lately = Leave.objects.visible_to(user).filter(during__endswith__gt=today - LATELY)
    page = keyset.page(
        lately.select_related("person", "kind"), by="id", descending=True, cursor=request.GET.get("cursor", ""),
        lacks=False,
    )  # fmt: skip
    if is_hr:
        looked_at(request, Look.Page.LEAVE, {row.person_id for row in page.rows})
    context = {
        "page": page,
        "rows": [(row, row.kind_for(user), row.until and row.until - timedelta(days=1)) for row in page.rows],
        "away": lately.on(today).count(),
        "is_hr": is_hr,
        "form": form,
        "today": today,
    }
    return render(request, "teams/leaves.html", context, status=422 if form is not None and form.errors else 200)


# ── Pay ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@require_http_methods(["GET", "POST"])
@keyed
def pay(request: HttpRequest) -> HttpResponse:
    """What one is paid, as HR has entered it; HR reads everybody's, and enters it."""
    access, user = access_of(request.user), cast(User, request.user)
    is_hr = access.role == Role.HR
    if access.person_id is None or (request.method == "POST" and not is_hr):
        raise Http404
    organisation = selectors.organisation_of(user)
    today = clock.today(organisation.time_zone)
    form = None
    if is_hr:
        people = selectors.people_here(today).exclude(pk=access.person_id)
        form = PayForm(request.POST or None, people=people, initial={"currency": organisation.currency})
    if form is not None and request.method == "POST" and form.is_valid():
        try:
            services.set_pay(by=user, **form.cleaned_data)
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            messages.success(request, "Noted.")
            return redirect("pay")
    found = Pay.objects.visible_to(user).select_related("person")
    page = keyset.page(found, by="id", descending=True, cursor=request.GET.get("cursor", ""), lacks=False)
    if is_hr:
        looked_at(request, Look.Page.PAY, {row.person_id for row in page.rows})
    context = {"page": page, "is_hr": is_hr, "form": form, "today": today}
    context |= {"mine": next((row for row in page.rows if row.person_id == access.person_id and today in row), None)}
    return render(request, "teams/pay.html", context, status=422 if form is not None and form.errors else 200)


# ── Skills ──────────────────────────────────────────────────────────────────────────────────────────────────────


@require_http_methods(["GET", "POST"])
@keyed
def skills(request: HttpRequest, pk: int) -> HttpResponse:
    """How good a person is at what: as they see it, as who leads them does; both rate here."""
    person = get_object_or_404(Person.objects.visible_to(request.user), pk=pk)
    access, user = access_of(request.user), cast(User, request.user)
    looked(request, Look.Page.SKILLS, person.pk)
    is_own = access.person_id == person.pk
    reads = selectors.reads_ratings(access, person, clock.today(selectors.organisation_of(user).time_zone))
    may_rate = is_own or (access.leads and reads)
    rows = selectors.skills_of(person)
    form = RatingForm(request.POST or None, skills=[row.skill for row in rows])
    if request.method == "POST":
        if not may_rate:
            raise Http404
        if form.is_valid():
            try:
                services.rate_skill(person=person, by=user, at=clock.now(), **form.cleaned_data)
            except Refused as refusal:
                tell_form(form, refusal)
            else:
                messages.success(request, "Noted.")
                return redirect("skills", pk)
    rated = sum(1 for row in rows if (row.own if is_own else row.manager))
    context = {"subject": person, "rows": rows, "is_own": is_own, "rated": rated, "adds": access.sees_all}
    context |= {"form": form if may_rate and rows else None, "contested": [row for row in rows if _is_contested(row)]}
    context["reads"] = reads
    return render(request, "teams/skills.html", context, status=422 if form.errors else 200)


def _is_contested(row: selectors.SkillRow) -> bool:
    return row.manager is not None and row.manager.contested_at is not None


@require_POST
def skill_contest(request: HttpRequest, pk: int, rating_pk: int) -> HttpResponse:
    """Say that a rating of oneself is wrong."""
    ratings = SkillRating.objects.visible_to(request.user).filter(person=pk, is_own=False)
    rating = get_object_or_404(ratings.filter(person=access_of(request.user).person_id), pk=rating_pk)
    reason = request.POST.get("reason", "")
    return act(
        request,
        lambda: services.contest_rating(rating=rating, reason=reason, by=cast(User, request.user), at=clock.now()),
        said="Contested: it counts in nothing until it is rated again.",
        to=reverse("skills", args=[pk]),
    )


@require_POST
def skill_add(request: HttpRequest) -> HttpResponse:
    """One more skill that people are rated on."""
    if not access_of(request.user).sees_all:
        raise Http404
    back = request.POST.get("back", "")
    to = reverse("skills", args=[back]) if back.isascii() and back.isdigit() and len(back) < 18 else "/"
    form = SkillForm(request.POST)
    if not form.is_valid():
        messages.error(request, "A skill has a name of at most 100 characters.")
        return redirect(to)
    return act(
        request,
        lambda: services.add_skill(by=cast(User, request.user), **form.cleaned_data),
        said="Added.",
        to=to,
    )
