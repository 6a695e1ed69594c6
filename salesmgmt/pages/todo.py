"""Tasks: the one list of what is to be done, changed where it stands."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from coaching.models import ActionItem
from coaching.services import complete_action_item
from sales import forms, selectors, services
from sales.models import Task, may_write_for
from sales.views.common import in_zone, see_other, today_and_zone
from salesmgmt.desk.edges import csv_answer, renew, tell_form
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock, keyset
from salesmgmt.lib.refusals import Refused
from salesmgmt.pages import words
from teams.edges import SignedIn
from teams.models import Person, access_of
from teams.selectors import person_of

SIZE, DONE = 200, 10  # lines of a page


@require_http_methods(["GET", "POST"])
@keyed
def tasks(request: SignedIn) -> HttpResponseBase:
    """What is to be done; the form adds something."""
    form = _form(request, data=request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        data.pop("version")
        owner = data.pop("owner", None) or person_of(request.user)
        if owner is None:
            form.add_error(None, "Your login is not linked to a person, so it has no list.")
        elif _done(form, lambda: services.add_task(owner=owner, by=request.user, **data)):
            messages.success(request, "It is on the list.")
            return see_other("tasks")
    return _page(request, form=form)


COLUMNS = ("external_id", "owner", "text", "due_on", "source", "account", "contact", "deal", "lead", "order", "recurs")


def _row(task: Task) -> list[Any]:
    tied = (getattr(task, name) for name in selectors.TIED[1:])
    named = [one and (one.external_id or str(one)) for one in tied]
    owner = task.owner.external_id or task.owner.name
    return [task.external_id, owner, task.text, task.due_on, task.source, *named, task.recurs]


def _page(request: SignedIn, *, form: Any = None, said: str = "", undo: str = "") -> HttpResponseBase:
    """The whole page, or for htmx its list with a word about what was done."""
    day, zone = today_and_zone(request)
    access, me = access_of(request.user), person_of(request.user)
    asked = forms.TaskListForm(request.GET).asked.get("owner")
    leads = access.leads or access.sees_all
    owner = asked if leads and asked else access.person_id
    found = selectors.open_tasks(request.user, owner=owner) if owner else Task.objects.none()
    whose = me if owner == access.person_id else Person.objects.visible_to(request.user).filter(pk=owner or 0).first()
    if owner and whose is None:
        raise Http404
    if request.GET.get("export") == "csv" and request.method == "GET":
        return csv_answer(request, "tasks", COLUMNS, map(_row, found.iterator(500)))
    page = keyset.page(found, by="due_on", cursor=request.GET.get("cursor", ""), size=SIZE)
    waiting = page.rows
    is_whole = page.previous is None and page.next is None
    late, now, later = selectors.count_tasks(waiting if is_whole else found, day)
    sections = (
        ("Overdue", [task for task in waiting if task.due_on < day]),
        ("Today", [task for task in waiting if task.due_on == day]),
        ("Later", [task for task in waiting if task.due_on > day]),
    )
    context = {
        "whose": whose,
        "is_own": owner == access.person_id,
        "today": day,
        "sections": [(title, rows) for title, rows in sections if rows],
        "done": selectors.done_tasks(request.user, owner=owner)[:DONE] if owner else (),
        "page": page,
        "headline": words.todo_headline(late, now, later),
        "then": words.later(later),
        "owners": selectors.choosable_owners(request.user, day).only("name") if leads else (),
        "shows_owners": leads,
        "owner": owner,
        "may_write": owner is not None and may_write_for(request.user, owner),
        "form": form or _form(request),
        "accounts": (),
        "text": said,
        "undo_url": undo,
    }
    is_part = request.headers.get("HX-Request") == "true"
    with in_zone(zone):
        template = "pages/_tasks_page.html" if is_part else "pages/tasks.html"
        return render(request, template, context, status=422 if form is not None and form.errors else 200)


def _form(request: SignedIn, *, data: Any = None, task: Task | None = None) -> forms.TaskForm:
    day, zone = today_and_zone(request)
    owners = selectors.writable_owners(request.user, day)
    names = ("text", "due_on", "owner", "account", "remind_at", "recurs", "recurs_until", "version")
    if task is None:
        initial = {"due_on": day, "owner": access_of(request.user).person_id, "version": None}
    else:
        initial = {name: getattr(task, name) for name in names}
        owners = owners | Person.objects.filter(pk=task.owner_id)
    with in_zone(zone):
        form = forms.TaskForm(data, user=request.user, owners=owners, initial=initial)
        if data is not None:
            form.is_valid()
        return form


def _done(form: Any, act: Any) -> bool:
    try:
        act()
    except Refused as refusal:
        tell_form(form, refusal)
        return False
    return True


@require_POST
@keyed
def task_add(request: SignedIn) -> HttpResponse:
    """From any record's page: a word and a tap."""
    owner = person_of(request.user)
    if owner is None:
        raise Http404
    day, _ = today_and_zone(request)
    form = forms.QuickTaskForm(request.POST, user=request.user)
    if form.is_valid():
        data = dict(form.cleaned_data)
        data["due_on"] = selectors.day_meant(data.pop("when"), owner, day) or data["due_on"]
        if _done(form, lambda: services.add_task(owner=owner, by=request.user, **data)):
            due_on = data["due_on"]
            messages.success(request, f"On your list for {due_on:%A} {due_on.day} {due_on:%B}: {data['text']}")
            return see_other(_back(request))
    why = next(iter(form.errors.values()))[0]
    messages.error(request, f"Nothing was scheduled. {why}")
    return see_other(_back(request))


def _back(request: SignedIn) -> str:
    to = request.POST.get("back", "")
    is_ours = to.startswith("/") and url_has_allowed_host_and_scheme(to, allowed_hosts=None)
    return to if is_ours else reverse("tasks")


@require_http_methods(["GET", "POST"])
@keyed
def task(request: SignedIn, pk: int) -> HttpResponse:
    """A task with everything it says."""
    seen = Task.objects.visible_to(request.user).select_related("owner", "account", "contact", "deal", "lead", "order")
    found = get_object_or_404(seen, pk=pk)
    may_write = may_write_for(request.user, found.owner_id)
    if request.method == "POST" and not may_write:
        raise Http404
    form = _form(request, data=request.POST or None, task=found)
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        version = data.pop("version")
        data["owner"] = data.get("owner") or found.owner
        if _done(form, lambda: services.change_task(task=found, by=request.user, version=version, **data)):
            messages.success(request, "Saved.")
            return see_other("tasks")
        renew(form, Task.objects.visible_to(request.user).get(pk=pk).version)
    day, zone = today_and_zone(request)
    context = {
        "task": found,
        "form": form,
        "may_write": may_write and found.done_at is None,
        "may_tick": may_write and found.source != "flag",
        "today": day,
        "accounts": selectors.account_options(request.user, ""),
    }
    with in_zone(zone):
        return render(request, "pages/task.html", context, status=422 if form.errors else 200)


@require_POST
@keyed
def task_done(request: SignedIn, pk: int) -> HttpResponseBase:
    """Tick a task off. A promise is kept with it, and that can't be undone here."""
    found = get_object_or_404(selectors.tasks_of(request.user), pk=pk)
    item = _promise_of(request, found)
    if item is not None:
        promise = item
        return _answer(
            request,
            lambda: complete_action_item(item=promise, by=request.user, at=clock.now()),
            said=f"Promise kept: {found.text}",
        )
    return _answer(
        request,
        lambda: services.complete_task(task=found, by=request.user, at=clock.now()),
        said=f"Done: {found.text}",
        undo=reverse("task-reopen", args=[pk]),
    )


@require_POST
@keyed
def task_reopen(request: SignedIn, pk: int) -> HttpResponseBase:
    found = get_object_or_404(selectors.tasks_of(request.user), pk=pk)
    return _answer(request, lambda: services.reopen_task(task=found, by=request.user), said="It is back on the list.")


@require_POST
@keyed
def task_snooze(request: SignedIn, pk: int) -> HttpResponseBase:
    """Put a task off."""
    found = get_object_or_404(selectors.tasks_of(request.user).select_related("owner"), pk=pk)
    day, _ = today_and_zone(request)
    form = forms.SnoozeForm(request.POST)
    if not form.is_valid():
        messages.error(request, str(next(iter(form.errors.values()))[0]))
        return see_other("tasks")
    to = selectors.day_meant(form.cleaned_data["when"], found.owner, day) or form.cleaned_data["due_on"]
    return _answer(
        request,
        lambda: services.snooze_task(task=found, to=to, by=request.user),
        said=f"Put off to {to:%A} {to.day} {to:%B}.",
    )


def _answer(request: SignedIn, act: Any, *, said: str, undo: str = "") -> HttpResponseBase:
    """Do it, and show the list as it is now: in place with htmx, else on its page."""
    try:
        act()
    except Refused as refusal:
        said, undo = refusal.sentence, ""
    if request.headers.get("HX-Request") == "true":
        return _page(request, said=said, undo=undo)
    messages.success(request, said, extra_tags=f"undo:{undo}" if undo else "")
    return see_other("tasks")


def _promise_of(request: SignedIn, task: Task) -> ActionItem | None:
    """The action item a task was made from."""
    key = task.reason.removeprefix("action-item:")
    if task.source != "action_item" or not (key.isascii() and key.isdigit()):
        return None
    return ActionItem.objects.visible_to(request.user).filter(pk=key).first()
