"""Notices: what one was told, and that one has seen it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from salesmgmt.desk.digests import choose_digest, is_mail_set_up, topic_of_signed, user_of_signed, wants_digest
from salesmgmt.desk.edges import act, part_of
from salesmgmt.desk.models import NoticeChoice
from salesmgmt.desk.notices import SHOWN, choose_way, notices_of, see_notices, unseen_count, ways_of
from salesmgmt.lib import clock, keyset
from teams.edges import SignedIn

# What one may be told of in a way of one's own, by the first word of its address.
TOPICS = {
    "one-on-ones": "1:1s and their invitations",
    "meetings": "Meetings of my teams",
    "cases": "Cases",
    "flags": "Findings",
    "questions": "Questions to my department",
    "courses": "Courses",
    "skills": "Ratings of skills",
    "development": "Development plans",
    "onboarding": "Onboarding",
    "effects": "Plans of coaching",
    "plays": "Plays",
    "improvement": "Improvement plans",
    "disputes": "Disputes",
    "settlements": "Disputed pay",
}


class WayForm(forms.Form):
    """How one is told of each topic."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for topic, label in TOPICS.items():
            self.fields[topic] = forms.ChoiceField(label=label, choices=NoticeChoice.Way.choices)


class SeenForm(forms.Form):
    until = forms.IntegerField(min_value=1, max_value=2**63 - 1)


@require_GET
def notices(request: SignedIn) -> HttpResponse:
    """The latest first; new ones are said to be."""
    page = keyset.page(notices_of(request.user), by="at", descending=True, cursor=request.GET.get("cursor", ""))
    context = {
        "page": page,
        "unseen": unseen_count(request.user),
        "has_mail": is_mail_set_up() and bool(request.user.email),
        "wants_mail": wants_digest(request.user),
        "until": max((notice.pk for notice in page.rows), default=0),
    }
    return render(request, "pages/notices.html", context)


@require_POST
def notices_mail(request: SignedIn) -> HttpResponse:
    """Have the daily e-mail, or have it no more."""
    wanted = request.POST.get("wanted") == "1"
    return act(
        request,
        lambda: choose_digest(user=request.user, wanted=wanted),
        said="You get an e-mail a day of what you have not read." if wanted else "No more daily e-mails.",
        to="notices",
    )


@require_http_methods(["GET", "POST"])
def notice_ways(request: SignedIn) -> HttpResponse:
    """How one is told of what: here, by e-mail, in the digest, or not at all."""
    chosen = ways_of(request.user)
    first = {topic: chosen.get(topic, NoticeChoice.Way.DIGEST) for topic in TOPICS}
    form = WayForm(request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        for topic in TOPICS:
            if form.cleaned_data[topic] != first[topic]:
                choose_way(user=request.user, topic=topic, way=form.cleaned_data[topic])
        messages.success(request, "You are told in the ways you chose.")
        return redirect("notice-ways")
    said = {"form": form, "has_mail": is_mail_set_up() and bool(request.user.email)}
    return render(request, "pages/notice_ways.html", said, status=422 if form.errors else 200)


@csrf_exempt  # a mail program sends it for its reader; the signature says whose
@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, signed: str) -> HttpResponse:
    """From the foot of a daily e-mail: no more of them, in one click and without a login."""
    user = user_of_signed(signed)
    topic = topic_of_signed(signed)
    if user is not None and request.method == "POST":
        if topic:
            choose_way(user=user, topic=topic, way=NoticeChoice.Way.APP)
        else:
            choose_digest(user=user, wanted=False)
    said = {"known": user is not None, "is_done": request.method == "POST", "topic": TOPICS.get(topic, topic)}
    return render(request, "desk/unsubscribe.html", said, status=200 if user is not None else 404)


@require_GET
@part_of("notices")
def notice_count(request: SignedIn) -> HttpResponse:
    """The mark beside the bell, asked for by open pages."""
    count = unseen_count(request.user)
    return render(request, "pages/_notice_count.html", {"count": count, "is_many": count > SHOWN})


@require_POST
def notices_seen(request: SignedIn) -> HttpResponse:
    """All that the page showed, and what came before it, is seen."""
    form = SeenForm(request.POST)
    until = form.cleaned_data["until"] if form.is_valid() else 0
    return act(
        request,
        lambda: see_notices(user=request.user, until=until, at=clock.now()),
        said="All read.",
        to="notices",
    )
