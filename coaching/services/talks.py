"""Plan and hold a 1:1, promise and keep."""

from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.models import Max

from coaching.models import ActionItem, AgendaItem, Case, CaseChange, Meeting, OneOnOne, OneOnOneChange
from coaching.selectors import agenda_for, may_coach
from performance.models import Flag
from sales.models import Task
from salesmgmt.lib.refusals import Refused, Stale
from teams.models import Person, User, access_of

from .cases import open_case
from .edges import day_of, lock_case, must_coach, tell
from .invitations import invite


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
    talk = place_talk(person=person, manager=manager, starts_at=starts_at, by=by, at=at, on=on, case=case)
    if case is not None:
        CaseChange.objects.create(case=case, at=at, by=by, what="1:1 planned")
    tell(person, f"{manager.name} planned a 1:1 with you.", f"/one-on-ones/{talk.pk}/", at)
    return talk


def place_talk(
    *, person: Person, manager: Person, starts_at: datetime, by: User | None, at: datetime, on: date,
    case: Case | None = None, rhythm_on: date | None = None,
) -> OneOnOne:  # fmt: skip
    """A talk in both calendars, with its agenda."""
    try:
        with transaction.atomic():
            talk = OneOnOne.objects.create(
                person=person, manager=manager, starts_at=starts_at, planned_at=at, case=case, rhythm_on=rhythm_on
            )
    except IntegrityError:
        raise Refused(f"There is a 1:1 with {person.name} at that time already.", field="starts_at") from None
    _note_change(talk, OneOnOneChange.Kind.PLANNED, by, at)
    prepare_agenda(talk=talk, at=at, on=on)
    invite(talk, at=at)
    return talk


def _note_change(talk: OneOnOne, kind: str, by: User | None, at: datetime, reason: str = "") -> None:
    OneOnOneChange.objects.create(
        one_on_one=talk, kind=kind, starts_at=talk.starts_at, by=by, at=at, reason=reason[:300]
    )


@transaction.atomic
def prepare_agenda(*, talk: OneOnOne, at: datetime, on: date) -> None:
    """The agenda as of a day: what was found goes with what it was about, unless it was talked about; what somebody
    put stays."""
    found = {
        point.about: point for point in agenda_for(person=talk.person, manager=talk.manager, at=talk.starts_at, on=on)
    }
    standing = {item.about: item for item in talk.agenda.exclude(source=AgendaItem.Source.MANUAL)}
    gone = [item.pk for about, item in standing.items() if about not in found and not item.is_done]
    talk.agenda.filter(pk__in=gone).delete()
    for about, point in found.items():
        item = standing.get(about)
        if item is not None and not item.is_done and (item.text, item.link) != (point.text[:500], point.link):
            item.text, item.link = point.text[:500], point.link
            item.save(update_fields=["text", "link"])
    last = talk.agenda.aggregate(last=Max("position"))["last"] or 0
    new = [point for about, point in found.items() if about not in standing]
    AgendaItem.objects.bulk_create(
        AgendaItem(
            one_on_one=talk, source=point.source, about=point.about, text=point.text[:500], link=point.link,
            position=place, added_by_id=point.added_by_id,
        )
        for place, point in enumerate(new, start=last + 1)
    )  # fmt: skip
    talk.prepared_at = at
    talk.save(update_fields=["prepared_at"])


@transaction.atomic
def renew_agenda(*, talk: OneOnOne, by: User, at: datetime, on: date) -> OneOnOne:
    """Either of the two has it prepared anew, ahead of the morning of its day."""
    talk = _lock_talk(talk, None)
    if access_of(by).person_id not in {talk.person_id, talk.manager_id}:
        raise Refused("Only the two who meet prepare their agenda.")
    if talk.state != OneOnOne.State.PLANNED:
        raise Refused(f"This 1:1 is {talk.get_state_display().lower()}; its agenda stays as it was.")
    prepare_agenda(talk=talk, at=at, on=on)
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
    if day_of(talk.starts_at) > day_of(at):
        raise Refused("This 1:1 lies ahead; say that it was held when it is over, or move it first.")
    talk.state, talk.held_at, talk.version = OneOnOne.State.HELD, at, talk.version + 1
    talk.save(update_fields=["state", "held_at", "version"])
    _note_change(talk, OneOnOneChange.Kind.HELD, by, at)
    return talk


@transaction.atomic
def cancel_one_on_one(
    *, talk: OneOnOne, by: User, at: datetime, version: int | None = None, reason: str = ""
) -> OneOnOne:
    """The talk will not take place; the other is told, not why: that stands in the talk."""
    talk = _lock_talk(talk, version)
    me = access_of(by).person_id
    if me not in {talk.person_id, talk.manager_id}:
        raise Refused("Only the two who meet can cancel it.")
    if talk.state != OneOnOne.State.PLANNED:
        raise Refused(f"This 1:1 is {talk.get_state_display().lower()} already.")
    call_off(talk, by=by, at=at, reason=reason.strip(), is_excused=False)
    other = talk.manager if me == talk.person_id else talk.person
    tell(other, "A 1:1 with you was cancelled.", f"/one-on-ones/{talk.pk}/", at)
    return talk


def call_off(talk: OneOnOne, *, by: User | None, at: datetime, reason: str, is_excused: bool) -> None:
    """Out of both calendars. Excused for leave or a new manager; else it counts as skipped."""
    talk.state, talk.is_excused, talk.version = OneOnOne.State.CANCELLED, is_excused, talk.version + 1
    talk.save(update_fields=["state", "is_excused", "version"])
    _note_change(talk, OneOnOneChange.Kind.CANCELLED, by, at, reason)
    if talk.starts_at > at:
        invite(talk, at=at)


@transaction.atomic
def move_one_on_one(
    *, talk: OneOnOne, starts_at: datetime, reason: str, by: User, at: datetime, on: date, version: int | None = None
) -> OneOnOne:
    """Another time, and why; the other is told when it is now."""
    talk = _lock_talk(talk, version)
    me = access_of(by).person_id
    if me not in {talk.person_id, talk.manager_id}:
        raise Refused("Only the two who meet can move it.")
    if talk.state != OneOnOne.State.PLANNED:
        raise Refused(f"This 1:1 is {talk.get_state_display().lower()}; it no longer moves.")
    if day_of(talk.starts_at) < on:
        raise Refused("Its day is over; plan a new 1:1: what you wanted to talk about comes along.", field="starts_at")
    if starts_at < at:
        raise Refused("A 1:1 can't be moved into the past; choose a later time.", field="starts_at")
    if starts_at == talk.starts_at:
        raise Refused("That is when it is already; choose another time.", field="starts_at")
    if not reason.strip():
        raise Refused("Say in a few words why it moves.", field="reason")
    _note_change(talk, OneOnOneChange.Kind.MOVED, by, at, reason.strip())
    talk.starts_at, talk.version = starts_at, talk.version + 1
    try:
        with transaction.atomic():
            talk.save(update_fields=["starts_at", "version"])
    except IntegrityError:
        raise Refused("The two of you have a 1:1 at that time already.", field="starts_at") from None
    prepare_agenda(talk=talk, at=at, on=on)
    invite(talk, at=at)
    other = talk.manager if me == talk.person_id else talk.person
    tell(other, "A 1:1 with you was moved.", f"/one-on-ones/{talk.pk}/", at)
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
    if talk is not None and access.person_id not in {talk.person_id, talk.manager_id}:
        raise Refused("Only the two who meet note promises here.", field="owner")
    if talk is not None and talk.person_id != person.pk:
        raise Refused(f"That 1:1 isn't with {person.name}.", field="one_on_one")
    if case is not None and case.person_id != person.pk:
        raise Refused(f"That case isn't about {person.name}.", field="case")
    if case is not None:
        case = lock_case(case)
    pair = {person.pk, access.person_id} | ({talk.manager_id} if talk else set()) | ({case.owner_id} if case else set())
    if owner.pk not in pair:
        raise Refused(f"{owner.name} takes no part in this; choose one of the two.", field="owner")
    if due_on < day_of(at):
        raise Refused(f"The due date {due_on:%d %b %Y} is in the past; choose a later day.", field="due_on")
    coach = talk.manager_id if talk else case.owner_id if case else access.person_id
    return keep_promise(
        person=person, owner=owner, coach_id=None if coach == person.pk else coach, text=text, due_on=due_on, at=at,
        by=by, talk=talk, case=case,
    )  # fmt: skip


def keep_promise(
    *, person: Person, owner: Person, coach_id: int | None, text: str, due_on: date, by: User, at: datetime,
    talk: OneOnOne | None = None, case: Case | None = None, meeting: Meeting | None = None,
) -> ActionItem:  # fmt: skip
    """A promise and its task. The task says where it was given, not what: others see tasks, export and search them."""
    item = ActionItem.objects.create(
        person=person, owner=owner, coach_id=coach_id, text=text, due_on=due_on, made_at=at, one_on_one=talk, case=case,
        meeting=meeting,
    )  # fmt: skip
    if talk is not None:
        where, link = "in your 1:1", f"/one-on-ones/{talk.pk}/"
    elif meeting is not None:
        where, link = f"in “{meeting.title}”", f"/meetings/{meeting.pk}/"
    elif case is not None:
        where, link = "for a case", f"/cases/{case.pk}/"
    else:
        where, link = "in coaching", "/one-on-ones/"
    Task.objects.create(
        owner=owner, text=f"What you promised {where}", due_on=due_on, source="action_item",
        reason=f"action-item:{item.pk}", link=link,
    )  # fmt: skip
    if case is not None:
        CaseChange.objects.create(case=case, at=at, by=by, what=f"{owner.name} promised: {text}"[:300])
    return item


@transaction.atomic
def complete_action_item(*, item: ActionItem, by: User, at: datetime, result: str = "") -> ActionItem:
    """Kept, and what came of it. Its owner says so, or who coaches them; saying it twice changes nothing."""
    item = ActionItem.objects.select_for_update(of=["self"]).select_related("person").get(pk=item.pk)
    access = access_of(by)
    if access.person_id not in {item.owner_id, item.coach_id} and not may_coach(access, item.person):
        raise Refused(f"Only {item.owner.name} and those who lead them can mark this as done.")
    if item.done_at is None:
        item.done_at, item.result = at, result.strip()
        item.save(update_fields=["done_at", "result"])
        Task.objects.filter(source="action_item", reason=f"action-item:{item.pk}").update(done_at=at)
    elif result.strip() and not item.result:
        item.result = result.strip()
        item.save(update_fields=["result"])
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
