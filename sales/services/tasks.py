"""Tasks: the one to-do noun. Apps above make theirs by a call downwards."""

from datetime import date, datetime

from django.db import transaction

from sales.models import Account, Deal, Lead, Task
from salesmgmt.lib.refusals import Refused
from teams.models import Person, User

from .guards import require_sight, require_write


@transaction.atomic
def add_task(
    *,
    owner: Person,
    text: str,
    due_on: date,
    by: User | None,
    source: str = "manual",
    reason: str = "",
    link: str = "",
    account: Account | None = None,
    deal: Deal | None = None,
    lead: Lead | None = None,
) -> Task:
    """Put something on somebody's to-do list."""
    require_write(by, owner)
    require_sight(by, account=account, deal=deal, lead=lead)
    if not text.strip():
        raise Refused("Say what is to be done.", field="text")
    return Task.objects.create(
        owner=owner,
        text=text.strip(),
        due_on=due_on,
        source=source,
        reason=reason,
        link=link,
        account=account,
        deal=deal,
        lead=lead,
    )


@transaction.atomic
def complete_task(*, task: Task, by: User | None, at: datetime) -> Task:
    """Tick a task off; a second tick changes nothing."""
    task = _locked(task, by)
    task.done_at = task.done_at or at
    task.save(update_fields=["done_at"])
    return task


@transaction.atomic
def reopen_task(*, task: Task, by: User | None) -> Task:
    """Undo a tick."""
    task = _locked(task, by)
    task.done_at = None
    task.save(update_fields=["done_at"])
    return task


def _locked(task: Task, by: User | None) -> Task:
    task = Task.objects.select_for_update(of=("self",)).select_related("owner").get(pk=task.pk)
    require_write(by, task.owner)
    return task
