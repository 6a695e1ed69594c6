"""Plan and hold a 1:1, promise and keep."""

from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.models import Max

from coaching.models import ActionItem, AgendaItem, Case, CaseChange, OneOnOne
from coaching.selectors import agenda_for, may_coach
from performance.models import Flag
from sales.models import Task
from salesmgmt.lib.refusals import Refused, Stale
from teams.models import Person, User, access_of

from .cases import open_case
from .edges import must_coach, tell


@transaction.atomic
def plan_one_on_one(
    *, person: Person, manager: Person, starts_at: datetime, by: User, at: datetime, on: date, case: Case | None = None
) -> OneOnOne:
    """A talk with an agenda prepared from flags, promises and changes. `on` is today in the organisation's zone."""
    if person == manager:
        raise Refused("Nobody coaches themselves; choose one of your people.", field="person")
    must_coach(by, person)
    if starts_at < at:
        raise Refused("A 1:1 can't be planned in the past; choose a later time.", field="starts_at")
    if case is not None and case.person_id != person.pk:
        raise Refused(f"That case isn't about {person.name}.", field="case")
    try:
        with transaction.atomic():
            talk = OneOnOne.objects.create(
                person=person, manager=manager, starts_at=starts_at, planned_at=at, case=case
            )
    except IntegrityError:
        raise Refused(f"There is a 1:1 with {person.name} at that time already.", field="starts_at") from None
    AgendaItem.objects.bulk_create(
        AgendaItem(one_on_one=talk, source=point.source, text=point.text[:500], link=point.link, position=place)
        for place, point in enumerate(agenda_for(person=person, manager=manager, at=starts_at, on=on), start=1)
    )
    if case is not None:
        CaseChange.objects.create(case=case, at=at, by=by, what="1:1 planned")
    tell(person, f"{manager.name} planned a 1:1 with you.", f"/one-on-ones/{talk.pk}/", at)
    return talk


def _lock_talk(talk: OneOnOne, version: int | None) -> OneOnOne:
    talk = OneOnOne.objects.select_for_update().get(pk=talk.pk)
    if version is not None and talk.version != version:
        raise Stale("This 1:1 was changed meanwhile; look at it again, your text is kept below.")
    return talk


@transaction.atomic
def add_agenda_item(*, talk: OneOnOne, text: str, by: User) -> AgendaItem:
    """Either of the two adds a point."""
    talk = _lock_talk(talk, None)
    author = access_of(by).person_id
    if author not in {talk.person_id, talk.manager_id}:
        raise Refused("Only the two who meet add to the agenda.")
    if talk.state != OneOnOne.State.PLANNED:
        raise Refused("This 1:1 is over; add the point to the next one.", field="text")
    last = talk.agenda.aggregate(last=Max("position"))["last"] or 0
    return AgendaItem.objects.create(one_on_one=talk, text=text, position=last + 1, added_by_id=author)


@transaction.atomic
def hold_one_on_one(*, talk: OneOnOne, by: User, at: datetime, version: int | None = None) -> OneOnOne:
    """The talk took place."""
    talk = _lock_talk(talk, version)
    if access_of(by).person_id != talk.manager_id:
        raise Refused(f"Only {talk.manager.name} marks it as held.")
    if talk.state != OneOnOne.State.PLANNED:
        raise Refused(f"This 1:1 is {talk.get_state_display().lower()} already.")
    talk.state, talk.held_at, talk.version = OneOnOne.State.HELD, at, talk.version + 1
    talk.save(update_fields=["state", "held_at", "version"])
    return talk


@transaction.atomic
def cancel_one_on_one(*, talk: OneOnOne, by: User, at: datetime, version: int | None = None) -> OneOnOne:
    """The talk will not take place; both are told."""
    talk = _lock_talk(talk, version)
    me = access_of(by).person_id
    if me not in {talk.person_id, talk.manager_id}:
        raise Refused("Only the two who meet can cancel it.")
    if talk.state != OneOnOne.State.PLANNED:
        raise Refused(f"This 1:1 is {talk.get_state_display().lower()} already.")
    talk.state, talk.version = OneOnOne.State.CANCELLED, talk.version + 1
    talk.save(update_fields=["state", "version"])
    other = talk.manager if me == talk.person_id else talk.person
    tell(other, "A 1:1 with you was cancelled.", f"/one-on-ones/{talk.pk}/", at)
    return talk


@transaction.atomic
def tick_agenda_item(*, item: AgendaItem, is_done: bool, by: User) -> AgendaItem:
    talk = item.one_on_one
    if access_of(by).person_id not in {talk.person_id, talk.manager_id}:
        raise Refused("Only the two who meet tick their points.")
    AgendaItem.objects.filter(pk=item.pk).update(is_done=is_done)
    item.is_done = is_done
    return item


@transaction.atomic
def add_action_item(
    *,
    person: Person,
    owner: Person,
    text: str,
    due_on: date,
    by: User,
    at: datetime,
    talk: OneOnOne | None = None,
    case: Case | None = None,
) -> ActionItem:
    """A promise of either of the two; it becomes a task of who gave it."""
    access = access_of(by)
    if access.person_id != person.pk and not may_coach(access, person):
        raise Refused(f"Only {person.name} and those who lead them note promises here.", field="owner")
    pair = {person.pk, access.person_id} | ({talk.manager_id} if talk else set()) | ({case.owner_id} if case else set())
    if owner.pk not in pair:
        raise Refused(f"{owner.name} takes no part in this; choose one of the two.", field="owner")
    if due_on < at.date():
        raise Refused(f"The due date {due_on:%d %b %Y} is in the past; choose a later day.", field="due_on")
    item = ActionItem.objects.create(
        person=person, owner=owner, text=text, due_on=due_on, made_at=at, one_on_one=talk, case=case
    )
    link = f"/one-on-ones/{talk.pk}/" if talk else f"/cases/{case.pk}/" if case else ""
    Task.objects.create(
        owner=owner, text=text, due_on=due_on, source="action_item", reason=f"action-item:{item.pk}", link=link
    )
    if case is not None:
        CaseChange.objects.create(case=case, at=at, by=by, what=f"{owner.name} promised: {text}"[:300])
    return item


@transaction.atomic
def complete_action_item(*, item: ActionItem, by: User, at: datetime) -> ActionItem:
    """Kept. Its owner says so, or who coaches them; saying it twice changes nothing."""
    item = ActionItem.objects.select_for_update(of=["self"]).select_related("person").get(pk=item.pk)
    access = access_of(by)
    if access.person_id != item.owner_id and not may_coach(access, item.person):
        raise Refused(f"Only {item.owner.name} and those who lead them can mark this as done.")
    if item.done_at is None:
        item.done_at = at
        item.save(update_fields=["done_at"])
        Task.objects.filter(source="action_item", reason=f"action-item:{item.pk}").update(done_at=at)
    return item


@transaction.atomic
def plan_from_finding(
    *,
    flag: Flag | None,
    person: Person,
    manager: Person,
    starts_at: datetime,
    due_on: date,
    by: User,
    at: datetime,
    on: date,
) -> OneOnOne:
    """Plan a 1:1, and open the case of the finding it starts from (where it is about that person)."""
    case = None
    if flag is not None and flag.person_id == person.pk:
        case = open_case(flag=flag, owner=manager, due_on=due_on, by=by, at=at)
    return plan_one_on_one(person=person, manager=manager, starts_at=starts_at, by=by, at=at, on=on, case=case)
