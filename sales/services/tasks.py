"""Tasks: the one to-do noun. Apps above make theirs by a call downwards."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from django.db import transaction

from sales.models import Account, Contact, Deal, Lead, Order, Task
from salesmgmt.desk.models import Notice
from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused
from teams.models import Person, User
from teams.selectors import next_working_day

from .guards import organisation_for, require_current, require_sight, require_write

TIES = frozenset({"account", "contact", "deal", "lead", "order"})
CHANGEABLE = frozenset({"owner", "text", "due_on", "remind_at", "recurs", "recurs_until"}) | TIES
ELSEWHERE = frozenset({"flag", "action_item"})  # done by what asked for them
STEPS = {
    Task.Recurs.WEEK: relativedelta(days=7),
    Task.Recurs.MONTH: relativedelta(months=1),
    Task.Recurs.QUARTER: relativedelta(months=3),
    Task.Recurs.YEAR: relativedelta(years=1),
}
PORTION = 200  # reminders of one transaction


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
    contact: Contact | None = None,
    deal: Deal | None = None,
    lead: Lead | None = None,
    order: Order | None = None,
    remind_at: datetime | None = None,
    recurs: str = "",
    recurs_until: date | None = None,
) -> Task:
    """Put something on somebody's to-do list: one's own, or of those one leads."""
    require_write(by, owner)
    require_sight(by, account=account, contact=contact, deal=deal, lead=lead, order=order)
    _require_sense(text=text, due_on=due_on, recurs=recurs, recurs_until=recurs_until)
    return Task.objects.create(
        owner=owner,
        text=text.strip(),
        due_on=due_on,
        source=source,
        reason=reason,
        link=link,
        account=account or (deal.account if deal else None) or (contact.account if contact else None),
        contact=contact,
        deal=deal,
        lead=lead,
        order=order,
        made_by=by,
        remind_at=remind_at,
        recurs=recurs,
        recurs_until=recurs_until,
        recurs_from=due_on if recurs else None,
    )


@transaction.atomic
def change_task(*, task: Task, by: User | None, version: int | None = None, **fields: Any) -> Task:
    """Change what a task says; handed over, it belongs to people of the author before and after."""
    if unknown := fields.keys() - CHANGEABLE:
        raise TypeError(f"A task has no {', '.join(sorted(unknown))} to change.")
    task = _locked(task, by)
    require_current(version, task.version, noun="task", who=None, when=None)
    if task.done_at is not None:
        raise Refused("This task is done; put it back on the list first.")
    if "owner" in fields:
        require_write(by, fields["owner"])
    require_sight(by, **{name: fields[name] for name in TIES & fields.keys() if fields[name] != getattr(task, name)})
    said = {name: fields.get(name, getattr(task, name)) for name in ("text", "due_on", "recurs", "recurs_until")}
    _require_sense(**said)
    if task.source in ELSEWHERE and said["recurs"]:
        raise Refused("What a flag or a promise asked for is done once.", field="recurs")
    if fields.get("remind_at", task.remind_at) != task.remind_at:
        fields["reminded_at"] = None
    if (said["recurs"], said["due_on"]) != (task.recurs, task.due_on):
        fields["recurs_from"] = said["due_on"] if said["recurs"] else None
    return _save(task, fields | ({"text": said["text"].strip()} if "text" in fields else {}))


@transaction.atomic
def snooze_task(*, task: Task, to: date, by: User | None) -> Task:
    """Put a task off to a day, its reminder by as many; its series stays where it was."""
    task = _locked(task, by)
    if task.done_at is not None:
        raise Refused("This task is done; put it back on the list first.")
    if task.remind_at is None:
        return _save(task, {"due_on": to})
    remind_at = _put_off(task.remind_at, to - task.due_on, organisation_for(by).time_zone)
    return _save(task, {"due_on": to, "remind_at": remind_at, "reminded_at": None})


@transaction.atomic
def complete_task(*, task: Task, by: User | None, at: datetime) -> Task:
    """Tick a task off; a second tick changes nothing. The next of a series appears with the tick."""
    task = _locked(task, by)
    if task.done_at is not None:
        return task
    _save(task, {"done_at": at})
    if task.recurs and not Task.objects.filter(follows=task).exists():
        zone = organisation_for(by).time_zone
        due_on = next_due(task, after=clock.day_of(at, zone))
        if task.recurs_until is None or due_on <= task.recurs_until:
            _follow(task, due_on, zone)
    return task


@transaction.atomic
def reopen_task(*, task: Task, by: User | None) -> Task:
    """Undo a tick; the next of the series goes, unless something was done with it."""
    task = _locked(task, by)
    Task.objects.filter(follows=task, done_at=None, version=1, reminded_at=None).delete()
    return _save(task, {"done_at": None}) if task.done_at is not None else task


def next_due(task: Task, *, after: date) -> date:
    """The next day of a task's series that is later than its own and than `after`.

    Counted from the first day of the series: from 31 January on it is the last day of each shorter month.
    """
    after = max(after, task.due_on)
    if task.recurs == Task.Recurs.DAY:
        return next_working_day(task.owner, after)
    first, step = task.recurs_from or task.due_on, STEPS[Task.Recurs(task.recurs)]
    months = step.months + 12 * step.years
    passed = (after - first).days // 7 if not months else (after.year - first.year) * 12 + after.month - first.month
    count = max(passed if not months else passed // months, 0)
    while (due_on := first + step * count) <= after:
        count += 1
    return due_on


def remind(*, at: datetime) -> int:
    """Tell of the tasks whose moment has come, each once, however many workers ask; answers how many."""
    with transaction.atomic():
        waiting = Task.objects.open().filter(remind_at__lte=at, reminded_at=None).select_related("owner")
        tasks = list(waiting.order_by("remind_at", "pk").select_for_update(of=("self",), skip_locked=True)[:PORTION])
        Notice.objects.bulk_create(
            Notice(user_id=task.owner.user_id, text=task.text, link=f"/tasks/{task.pk}/", at=at)
            for task in tasks
            if task.owner.user_id
        )
        Task.objects.filter(pk__in=[task.pk for task in tasks]).update(reminded_at=at)
    return len(tasks)


def _put_off(moment: datetime, by: timedelta, zone: str) -> datetime:
    """Nine o'clock stays nine o'clock, whatever the clocks do in between."""
    local = ZoneInfo(zone)
    return (moment.astimezone(local).replace(tzinfo=None) + by).replace(tzinfo=local).astimezone(UTC)


def _follow(task: Task, due_on: date, zone: str) -> None:
    remind_at = _put_off(task.remind_at, due_on - task.due_on, zone) if task.remind_at else None
    names = (
        "owner", "text", "source", "reason", "link", "account", "contact", "deal", "lead", "order", "made_by",
        "recurs", "recurs_until", "recurs_from",
    )  # fmt: skip
    copied = {name: getattr(task, name) for name in names}
    Task.objects.create(due_on=due_on, remind_at=remind_at, follows=task, **copied)


def _save(task: Task, fields: dict[str, Any]) -> Task:
    for name, value in fields.items():
        setattr(task, name, value)
    task.version += 1
    task.save(update_fields=[*fields, "version"])
    return task


def _require_sense(*, text: str, due_on: date, recurs: str, recurs_until: date | None) -> None:
    if not text.strip():
        raise Refused("Say what is to be done.", field="text")
    if len(text.strip()) > 300:
        raise Refused("Say it in at most 300 characters.", field="text")
    if recurs and recurs not in Task.Recurs.values:
        raise Refused(f"A task recurs every {', '.join(Task.Recurs.values)}, or not.", field="recurs")
    if recurs_until and not recurs:
        raise Refused("Only a task that recurs has an end; say how often.", field="recurs_until")
    if recurs_until and recurs_until < due_on:
        raise Refused("A series ends after it begins.", field="recurs_until")


def _locked(task: Task, by: User | None) -> Task:
    task = Task.objects.select_for_update(of=("self",)).select_related("owner").get(pk=task.pk)
    require_write(by, task.owner)
    return task
