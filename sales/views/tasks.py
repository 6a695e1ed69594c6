"""The to-do list."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from sales import forms, selectors, services
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock
from teams.selectors import person_of

from .common import see_other, submitted, today_and_zone


@require_http_methods(["GET", "POST"])
@keyed
def tasks(request: HttpRequest) -> HttpResponse:
    """One's own open tasks, and a line to add one."""
    day, _ = today_and_zone(request)
    me = person_of(request.user)
    form = forms.TaskForm(request.POST or None, initial={"due_on": day})
    if request.method == "POST":
        if me is None:
            raise Http404

        def save() -> None:
            services.add_task(owner=me, by=request.user, **form.cleaned_data)

        if submitted(request, form, save, said="Added.", topics=()):
            return see_other("tasks")
    found = list(selectors.open_tasks(request.user)[:200])
    context: dict[str, Any] = {
        "groups": [
            ("Overdue", [task for task in found if task.due_on < day]),
            ("Today", [task for task in found if task.due_on == day]),
            ("Later", [task for task in found if task.due_on > day]),
        ],
        "count": len(found),
        "overdue": sum(task.due_on < day for task in found),
        "form": form if me else None,
    }
    return render(request, "sales/tasks.html", context, status=422 if form.errors else 200)


@require_POST
@keyed
def task_done(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(selectors.tasks_of(request.user), pk=pk)
    services.complete_task(task=found, by=request.user, at=clock.now())
    messages.success(request, "Done.", extra_tags=f"undo:{reverse('task-undone', args=[pk])}")
    return see_other("tasks")


@require_POST
@keyed
def task_undone(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(selectors.tasks_of(request.user), pk=pk)
    services.reopen_task(task=found, by=request.user)
    return see_other("tasks")
