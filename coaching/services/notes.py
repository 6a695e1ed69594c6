"""Write a note of the pair; blank what was said of somebody who is erased."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from coaching.models import (
    ActionItem,
    AgendaItem,
    Case,
    CaseChange,
    CaseStatement,
    DiagnosisStep,
    MeetingPoint,
    MeetingQuestion,
    Note,
    OneOnOne,
    OneOnOneChange,
    Pulse,
    Question,
)
from coaching.selectors import may_coach
from sales.models import Task
from salesmgmt.desk.erasure import Forgotten
from salesmgmt.lib.refusals import Refused
from teams.models import Person, User, access_of


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
    is_own = access.person_id == person.pk
    return Note.objects.create(
        person=person,
        author_id=access.person_id,
        reader_id=None if not is_own else talk.manager_id if talk else case.owner_id if case else None,
        text=text,
        at=at,
        is_shared_up=is_shared_up,
        is_for_author_only=is_for_author_only,
        one_on_one=talk,
        case=case,
    )


@transaction.atomic
def forget_talks(*, person: Person) -> Forgotten:
    """Blank what was said and written about somebody who is erased; that it was, and when, stays."""
    forgotten = Forgotten()
    forgotten.blank(Note.objects.filter(person=person), text="")
    forgotten.blank(AgendaItem.objects.filter(one_on_one__person=person), text="Erased", link="")
    forgotten.blank(ActionItem.objects.filter(person=person), text="Erased", result="")
    forgotten.blank(OneOnOneChange.objects.filter(one_on_one__person=person).exclude(reason=""), reason="Erased")
    forgotten.blank(Pulse.objects.filter(person=person), score=None)
    forgotten.blank(MeetingQuestion.objects.filter(author=person), text="Erased", answer="")
    forgotten.blank(Case.objects.filter(person=person).exclude(result=""), result="Erased")
    forgotten.blank(Case.objects.filter(person=person), subject="Erased", evidence=None)
    cases = [f"/cases/{pk}/" for pk in Case.objects.filter(person=person).values_list("pk", flat=True)]
    forgotten.blank(Task.objects.filter(link__in=cases), text="Erased", reason="")
    made = ActionItem.objects.filter(Q(person=person) | Q(owner=person)).values_list("pk", flat=True)
    forgotten.blank(MeetingPoint.objects.filter(about__in=[f"promise:{pk}" for pk in made]), text="Erased")
    forgotten.blank(CaseStatement.objects.filter(person=person), text="Erased")
    forgotten.blank(DiagnosisStep.objects.filter(case__person=person), reason="Erased", evidence={})
    forgotten.blank(
        DiagnosisStep.objects.filter(case__person=person).exclude(reopened_because=""), reopened_because="Erased"
    )
    forgotten.blank(
        DiagnosisStep.objects.filter(case__person=person).exclude(not_asked_because=""), not_asked_because="Erased"
    )
    forgotten.blank(CaseChange.objects.filter(case__person=person), what="Erased")
    forgotten.blank(Question.objects.filter(case__person=person), text="Erased")
    forgotten.blank(Question.objects.filter(case__person=person).exclude(answer=""), answer="Erased")
    return forgotten
