"""Acts of coaching: open and close a case, plan and hold a 1:1, promise and keep, write a note."""

from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.models import Max

from coaching.models import ActionItem, AgendaItem, Case, CaseChange, Note, OneOnOne
from coaching.selectors import agenda_for, may_coach
from performance.models import Flag
from sales.models import Task
from salesmgmt.desk.erasure import Forgotten
from salesmgmt.desk.models import Notice
from salesmgmt.lib.refusals import Refused, Stale
from teams.models import Person, User, access_of


def _tell(person: Person, text: str, link: str, at: datetime) -> None:
    if person.user_id:
        Notice.objects.create(user_id=person.user_id, text=text[:300], link=link, at=at)


def _must_coach(by: User, person: Person) -> None:
    if not may_coach(access_of(by), person):
        raise Refused(f"Only somebody who leads {person.name} can do this.", field="person")


@transaction.atomic
def open_case(*, flag: Flag, owner: Person, due_on: date, by: User, at: datetime) -> Case:
    """The work a flag opens. A flag has one case: a second call gives the one that stands."""
    Flag.objects.select_for_update().get(pk=flag.pk)
    standing = Case.objects.filter(flag=flag).first()
    if standing is not None:
        return standing
    _must_coach(by, flag.person)
    if due_on < at.date():
        raise Refused(f"The due date {due_on:%d %b %Y} is in the past; choose a later day.", field="due_on")
    case = Case.objects.create(
        person=flag.person, owner=owner, flag=flag, subject=flag.sentence, opened_at=at, due_on=due_on
    )
    CaseChange.objects.create(case=case, at=at, by=by, what=f"Opened, due {due_on:%d %b %Y}")
    Task.objects.create(
        owner=owner,
        text=f"Close the case of {flag.person.name}"[:300],
        due_on=due_on,
        source="flag",
        reason=flag.sentence,
        link=f"/cases/{case.pk}/",
    )
    _tell(flag.person, f"A case about your gap is open: {flag.sentence}", f"/cases/{case.pk}/", at)
    return case


@transaction.atomic
def close_case(*, case: Case, result: str, by: User, at: datetime) -> Case:
    """The end of a case, with what came of it."""
    case = Case.objects.select_for_update().get(pk=case.pk)
    _must_coach(by, case.person)
    if case.state == Case.State.CLOSED:
        raise Refused("This case is closed already.")
    if not result.strip():
        raise Refused("Say in a sentence what came of it.", field="result")
    case.state, case.closed_at, case.result = Case.State.CLOSED, at, result.strip()
    case.save(update_fields=["state", "closed_at", "result"])
    CaseChange.objects.create(case=case, at=at, by=by, what=f"Closed: {case.result}"[:300])
    Task.objects.filter(link=f"/cases/{case.pk}/", done_at=None).update(done_at=at)
    return case


@transaction.atomic
def plan_one_on_one(
    *, person: Person, manager: Person, starts_at: datetime, by: User, at: datetime, on: date, case: Case | None = None
) -> OneOnOne:
    """A talk with an agenda prepared from flags, promises and changes. `on` is today in the organisation's zone."""
    if person == manager:
        raise Refused("Nobody coaches themselves; choose one of your people.", field="person")
    _must_coach(by, person)
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
    _tell(person, f"{manager.name} planned a 1:1 with you.", f"/one-on-ones/{talk.pk}/", at)
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
    _tell(other, "A 1:1 with you was cancelled.", f"/one-on-ones/{talk.pk}/", at)
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
def write_note(
    *,
    person: Person,
    text: str,
    by: User,
    at: datetime,
    is_shared_up: bool = False,
    is_for_author_only: bool = False,
    talk: OneOnOne | None = None,
    case: Case | None = None,
) -> Note:
    """A note of the pair: private to the two, up the line only where it says so."""
    access = access_of(by)
    if access.person_id is None:
        raise Refused("Coaching notes are for people with a posting.")
    if access.person_id != person.pk and not may_coach(access, person):
        raise Refused(f"Only {person.name} and those who lead them write notes here.")
    if is_shared_up and is_for_author_only:
        raise Refused("A note is either for you alone or shared up the line, not both.", field="is_shared_up")
    return Note.objects.create(
        person=person,
        author_id=access.person_id,
        text=text,
        at=at,
        is_shared_up=is_shared_up,
        is_for_author_only=is_for_author_only,
        one_on_one=talk,
        case=case,
    )


@transaction.atomic
def move_case(*, case: Case, due_on: date, reason: str, by: User, at: datetime) -> Case:
    """A later (or earlier) due date, with the reason."""
    case = Case.objects.select_for_update().get(pk=case.pk)
    _must_coach(by, case.person)
    if case.state == Case.State.CLOSED:
        raise Refused("This case is closed; its due date no longer moves.")
    if not reason.strip():
        raise Refused("Say in a sentence why the date moves.", field="reason")
    was, case.due_on = case.due_on, due_on
    case.save(update_fields=["due_on"])
    what = f"Due date moved from {was:%d %b} to {due_on:%d %b}: {reason.strip()}"
    CaseChange.objects.create(case=case, at=at, by=by, what=what[:300])
    Task.objects.filter(link=f"/cases/{case.pk}/", source="flag", done_at=None).update(due_on=due_on)
    return case


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


@transaction.atomic
def forget_talks(*, person: Person) -> Forgotten:
    """Blank what was said and written about somebody who is erased; that it was, and when, stays."""
    forgotten = Forgotten()
    forgotten.blank(Note.objects.filter(person=person), text="")
    forgotten.blank(AgendaItem.objects.filter(one_on_one__person=person), text="Erased", link="")
    forgotten.blank(ActionItem.objects.filter(person=person), text="Erased")
    forgotten.blank(Case.objects.filter(person=person).exclude(result=""), result="Erased")
    return forgotten
