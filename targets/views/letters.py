"""Pages of plan letters: one's figure with its reasons, what one says to it, what is answered, who has yet to."""

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sales.models import Account, Activity
from salesmgmt.desk.edges import tell_form
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused
from targets import forms, selectors, services
from targets.models import Plan, Response
from targets.views.common import today_of, unit_of
from targets.views.letter_pdf import write_letters
from teams.edges import SignedIn, looked, looked_at
from teams.models import Look, Organisation, Person, Team, User, access_of

SHOWN = 200
STATES = ("waiting", "overdue", "accepted", "objecting", "answered")


def published_or_404(request: SignedIn, pk: int) -> Plan:
    return get_object_or_404(Plan.objects.visible_to(request.user).filter(published_at__isnull=False), pk=pk)


def _found(request: SignedIn, pk: int, person_pk: int) -> tuple[Plan, Person]:
    plan = published_or_404(request, pk)
    person = get_object_or_404(selectors.people_of(plan, request.user), pk=person_pk)
    looked(request, Look.Page.QUOTA, person.pk)
    return plan, person


@require_GET
def letter(request: SignedIn, pk: int, person_pk: int) -> HttpResponse:
    return _page(request, *_found(request, pk, person_pk))


def _accounts(user: User, person: Person) -> QuerySet[Account]:
    return Account.objects.visible_to(user).filter(owner=person).order_by("name", "pk")


def _page(request: SignedIn, plan: Plan, person: Person, *, form: Any = None, answer: Any = None) -> HttpResponse:
    """The letter, what was said to it, and the one form that is the viewer's to fill."""
    organisation, access = Organisation.get(), access_of(request.user)
    today = today_of(organisation)
    (made,) = selectors.letters(plan, [person], as_of=today)
    standing = selectors.standings(plan, [person.pk], as_of=today)[person.pk]
    said = list(selectors.responses_of(plan, person, request.user).order_by("-at", "-pk"))
    is_own = access.person_id == person.pk
    last = said[0] if said else None
    if form is None and is_own and not (standing.needs_an_answer or standing.state == "accepted"):
        strategy = made.strategy
        seen = {"quota": made.original, "version": strategy.version if strategy else 0}
        before = {"approach": last.approach} if last else {}
        form = forms.ResponseForm(accounts=_accounts(request.user, person), initial=seen | before)
    asks = last is not None and (last.stance == Response.Stance.OBJECTS or last.help_needed)
    if answer is None and last is not None and asks and selectors.may_answer(request.user, last):
        answer = forms.AnswerForm(initial={"seen": len(last.answers.all())})
    context = {
        "plan": plan,
        "subject": person,
        "last_day": (plan.until or plan.starts_on) - timedelta(days=1),
        "letter": made,
        "standing": standing,
        "responses": [(one, _weekly(one)) for one in said],
        "last": last,
        "announcements": [
            (one, one.figures.filter(person=person).first())
            for one in selectors.announcements_of(plan, request.user).filter(figures__person=person)
        ],
        "answerer": selectors.answerer_of(last, today) if last and standing.needs_an_answer else None,
        "is_own": is_own,
        "form": form,
        "answer": answer,
        "currency": unit_of(plan.measure, organisation),
        "leads": access.leads or access.sees_all,
    }
    bound = [each for each in (form, answer) if each is not None and each.is_bound]
    return render(request, "targets/letter.html", context, status=422 if any(each.errors for each in bound) else 200)


def _weekly(response: Response) -> list[tuple[str, int]]:
    labels = dict(Activity.Kind.choices)
    return [(str(labels.get(kind, kind)), count) for kind, count in response.activities.items()]


@require_POST
@keyed
def respond(request: SignedIn, pk: int, person_pk: int) -> HttpResponse:
    """Yes, or no with a statement; only one's own."""
    plan, person = _found(request, pk, person_pk)
    if access_of(request.user).person_id != person.pk:
        raise Http404
    form = forms.ResponseForm(request.POST, accounts=_accounts(request.user, person))
    if form.is_valid():
        try:
            services.respond(plan=plan, person=person, by=request.user, at=clock.now(), **form.said)
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            return _see_letter(plan, person)
    return _page(request, plan, person, form=form)


@require_POST
@keyed
def answer(request: SignedIn, pk: int, person_pk: int) -> HttpResponse:
    """What the manager says to the last thing somebody said."""
    plan, person = _found(request, pk, person_pk)
    last = selectors.responses_of(plan, person, request.user).order_by("at", "pk").last()
    if last is None or not selectors.may_answer(request.user, last):
        raise Http404
    form = forms.AnswerForm(request.POST)
    if form.is_valid():
        try:
            services.answer_response(response=last, by=request.user, at=clock.now(), **form.cleaned_data)
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            return _see_letter(plan, person)
    return _page(request, plan, person, answer=form)


def _see_letter(plan: Plan, person: Person) -> HttpResponse:
    answer = redirect(f"{reverse('letter', args=[plan.pk, person.pk])}#said")
    answer.status_code = 303
    return answer


@require_GET
def letter_pdf(request: SignedIn, pk: int, person_pk: int) -> HttpResponse:
    plan, person = _found(request, pk, person_pk)
    return _pdf(plan, [person], f"letter-{plan.period}-{person.external_id or person.pk}")


@require_GET
def letters_pdf(request: SignedIn, pk: int) -> HttpResponse:
    """All letters of those one leads, or of one team, in one file."""
    plan = published_or_404(request, pk)
    people, team = _people(request, plan)
    found = list(people.order_by("name", "pk")[:SHOWN])
    if not found:
        raise Http404
    looked_at(request, Look.Page.QUOTA, [person.pk for person in found])
    return _pdf(plan, found, f"letters-{plan.period}{f'-{team.pk}' if team else ''}")


def _pdf(plan: Plan, people: list[Person], name: str) -> HttpResponse:
    organisation = Organisation.get()
    today = today_of(organisation)
    made = selectors.letters(plan, people, as_of=today)
    standing = selectors.standings(plan, [person.pk for person in people], as_of=today)
    content = write_letters(made, standing, organisation=organisation, as_of=today)
    answer = HttpResponse(content, content_type="application/pdf")
    safe = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-_") else "-" for sign in name)
    answer["Content-Disposition"] = f'attachment; filename="{safe}.pdf"'
    answer["Cache-Control"] = "private, no-store"
    return answer


def _people(request: SignedIn, plan: Plan) -> tuple[QuerySet[Person], Team | None]:
    """Those one leads (not oneself), or of them those with a figure in the team the address names."""
    access = access_of(request.user)
    if not (access.leads or access.sees_all):
        raise Http404
    people: QuerySet[Person] = selectors.people_of(plan, request.user).exclude(pk=access.person_id or 0)
    asked = request.GET.get("team", "")
    if not asked:
        return people, None
    if not (asked.isascii() and asked.isdigit() and len(asked) < 19):
        raise Http404
    team = get_object_or_404(Team.objects.visible_to(request.user), pk=asked)
    return people.filter(pk__in=selectors.people_in(plan, team).values("pk")), team


@require_GET
def letters(request: SignedIn, pk: int) -> HttpResponse:
    """Who has answered and who has yet to: for managers their people, for executives all teams."""
    plan = published_or_404(request, pk)
    people, team = _people(request, plan)
    organisation = Organisation.get()
    everybody = list(people.order_by("name", "pk"))
    states = selectors.standings(plan, [person.pk for person in everybody], as_of=today_of(organisation))
    asked = request.GET.get("state", "")
    rows = [(person, states[person.pk]) for person in everybody if _matches(states[person.pk], asked)]
    counts = selectors.counts_by_team(plan, request.user, states) if team is None else []
    context = {
        "plan": plan,
        "team": team,
        "rows": rows[:SHOWN],
        "more": max(len(rows) - SHOWN, 0),
        "count": len(everybody),
        "answered": sum(state.has_answered for state in states.values()),
        "overdue": sum(state.is_overdue for state in states.values()),
        "objecting": sum(state.needs_an_answer for state in states.values()),
        "counts": [(count, "\u2003" * count.depth) for count in counts] if len(counts) > 1 else [],
        "asked": asked,
        "states": STATES,
        "currency": unit_of(plan.measure, organisation),
    }
    return render(request, "targets/letters.html", context)


def _matches(state: selectors.Standing, asked: str) -> bool:
    match asked:
        case "overdue":
            return state.is_overdue
        case "objecting":
            return state.needs_an_answer
        case "waiting" | "accepted" | "answered":
            return state.state == asked
        case _:
            return True


# ── Strategy and announcements ──────────────────────────────────────────────────────────────────────────────────


@require_http_methods(["GET", "POST"])
@keyed
def strategy(request: SignedIn, pk: int) -> HttpResponse:
    """The strategy and its earlier versions; who plans for all writes the next."""
    plan = get_object_or_404(Plan.objects.visible_to(request.user), pk=pk)
    may_write = access_of(request.user).sees_all
    if request.method == "POST" and not may_write:
        raise Http404
    versions = selectors.strategies_of(plan)
    current = versions[-1] if versions else None
    initial = {"text": current.text if current else "", "version": current.version if current else 0}
    form = forms.StrategyForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_strategy(plan=plan, by=request.user, at=clock.now(), **form.cleaned_data)
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            answer = redirect("strategy", pk)
            answer.status_code = 303
            return answer
    context = {"plan": plan, "current": current, "earlier": versions[-2::-1], "form": form if may_write else None}
    return render(request, "targets/strategy.html", context, status=422 if form.errors else 200)


@require_GET
def announcement(request: SignedIn, pk: int) -> HttpResponse:
    """What changed, and whose figures, as far as one may see them."""
    seen = selectors.announcements_visible_to(request.user)
    found = get_object_or_404(seen, pk=pk)
    figures = list(
        found.figures.visible_to(request.user).select_related("person").order_by("person__name", "pk")[:SHOWN]
    )
    organisation = Organisation.get()
    states = selectors.standings(found.plan, [figure.person_id for figure in figures], as_of=today_of(organisation))
    context = {
        "announcement": found,
        "figures": [(figure, states.get(figure.person_id)) for figure in figures],
        "moved": [figure for figure in figures if figure.before != figure.after],
        "me": access_of(request.user).person_id,
        "currency": unit_of(found.plan.measure, organisation),
    }
    return render(request, "targets/announcement.html", context)


@require_http_methods(["GET", "POST"])
@keyed
def announcement_add(request: SignedIn, pk: int) -> HttpResponse:
    """Announce a change: to the company, to a team and those below it, or to one person (`team` or `person`)."""
    plan = published_or_404(request, pk)
    access = access_of(request.user)
    if not (access.leads or access.sees_all):
        raise Http404
    teams = list(Team.objects.visible_to(request.user).order_by("path"))
    team = next((one for one in teams if str(one.pk) == request.GET.get("team")), None)
    who = request.GET.get("person", "")
    person = None
    if who:
        if not (who.isascii() and who.isdigit() and len(who) < 19):
            raise Http404
        person = get_object_or_404(selectors.people_of(plan, request.user).exclude(pk=access.person_id or 0), pk=who)
    if person is None and team is None and not access.sees_all:
        team = next((one for one in teams if one.pk in access.led_team_ids), None)
    people = selectors.reached_by(plan, request.user, team=team, person=person)
    shown = people[:SHOWN]
    figures = selectors.figures_of(plan, [one.pk for one in shown])
    form = forms.AnnouncementForm(request.POST or None, people=shown, figures=figures)
    if not access.sees_all:
        del form.fields["strategy"]
    if request.method == "POST" and form.is_valid():
        try:
            made = services.announce(plan=plan, team=team, person=person, by=request.user, at=clock.now(), **form.said)
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            answer = redirect("announcement", made.pk)
            answer.status_code = 303
            return answer
    context = {
        "plan": plan,
        "form": form,
        "team": team,
        "person": person,
        "teams": teams,
        "people": people,
        "sees_all": access.sees_all,
        "currency": unit_of(plan.measure, Organisation.get()),
    }
    return render(request, "targets/announcement_add.html", context, status=422 if form.errors else 200)
