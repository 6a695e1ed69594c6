"""Ask a department from a case, answer, remind."""

import re
from datetime import date, datetime, timedelta

from django.db import transaction

from coaching.models import Case, Question, Step
from coaching.selectors import day_after
from performance.selectors import catalogue
from sales.models import Product
from salesmgmt.lib.refusals import Refused
from teams.models import Person, Posting, Team, User, access_of

from .edges import day_of, lock_case, locked_case, must_be_current, must_coach, note_change, tell, tell_all

LEAST_DAYS = 2  # on which somebody of the department works


class TellsWhom(Refused):
    """A word of a question is a name of who it is about, or reads like one."""


@transaction.atomic
def ask_department(
    *,
    case: Case,
    step: str,
    department: str,
    text: str,
    due_on: date,
    by: User,
    at: datetime,
    version: int | None = None,
    is_other_word: bool = False,
) -> Question:
    """Ask those of a department; they see these words alone. The same question twice is one.

    `is_other_word`: what reads like the person's name is another word there; the story of the case says so.
    """
    must_coach(by, case.person)
    case, text, on = lock_case(case), text.strip(), day_of(at)
    if step not in Step.values or step == Step.PERSON:
        raise Refused("A department is asked about one of the first six steps, not about the person.", field="step")
    if department not in Team.Department.values:
        there = ", ".join(Team.Department.values)
        raise Refused(f"“{department}” is not a department; there is {there}.", field="department")
    if not text:
        raise Refused("Say what they are to answer.", field="text")
    said = _tells_whom(case.person).search(text)
    if said is not None and not is_other_word:
        raise TellsWhom(f"They don't see whom it is about: leave “{said[0]}” out.", field="text")
    asked = Question.objects.filter(case=case, step=step, department=department, text=text).first()
    if asked is not None:
        return asked
    must_be_current(case, version)
    people = _members(department, on, but=case.person)
    if not people:
        raise Refused(f"Nobody is posted to {Team.Department(department).label} today.", field="department")
    least = day_after(people, on=on, days=LEAST_DAYS)
    if due_on < least:
        raise Refused(f"They need {LEAST_DAYS} working days; choose {least:%d %b %Y} or later.", field="due_on")
    made = Question.objects.create(
        case=case, step=step, department=department, text=text, asked_at=at, asked_by_id=access_of(by).person_id,
        due_on=due_on,
    )  # fmt: skip
    what = f"{made.get_department_display()} asked, to answer by {due_on:%d %b %Y}"
    if said is not None:
        what += f"; “{said[0]}” is another word there, not the name"
    note_change(case, what, by=by, at=at)
    tell_all(people, f"A question to {made.get_department_display()} waits until {due_on:%d %b %Y}.", "/questions/", at)
    return made


def _tells_whom(person: Person) -> re.Pattern[str]:
    """What would tell whom it is about: names in any spelling, short ones as they are written (“Bo” is somebody, “bo”
    and the “van” of a family are not), number and e-mail. A surname that is a word of the trade (“Price”) is a name
    where it has a capital within a sentence."""
    parts = [part for part in re.split(r"[\s,-]+", person.name) if len(part) > 1 and not part.islower()]
    words = _words_of_the_trade() & {part.lower() for part in parts} if " " in person.name else set()
    plain = [part for part in parts if len(part) > 2 and part.lower() not in words]
    known = [person.name, *plain, person.external_id or "", person.email, person.email.partition("@")[0]]
    long = "|".join(re.escape(one) for one in known if one)
    short = "".join(rf"|{re.escape(part)}" for part in parts if len(part) == 2)
    within = "".join(rf"|(?<=[^\s.!?:]\s){re.escape(part)}" for part in parts if part.lower() in words)
    return re.compile(rf"\b(?:(?i:{long}){short}{within})\b")


def _words_of_the_trade() -> set[str]:
    """Words that measures, steps, departments and products are called by."""
    labels = [*(one.label for one in catalogue().values()), *map(str, Step.labels), *map(str, Team.Department.labels)]
    labels += Product.objects.values_list("name", flat=True)
    return {word for label in labels for word in re.findall(r"[^\W\d_]+", label.lower())}


def _members(department: str, on: date, *, but: Person) -> list[Person]:
    posted = Posting.objects.on(on).filter(team__department=department).exclude(person=but).values("person")
    return list(Person.objects.present().active(on).filter(pk__in=posted).order_by("pk"))


@transaction.atomic
def answer_question(*, question: Question, text: str, by: User, at: datetime) -> Question:
    """One of the department answers for it, once; a late answer counts while the case is open."""
    question = Question.objects.select_for_update(of=["self"]).select_related("case").get(pk=question.pk)
    access = access_of(by)
    if access.department != question.department or access.person_id in {None, question.case.person_id}:
        raise Refused(f"Only {question.get_department_display()} answers this.")
    if not text.strip():
        raise Refused("An answer says something.", field="text")
    if question.answered_at is not None:
        if question.answer == text.strip():
            return question
        raise Refused(f"{question.get_department_display()} has answered this already.")
    case = locked_case(question.case_id)
    if not case.is_open:
        raise Refused("This is settled meanwhile; no answer is needed any more.")
    question.answer, question.answered_at, question.answered_by_id = text.strip(), at, access.person_id
    question.save(update_fields=["answer", "answered_at", "answered_by"])
    note_change(case, f"{question.get_department_display()} answered", by=by, at=at)
    tell(case.owner, f"{question.get_department_display()} answered a question of yours.", f"/cases/{case.pk}/", at)
    return question


@transaction.atomic
def remind_of_questions(*, on: date, at: datetime) -> int:
    """Remind who has not answered, the day before and on the day; tell the owner once it is missed. How many."""
    waiting = Question.objects.waiting().filter(due_on__lte=on + timedelta(days=1)).exclude(reminded_on=on)
    done = 0
    for question in waiting.select_for_update(of=["self"], skip_locked=True).select_related(
        "case__owner", "case__person"
    ):
        label, missed = question.get_department_display(), question.due_on < on
        if missed and question.reminded_on is not None and question.reminded_on > question.due_on:
            continue
        if missed:
            tell(question.case.owner, f"{label} has not answered by {question.due_on:%d %b %Y}.",
                 f"/cases/{question.case_id}/", at)  # fmt: skip
        else:
            people = _members(question.department, on, but=question.case.person)
            tell_all(people, f"A question to {label} waits until {question.due_on:%d %b %Y}.", "/questions/", at)
        question.reminded_on = on
        question.save(update_fields=["reminded_on"])
        done += 1
    return done
