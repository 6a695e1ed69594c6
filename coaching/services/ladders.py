"""Acts on a ladder: open it, agree a step, read it, count leave, help, judge, decide. Nothing here runs by itself."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from coaching.models import (
    Case,
    CoachingPlan,
    Enrolment,
    Exit,
    Ladder,
    LadderDecision,
    LadderEvent,
    LadderStep,
    StepGoal,
    StepPause,
    StepReading,
    StepSupport,
    may_lead,
)
from coaching.selectors.ladders import (
    TIED,
    PauseDue,
    away_until,
    courses_to_promise,
    current_step,
    diagnosis_grounds,
    goal_lines,
    goal_measures,
    grounds_against,
    had_days_to_read,
    helpers_of,
    later,
    others_above,
    pauses_due,
    plans_to_promise,
    shifted,
    value_of,
    why_not_confirm,
    why_not_decide,
    why_not_witness,
)
from sales.models import Task
from salesmgmt.desk.erasure import Forgotten
from salesmgmt.lib.days import is_of_our_time
from salesmgmt.lib.ranges import half_open, through
from salesmgmt.lib.refusals import Refused, Stale
from targets.selectors.responses import due_days
from teams.models import Organisation, Person, Posting, Role, User, access_of
from teams.selectors import manager_of

from .edges import day_of, tell

Kind, State, What = LadderStep.Kind, LadderStep.State, LadderEvent.Kind
USUAL = timedelta(days=42)  # how long a next step is proposed to take
LONGEST = timedelta(days=366)
LEAST, TO_BE_HEARD = timedelta(days=14), timedelta(days=7)  # from the day a step is given; before a decision
ON_STEP, OF_SUPPORT, TO_READ, TO_ANSWER = "ladder-step", "step-support", "ladder-read", "ladder-answer"
TO_WITNESS, TO_INTERVIEW = "ladder-witness", "ladder-interview"
EXITS = "/improvement/exits/"


# ── What every act needs ────────────────────────────────────────────────────────────────────────────────────────


def _must_stand(step: LadderStep, on: date) -> None:
    """What somebody works towards doesn't change when there is no time left to do it."""
    least = _least(step, on)
    if not step.is_draft and step.last_day < least:
        raise Refused(
            f"It ends {step.last_day:%-d %b %Y}: goals and words stay as they are. With more time they can change: "
            f"extend it to {least:%-d %b %Y} at least.",
            field="aim",
        )


def _least(step: LadderStep, on: date) -> date:
    return on + (TO_BE_HEARD if step.kind == Kind.DECISION else LEAST)


def _must_leave_time(step: LadderStep, last: date, on: date) -> None:
    """Nobody is judged by days that are over, or all but."""
    least = _least(step, on)
    if last < least:
        sentence = f"{last:%-d %b %Y} leaves too little time: let it run until {least:%-d %b %Y} at least."
        raise Refused(sentence, field="last")


def _must_lead(by: User, person: Person) -> None:
    if not may_lead(access_of(by), person):
        raise Refused(f"Only somebody up the line of {person.name} can do this.", field="person")


def _lock(step: LadderStep, edition: int | None = None) -> LadderStep:
    """The step as it stands, its ladder held: one act at a time on it."""
    ladder = Ladder.objects.select_for_update(of=["self"]).select_related("person").get(pk=step.ladder_id)
    found = LadderStep.objects.get(pk=step.pk)
    found.ladder = ladder
    if edition is not None and found.edition != edition:
        raise Stale("Somebody changed this step since you opened it. Look at it as it is now, then try again.")
    if not ladder.is_open:
        raise Refused(f"This ladder is closed: {ladder.get_outcome_display().lower()}.")
    if found.is_complete:
        raise Refused(f"The step “{found}” is complete and stays as it is.")
    return found


def _note(step: LadderStep, kind: str, text: str, *, by: User | None, at: datetime) -> None:
    LadderEvent.objects.create(ladder=step.ladder, step=step, kind=kind, text=text[:500], by=by, at=at)


def _link(ladder: Ladder) -> str:
    return f"/improvement/{ladder.pk}/"


def _said(text: str, sentence: str, field: str) -> str:
    if not text.strip():
        raise Refused(sentence, field=field)
    return text.strip()


def _days(starts_on: date, last: date) -> None:
    if not (is_of_our_time(starts_on) and is_of_our_time(last)):
        raise Refused("Choose days of our time.", field="last")
    if last < starts_on:
        raise Refused(f"The last day {last:%-d %b %Y} lies before the first, {starts_on:%-d %b %Y}.", field="last")
    if last - starts_on > LONGEST:
        raise Refused("A step takes a year at most; choose an earlier last day.", field="last")


def _changed(step: LadderStep, what: str, *, by: User, at: datetime, kind: str = What.CHANGED) -> None:
    """Another edition: what the person has read is not what stands, so they are asked to read it again."""
    step.edition += 1
    if not step.is_draft:
        step.state, step.witness_asked_at = State.PUBLISHED, None
        _done([f"{TO_WITNESS}:{step.pk}"], at)
        _ask_to_read(step, at)
        tell(step.ladder.person, f"Your step “{step}” has changed: read it again.", _link(step.ladder), at, must=True)
    step.save(update_fields=["edition", "state", "during", "text", "witness_asked_at"])
    _note(step, kind, what, by=by, at=at)
    Task.objects.filter(reason=f"{ON_STEP}:{step.pk}", done_at=None).update(due_on=step.until)


def _done(reasons: Iterable[str], at: datetime) -> None:
    Task.objects.filter(reason__in=list(reasons), done_at=None).update(done_at=at)


# ── Opening and agreeing ────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def open_ladder(
    *,
    person: Person,
    reason: str,
    starts_on: date,
    last: date,
    by: User,
    at: datetime,
    on: date,
    case: Case | None = None,
) -> Ladder:
    """Begin with training, as a draft. A person has one open ladder; none is opened while they are away."""
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    _must_lead(by, person)
    text = _said(reason, "Say in a sentence what is lacking, as a fact.", "reason")
    _days(starts_on, last)
    if starts_on < on:
        raise Refused(f"The first day {starts_on:%-d %b %Y} has passed; choose a later one.", field="starts_on")
    if case is not None and case.person_id != person.pk:
        raise Refused(f"That case isn't about {person.name}.", field="case")
    if person.left_on is not None and person.left_on <= on:
        raise Refused(f"{person.name} has left.", field="person")
    _refuse_away(person, on)
    if Ladder.objects.open().filter(person=person).exists():
        raise Refused(f"There is an open ladder of {person.name} already: go on with that one.", field="person")
    ladder = Ladder.objects.create(person=person, case=case, reason=text, opened_at=at, opened_by=by)
    step = LadderStep.objects.create(ladder=ladder, kind=Kind.TRAINING, during=through(starts_on, last), made_at=at)
    _note(step, What.OPENED, "", by=by, at=at)
    return ladder


def _refuse_away(person: Person, on: date) -> None:
    back = away_until(person, on)
    if back is not None:
        raise Refused(f"{person.name} is away until {back:%-d %b %Y}: nothing moves meanwhile.", field="person")


@transaction.atomic
def change_step(
    *, step: LadderStep, text: str, starts_on: date, last: date, by: User, at: datetime, edition: int | None = None
) -> LadderStep:
    """Other words or days. A published step ends no earlier than the person read; a later end is an extension."""
    step = _lock(step, edition)
    _must_lead(by, step.ladder.person)
    _days(starts_on, last)
    if not step.is_draft and (starts_on, last) != (step.starts_on, step.last_day):
        raise Refused("The days of a published step move by a pause or an extension only.", field="last")
    moved = half_open(starts_on, last + timedelta(days=1))
    if step.text == text.strip() and step.during == moved:
        return step
    _must_stand(step, day_of(at))
    _move_goals(step, last + timedelta(days=1), starts_on=starts_on)
    step.text, step.during = text.strip(), moved
    _changed(step, "Words or days", by=by, at=at)
    return step


def _move_goals(step: LadderStep, until: date, *, starts_on: date | None = None) -> None:
    """Goals that run for the days of their step go on doing so."""
    first = starts_on or step.starts_on
    StepGoal.objects.filter(step=step, during=step.during).update(during=half_open(first, until))


@transaction.atomic
def set_goal(
    *,
    step: LadderStep,
    measure: str,
    aim: Decimal,
    by: User,
    at: datetime,
    on: date,
    was: Decimal | None = None,
    starts_on: date | None = None,
    last: date | None = None,
    edition: int | None = None,
) -> StepGoal:
    """A goal in a measure, from where to where. Without `was` it is what the same number of days before brought."""
    step = _lock(step, edition)
    person = step.ladder.person
    _must_lead(by, person)
    known = goal_measures().get(measure)
    if known is None:
        raise Refused(f"“{measure[:30]}” is no measure that a goal is set in.", field="measure")
    _must_stand(step, on)
    first, end = starts_on or step.starts_on, (last or step.last_day) + timedelta(days=1)
    _days(first, end - timedelta(days=1))
    if first < step.starts_on or end > (step.until or end):
        raise Refused(
            f"A goal's days lie within its step's, {step.starts_on:%-d %b} to {step.last_day:%-d %b %Y}.", field="last"
        )
    if not step.is_draft:
        _must_leave_time(step, end - timedelta(days=1), on)
    if abs(aim) >= Decimal(10) ** 13:
        raise Refused("That goal is out of range.", field="aim")
    if was is None:
        before = first - (end - first)
        was = value_of(person, measure, before, first, min(on, first - timedelta(days=1)), Organisation.get())
    goal, _ = StepGoal.objects.update_or_create(
        step=step, measure=measure, defaults={"during": half_open(first, end), "was": was, "aim": aim}
    )
    _changed(step, f"Goal: {known.label}", by=by, at=at)
    return goal


@transaction.atomic
def remove_goal(*, goal: StepGoal, by: User, at: datetime, edition: int | None = None) -> LadderStep:
    """Less is asked; a published step keeps one goal at least."""
    step = _lock(goal.step, edition)
    _must_lead(by, step.ladder.person)
    if not step.is_draft and step.kind != Kind.DECISION and step.goals.count() == 1:
        raise Refused("A step has a goal: set another one first.")
    StepGoal.objects.filter(pk=goal.pk).delete()
    _changed(step, "A goal less", by=by, at=at)
    return step


@transaction.atomic
def promise_support(
    *, step: LadderStep, owner: Person, text: str, due_on: date, by: User, at: datetime, on: date,
    edition: int | None = None, enrolment: Enrolment | None = None, coaching_plan: CoachingPlan | None = None,
) -> StepSupport:  # fmt: skip
    """Help that goes with a step: who gives what, by when. Tied to a course or a plan, that tells whether it came."""
    step = _lock(step, edition)
    _must_lead(by, step.ladder.person)
    words = _said(text, "Say what is promised.", "text")
    if not helpers_of(step, on).filter(pk=owner.pk).exists():
        raise Refused(f"{owner.name} can't promise this: choose somebody up the line, or HR.", field="owner")
    if due_on < on or not is_of_our_time(due_on):
        raise Refused(f"The day {due_on:%-d %b %Y} has passed; choose a later one.", field="due_on")
    if due_on > step.last_day:
        raise Refused(f"Help comes before the step ends, {step.last_day:%-d %b %Y}.", field="due_on")
    person = step.ladder.person
    if enrolment is not None and not courses_to_promise(person).filter(pk=enrolment.pk).exists():
        raise Refused(f"{person.name} has no such course open: give it to them first.", field="enrolment")
    if coaching_plan is not None and not plans_to_promise(person, on).filter(pk=coaching_plan.pk).exists():
        raise Refused(f"No such help is planned for {person.name}: plan it first.", field="coaching_plan")
    if enrolment is not None and coaching_plan is not None:
        raise Refused("Tie a promise to a course or to a plan, and make another for the other.", field="coaching_plan")
    made = StepSupport.objects.create(
        step=step, owner=owner, text=words, due_on=due_on, made_at=at, enrolment=enrolment,
        coaching_plan=coaching_plan,
    )  # fmt: skip
    if not step.is_draft:
        _ask(made)
    _changed(step, f"Support by {owner.name}", by=by, at=at)
    return made


def _ask(support: StepSupport) -> None:
    """A task for who promised; it names nobody's plan."""
    ladder = support.step.ladder
    Task.objects.create(
        owner=support.owner,
        text="Keep a promise",
        due_on=support.due_on,
        source="support",
        reason=f"{OF_SUPPORT}:{support.pk}",
        link=_link(ladder),
    )


@transaction.atomic
def remove_support(*, support: StepSupport, by: User, at: datetime, edition: int | None = None) -> LadderStep:
    """Only out of a draft: what the person has read as promised is given, or they say it is no longer needed."""
    step = _lock(support.step, edition)
    _must_lead(by, step.ladder.person)
    if not step.is_draft:
        raise Refused(f"What {step.ladder.person.name} was promised stays: give it, or ask them to do without it.")
    StepSupport.objects.filter(pk=support.pk).delete()
    _changed(step, "A promise less", by=by, at=at)
    return step


@transaction.atomic
def publish_step(*, step: LadderStep, by: User, at: datetime, on: date, edition: int | None = None) -> LadderStep:
    """Give it to the person: with goals, with support, with days that are still to come, and a cause that was found."""
    step = _lock(step, edition)
    person = step.ladder.person
    _must_lead(by, person)
    if not step.is_draft:
        raise Refused(f"The step “{step}” is published already.")
    _refuse_away(person, on)
    if step.kind != Kind.DECISION:
        if not step.goals.exists():
            raise Refused("Set a goal first: a measure, from where to where.", field="goals")
        if not step.support.exists():
            raise Refused("Promise support first: who gives what, by when.", field="support")
    for goal in step.goals.order_by("pk"):
        if goal.starts_on < step.starts_on or goal.last_day > step.last_day:
            raise Refused("The step has moved, and a goal's days lie outside it: set the goal anew.", field="goals")
        _must_leave_time(step, goal.last_day, on)
    _must_leave_time(step, step.last_day, on)
    if unclear := diagnosis_grounds(step.ladder, person):
        raise Refused(" ".join(ground.sentence for ground in unclear))
    step.state, step.published_at = State.PUBLISHED, at
    step.save(update_fields=["state", "published_at"])
    _note(step, What.PUBLISHED, "", by=by, at=at)
    for support in step.support.select_related("owner"):
        support.step = step
        _ask(support)
    coach = manager_of(person, on)
    if coach is not None:
        Task.objects.create(
            owner=coach,
            text="Talk about what was agreed",
            due_on=step.until or on,
            source="ladder",
            reason=f"{ON_STEP}:{step.pk}",
            link=_link(step.ladder),
        )
    _ask_to_read(step, at)
    tell(person, f"Your step “{step}” is there: read it and say what you think.", _link(step.ladder), at, must=True)
    return step


def _ask_to_read(step: LadderStep, at: datetime) -> None:
    """A task for the person: five working days to read what is new."""
    person, reason = step.ladder.person, f"{TO_READ}:{step.pk}"
    due = due_days({person.pk: at}, Organisation.get())[person.pk]
    if not Task.objects.filter(reason=reason, done_at=None).update(due_on=due):
        Task.objects.create(
            owner=person, text="Read a step, and say what you think", due_on=due, source="ladder", reason=reason,
            link=_link(step.ladder),
        )  # fmt: skip


@transaction.atomic
def acknowledge_step(
    *, step: LadderStep, by: User, at: datetime, comment: str = "", edition: int | None = None
) -> StepReading:
    """The person has read this edition, and says what they think. Reading is not agreeing."""
    step = _lock(step, edition)
    person = step.ladder.person
    if access_of(by).person_id != person.pk:
        raise Refused(f"Only {person.name} acknowledges this.")
    if step.is_draft:
        raise Refused("This step is a draft; it has yet to be given to you.")
    standing = StepReading.objects.filter(step=step, edition=step.edition).first()
    if standing is not None and standing.witness_id is None:
        raise Refused("You have acknowledged this edition already.")
    step.state = State.ACKNOWLEDGED
    step.save(update_fields=["state"])
    made = standing or StepReading(step=step, edition=step.edition)
    made.comment, made.at, made.witness = comment.strip(), at, None
    made.save()
    _note(step, What.ACKNOWLEDGED, "", by=by, at=at)
    _done([f"{TO_READ}:{step.pk}", f"{TO_WITNESS}:{step.pk}"], at)
    coach = manager_of(person, day_of(at))
    if coach is not None:
        tell(coach, f"{person.name} has read a step and answered.", _link(step.ladder), at)
    return made


@transaction.atomic
def witness_step(*, step: LadderStep, by: User, at: datetime, on: date, edition: int | None = None) -> StepReading:
    """The person was given the step and doesn't answer: HR or somebody up the line says so, never the coach.

    Silence holds nothing up for ever, and is not taken for words: the person may still answer.
    """
    step = _lock(step, edition)
    why_not = why_not_witness(by, access_of(by), step, on)
    if why_not:
        raise Refused(why_not)
    step.state = State.ACKNOWLEDGED
    step.save(update_fields=["state"])
    made = StepReading.objects.create(step=step, edition=step.edition, at=at, witness=by)
    _note(step, What.ACKNOWLEDGED, "Given, without an answer", by=by, at=at)
    _done([f"{TO_WITNESS}:{step.pk}"], at)
    tell(step.ladder.person, "A step was noted as given to you; you may still say what you think.",
         _link(step.ladder), at, must=True)  # fmt: skip
    return made


def ask_hr_to_witness(*, on: date, at: datetime) -> int:
    """HR hears of steps that nobody reads where nobody else may bear witness; answers of how many. No ladder moves."""
    asked = 0
    waiting = LadderStep.objects.filter(state=State.PUBLISHED, witness_asked_at=None, ladder__closed_at=None)
    for pk in list(waiting.order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            Ladder.objects.select_for_update(of=["self"]).get(steps=pk)
            step = waiting.select_related("ladder__person").filter(pk=pk).first()
            if step is None or not had_days_to_read(step, on) or others_above(step.ladder, on):
                continue
            step.witness_asked_at = at
            step.save(update_fields=["witness_asked_at"])
            _ask_hr(step, "Bear witness that a step was given", TO_WITNESS, at, on)
            asked += 1
    return asked


def _ask_hr(
    step: LadderStep, text: str, reason: str, at: datetime, on: date, *, but: User | None = None, link: str = ""
) -> None:
    """A task for each in HR; it names nobody."""
    link = link or _link(step.ladder)
    hr = Person.objects.active(on).filter(pk__in=Posting.objects.on(on).filter(role=Role.HR).values("person"))
    hr = hr.exclude(pk=step.ladder.person_id)
    for person in hr.exclude(user=but) if but is not None else hr:
        Task.objects.create(
            owner=person, text=text, due_on=on + TO_BE_HEARD, source="ladder", reason=f"{reason}:{step.pk}", link=link,
        )  # fmt: skip
        tell(person, f"{text}: it waits for HR.", link, at, must=True)


# ── Support ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _locked_support(support: StepSupport) -> StepSupport:
    step = _lock(support.step)
    found = StepSupport.objects.select_related(*TIED).get(pk=support.pk)
    found.step = step
    if step.is_draft:
        raise Refused("This step is a draft; nothing is promised yet.")
    return found


@transaction.atomic
def give_support(*, support: StepSupport, by: User, at: datetime) -> StepSupport:
    """It was given: who promised it says so, or who leads the person. Saying it twice changes nothing.

    Once the person has said that it was not, their word stands: who gives it then asks them to confirm it.
    """
    support = _locked_support(support)
    access, person = access_of(by), support.step.ladder.person
    if access.person_id != support.owner_id and not may_lead(access, person):
        raise Refused(f"Only {support.owner.name} or who leads the person says that it was given.")
    if not support.may_be_given:
        return support
    if lacks := support.lacks_on(day_of(at)):
        raise Refused(f"It is not given yet: {lacks}.")
    said = "Given"
    if support.denied_at is not None:
        said = "Said to be given after all"
    support.given_at = at
    support.save(update_fields=["given_at"])
    _note(support.step, What.SUPPORT, f"{said} by {support.owner.name}", by=by, at=at)
    _done([f"{OF_SUPPORT}:{support.pk}"], at)
    text = "Support is marked as given: confirm it, or say so if it was not."
    tell(person, text, _link(support.step.ladder), at, must=True)
    return support


@transaction.atomic
def confirm_support(*, support: StepSupport, by: User, at: datetime) -> StepSupport:
    """It came, says the person; or HR as witness where they don't answer. This alone overrules a denial."""
    support = _locked_support(support)
    if support.given_at is None:
        raise Refused("Nobody has said that it was given.")
    if why_not := why_not_confirm(access_of(by), support, day_of(at)):
        raise Refused(why_not)
    if support.confirmed_at is None or support.denied_at is not None:
        support.confirmed_at, support.denied_at = at, None
        support.save(update_fields=["confirmed_at", "denied_at"])
        _note(support.step, What.SUPPORT, f"Confirmed: given by {support.owner.name}", by=by, at=at)
        _done([f"{OF_SUPPORT}:{support.pk}"], at)
    return support


@transaction.atomic
def deny_support(*, support: StepSupport, by: User, at: datetime) -> StepSupport:
    """The person says that it was not given: then it is not."""
    support = _locked_support(support)
    person = support.step.ladder.person
    if access_of(by).person_id != person.pk:
        raise Refused(f"Only {person.name} says whether the support came.")
    if support.given_at is None:
        raise Refused("Nobody has said that it was given.")
    if support.denied_at is None:
        support.denied_at, support.confirmed_at = at, None
        support.save(update_fields=["denied_at", "confirmed_at"])
        _note(support.step, What.SUPPORT, f"Not given by {support.owner.name}", by=by, at=at)
        tell(support.owner, f"{person.name} says that support you promised has not come.",
             _link(support.step.ladder), at)  # fmt: skip
    return support


@transaction.atomic
def waive_support(*, support: StepSupport, by: User, at: datetime) -> StepSupport:
    """The person says that it is no longer needed."""
    support = _locked_support(support)
    person = support.step.ladder.person
    if access_of(by).person_id != person.pk:
        raise Refused(f"Only {person.name} can do without what they were promised.")
    if support.waived_at is None:
        support.waived_at = at
        support.save(update_fields=["waived_at"])
        _note(support.step, What.SUPPORT, f"No longer needed from {support.owner.name}", by=by, at=at)
        _done([f"{OF_SUPPORT}:{support.pk}"], at)
    return support


# ── Dates ───────────────────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def pause_step(*, step: LadderStep, start: date, by: User, at: datetime, edition: int | None = None) -> StepPause:
    """Count a leave that was proposed as a pause: the step, its goals and its check move by its working days."""
    step = _lock(step, edition)
    _must_lead(by, step.ladder.person)
    due = next((one for one in pauses_due(step) if one.start == start), None)
    if due is None:
        raise Refused(f"No leave that is not counted yet begins on {start:%-d %b %Y}.", field="start")
    made = StepPause.objects.create(step=step, during=through(due.start, due.last), days=due.days, at=at, by=by)
    until = later(step, due.days, after=due.last) + timedelta(days=1)
    _move_goals(step, until)
    if due.start >= step.starts_on:  # what was lost in a step before is added at the end; help comes as promised
        for goal in step.goals.filter(during__endswith__gt=due.start).exclude(during__endswith=until):
            last = min(shifted(step, goal.last_day, due.days, after=due.last), until - timedelta(days=1))
            StepGoal.objects.filter(pk=goal.pk).update(during=through(goal.starts_on, last))
        _move_support(step, due)
    step.during = half_open(step.starts_on, until)
    days = f"{due.days} working day{'' if due.days == 1 else 's'}"
    _changed(step, f"{days} away; it ends {step.last_day:%-d %b %Y}", by=by, at=at, kind=What.PAUSED)
    return made


def _move_support(step: LadderStep, pause: PauseDue) -> None:
    """Help that was due in the leave or after it comes as many working days later: nobody can give it to who is away.

    Never after the step.
    """
    for support in StepSupport.objects.filter(step=step, due_on__gte=pause.start, given_at=None, waived_at=None):
        due = shifted(step, support.due_on, pause.days, after=pause.last)
        support.due_on = min(due, pause.ends)
        support.save(update_fields=["due_on"])
        Task.objects.filter(reason=f"{OF_SUPPORT}:{support.pk}", done_at=None).update(due_on=support.due_on)


@transaction.atomic
def extend_step(
    *, step: LadderStep, last: date, reason: str, by: User, at: datetime, edition: int | None = None
) -> LadderStep:
    """More time, with the reason; the person reads it again."""
    step = _lock(step, edition)
    _must_lead(by, step.ladder.person)
    words = _said(reason, "Say in a sentence why there is more time.", "reason")
    if step.is_draft:
        raise Refused("This step is a draft: change its days instead.", field="last")
    if step.kind == Kind.DECISION:
        raise Refused("More time before a decision is a decision of its own: propose it, with HR's consent.")
    return _extend(step, last, words, by=by, at=at)


def _extend(step: LadderStep, last: date, words: str, *, by: User, at: datetime) -> LadderStep:
    if last <= day_of(at):
        raise Refused(f"The day {last:%-d %b %Y} has passed; choose a later one.", field="last")
    if last <= step.last_day:
        raise Refused(f"It runs until {step.last_day:%-d %b %Y} already; choose a later day.", field="last")
    _days(step.starts_on, last)
    _move_goals(step, last + timedelta(days=1))
    step.during = half_open(step.starts_on, last + timedelta(days=1))
    _changed(step, words, by=by, at=at, kind=What.EXTENDED)
    return step


# ── Going on ────────────────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def finish_step(
    *,
    step: LadderStep,
    is_met: bool,
    result: str,
    by: User,
    at: datetime,
    on: date,
    edition: int | None = None,
) -> Ladder:
    """Met ends the ladder. Not met goes on to a draft of the next step, unless a ground speaks against it."""
    step = _lock(step, edition)
    ladder = step.ladder
    _must_lead(by, ladder.person)
    words = _said(result, "Say in a sentence what came of the step.", "result")
    if step.kind == Kind.DECISION:
        raise Refused("This step ends with a decision: somebody up the line proposes it, HR consents.")
    if step.is_draft:
        raise Refused("The step is a draft: publish it first.")
    if not is_met:
        _refuse_grounds(step, on)
    _complete(step, is_met, words, by=by, at=at, on=on)
    if is_met:
        _close(ladder, Ladder.Outcome.MET, words, by=by, at=at)
        return ladder
    following = LadderStep.objects.create(
        ladder=ladder, kind=step.kind + 1, during=half_open(on, on + USUAL), made_at=at
    )
    StepGoal.objects.bulk_create(
        StepGoal(step=following, measure=goal.measure, was=goal.reached, aim=goal.aim, during=following.during)
        for goal in step.goals.order_by("pk")
    )
    return ladder


def _refuse_grounds(step: LadderStep, on: date) -> None:
    grounds = grounds_against(step, on=on)
    if grounds:
        raise Refused(" ".join(ground.sentence for ground in grounds))


def _complete(step: LadderStep, is_met: bool, words: str, *, by: User, at: datetime, on: date) -> None:
    """Freeze what was reached; from here the step stays as it is."""
    for line in goal_lines(step, on=on, organisation=Organisation.get()):
        StepGoal.objects.filter(pk=line.goal.pk).update(reached=line.reached)
    step.state, step.finished_at, step.is_met, step.result = State.COMPLETE, at, is_met, words[:500]
    step.save(update_fields=["state", "finished_at", "is_met", "result"])
    _note(step, What.COMPLETED, "Goals met" if is_met else "Goals not met", by=by, at=at)
    _done([f"{ON_STEP}:{step.pk}"], at)
    tell(step.ladder.person, f"Your step “{step}” is complete.", _link(step.ladder), at)


def _close(ladder: Ladder, outcome: str, words: str, *, by: User, at: datetime) -> None:
    ladder.closed_at, ladder.outcome, ladder.closing = at, outcome, words[:500]
    ladder.save(update_fields=["closed_at", "outcome", "closing"])
    LadderEvent.objects.create(ladder=ladder, kind=What.CLOSED, text=ladder.get_outcome_display(), by=by, at=at)
    steps = list(ladder.steps.values_list("pk", flat=True))
    promises = StepSupport.objects.filter(step__in=steps).values_list("pk", flat=True)
    of_steps = (f"{what}:{pk}" for pk in steps for what in (ON_STEP, TO_READ, TO_ANSWER, TO_WITNESS))
    _done([*of_steps, *(f"{OF_SUPPORT}:{pk}" for pk in promises)], at)


@transaction.atomic
def withdraw_ladder(*, ladder: Ladder, reason: str, by: User, at: datetime) -> Ladder:
    """It should not have been opened, or its ground is gone: closed, with the reason, and nothing held against them."""
    step = _lock(current_step(ladder))
    _must_lead(by, step.ladder.person)
    words = _said(reason, "Say in a sentence why it is taken back.", "reason")
    _take_back_decision(step)
    _close(step.ladder, Ladder.Outcome.WITHDRAWN, words, by=by, at=at)
    tell(step.ladder.person, "A ladder about you was taken back.", _link(step.ladder), at, must=True)
    return step.ladder


def _take_back_decision(step: LadderStep) -> None:
    """What waits for HR waits no longer; who proposed it and why stays to be read."""
    waiting = LadderDecision.objects.filter(step=step, state=LadderDecision.State.PROPOSED)
    for decision in waiting.select_related("decided_by"):
        decision.state = LadderDecision.State.WITHDRAWN
        decision.save(update_fields=["state"])


@transaction.atomic
def close_ladder_of_leaver(*, ladder: Ladder, by: User, at: datetime, on: date) -> Ladder:
    """Its person has left: it ends, with nothing said about whether the goals would have been met.

    HR does it, or somebody up the line: nobody is left on a ladder that nobody may close.
    """
    step = _lock(current_step(ladder))
    person = step.ladder.person
    access = access_of(by)
    is_hr = access.role == Role.HR and access.person_id != person.pk
    if not is_hr:
        _must_lead(by, person)
    if person.left_on is None or person.left_on > on:
        raise Refused(f"{person.name} has not left: go on, or take the ladder back.")
    _left(step, by=by, at=at)
    return step.ladder


def _left(step: LadderStep, *, by: User, at: datetime) -> None:
    _take_back_decision(step)
    _close(step.ladder, Ladder.Outcome.LEFT, f"{step.ladder.person.name} left.", by=by, at=at)


@transaction.atomic
def move_ladder_tasks(*, on: date) -> int:
    """What is to be talked about goes to who leads the person today; answers how many tasks. No ladder changes."""
    tasks = {
        int(task.reason.rpartition(":")[2]): task
        for task in Task.objects.select_for_update().filter(
            source="ladder", reason__startswith=f"{ON_STEP}:", done_at=None
        )
    }
    moved = 0
    for step in LadderStep.objects.filter(pk__in=tasks).select_related("ladder__person"):
        coach, task = manager_of(step.ladder.person, on), tasks[step.pk]
        if coach is not None and coach.pk != task.owner_id:
            task.owner, task.version = coach, task.version + 1
            task.save(update_fields=["owner", "version"])
            moved += 1
    return moved


# ── Deciding ────────────────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def propose_decision(
    *,
    step: LadderStep,
    outcome: str,
    reason: str,
    by: User,
    at: datetime,
    on: date,
    until: date | None = None,
    edition: int | None = None,
) -> LadderDecision:
    """How it is to end, by somebody up the line who doesn't coach the person. It holds once HR consents."""
    step = _lock(step, edition)
    why_not = why_not_decide(by, access_of(by), step.ladder, on)
    if why_not:
        raise Refused(why_not)
    _refuse_decision(step, outcome, on)
    words = _said(reason, "Give your reasons.", "reason")
    if outcome == LadderDecision.Outcome.EXTENDED:
        if until is None or until <= max(step.last_day, on):
            raise Refused("Say until when, after the present last day.", field="until")
        _days(step.starts_on, until)
    elif until is not None:
        raise Refused("A new last day goes with “Extended” only.", field="until")
    if step.decisions.filter(state=LadderDecision.State.PROPOSED).exists():
        raise Refused("A decision is waiting for HR already.")
    made = LadderDecision.objects.create(
        step=step, outcome=outcome, reason=words, until=until, decided_by=by, decided_at=at
    )
    _note(step, What.PROPOSED, "", by=by, at=at)  # which, the person reads once HR has answered
    _ask_hr(step, "Answer a decision", TO_ANSWER, at, on, but=by)
    return made


def _refuse_decision(step: LadderStep, outcome: str, on: date) -> None:
    if outcome not in LadderDecision.Outcome.values:
        raise Refused("Goals met, extended, role changed or ended.", field="outcome")
    if step.kind != Kind.DECISION:
        raise Refused("Nothing is decided before the improvement plan is complete.")
    if step.is_draft:
        raise Refused(f"Publish this step first: {step.ladder.person.name} is heard before anything is decided.")
    if outcome in {LadderDecision.Outcome.ROLE_CHANGED, LadderDecision.Outcome.ENDED}:
        _refuse_grounds(step, on)


@transaction.atomic
def answer_decision(
    *, decision: LadderDecision, consents: bool, by: User, at: datetime, on: date, answer: str = ""
) -> LadderDecision:
    """HR consents, and the decision holds at once; or does not, with the reason."""
    step = _lock(decision.step)
    decision = LadderDecision.objects.select_related("decided_by").get(pk=decision.pk)
    access, person = access_of(by), step.ladder.person
    if access.role != Role.HR or access.person_id == person.pk:
        raise Refused("Only HR consents to a decision, and nobody to one about themselves.")
    if by.pk == decision.decided_by_id or access.person_id == getattr(manager_of(person, on), "pk", None):
        raise Refused("Somebody else in HR consents: nobody agrees with themselves.")
    if decision.state != LadderDecision.State.PROPOSED:
        raise Refused(f"HR has answered this already: {decision.get_state_display().lower()}.")
    if not consents:
        words = _said(answer, "Say why HR does not consent.", "answer")
        _answered(decision, LadderDecision.State.WITHHELD, words, by=by, at=at)
        decider = getattr(decision.decided_by, "person", None)
        if decider is not None:
            tell(decider, "HR does not consent to a decision.", _link(step.ladder), at)
        return decision
    # Since it was proposed people may have moved, and grounds may have come.
    why_not = why_not_decide(decision.decided_by, access_of(decision.decided_by), step.ladder, on)
    if why_not:
        raise Refused(f"The decision can't stand any more. {why_not}")
    _refuse_decision(step, decision.outcome, on)
    if decision.until is not None and decision.until <= on:
        raise Refused(f"The new last day, {decision.until:%-d %b %Y}, has passed: have a later one proposed.")
    _answered(decision, LadderDecision.State.CONSENTED, answer.strip(), by=by, at=at)
    if decision.outcome == LadderDecision.Outcome.EXTENDED:
        assert decision.until is not None
        _extend(step, decision.until, "By decision", by=by, at=at)
    else:
        _complete(step, decision.outcome == LadderDecision.Outcome.MET, decision.get_outcome_display(),
                  by=by, at=at, on=on)  # fmt: skip
        _close(step.ladder, decision.outcome, decision.get_outcome_display(), by=by, at=at)
        if decision.outcome == LadderDecision.Outcome.ENDED:
            _ask_hr(step, "Hold an exit interview", TO_INTERVIEW, at, on, link=EXITS)
    return decision


def _answered(decision: LadderDecision, state: str, words: str, *, by: User, at: datetime) -> None:
    decision.state, decision.answered_by, decision.answered_at, decision.answer = state, by, at, words[:500]
    decision.save(update_fields=["state", "answered_by", "answered_at", "answer"])
    said = f"{decision.get_outcome_display()}: {decision.get_state_display()}"
    _note(decision.step, What.ANSWERED, said, by=by, at=at)
    _done([f"{TO_ANSWER}:{decision.step_id}"], at)


# ── Exits ───────────────────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def record_exit(
    *,
    person: Person,
    left_on: date,
    reason: str,
    by: User,
    at: datetime,
    interviewed_on: date | None = None,
    interview: str = "",
    lesson: str = "",
    would_return: bool | None = None,
) -> Exit:
    """Why somebody left and what the interview taught, as HR heard it. An open ladder of a leaver ends with it."""
    _must_hear_exits(by, person)
    _refuse_exit(reason, interviewed_on, at)
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    if Exit.objects.filter(person=person).exists():
        raise Refused(f"The exit of {person.name} is recorded already: correct that one.", field="person")
    standing = Ladder.objects.open().filter(person=person).first()
    if standing is not None and person.left_on is not None and person.left_on <= day_of(at):
        _left(_lock(current_step(standing)), by=by, at=at)
    steps = LadderStep.objects.filter(ladder__person=person).values_list("pk", flat=True)
    _done([f"{TO_INTERVIEW}:{pk}" for pk in steps], at)
    ended = Ladder.objects.filter(person=person, outcome__in=[Ladder.Outcome.ENDED, Ladder.Outcome.LEFT])
    return Exit.objects.create(
        person=person, ladder=ended.order_by("pk").last(), left_on=left_on, reason=reason,
        interviewed_on=interviewed_on, interview=interview.strip(), lesson=lesson.strip(), would_return=would_return,
        at=at, by=by,
    )  # fmt: skip


@transaction.atomic
def correct_exit(*, record: Exit, by: User, at: datetime, version: int, **said: Any) -> Exit:
    """What HR heard, put right: only what is said anew changes, on what was read."""
    found = Exit.objects.select_for_update(of=["self"]).select_related("person").get(pk=record.pk)
    _must_hear_exits(by, found.person)
    if found.version != version:
        raise Stale("Somebody changed this meanwhile; look at it again.")
    if unknown := set(said) - set(CORRECTED):
        raise Refused(f"{min(unknown)} of an exit stays as it is.")
    for name, value in said.items():
        setattr(found, name, value.strip() if isinstance(value, str) else value)
    _refuse_exit(found.reason, found.interviewed_on, at)
    found.at, found.by, found.version = at, by, found.version + 1
    found.save(update_fields=[*said, "at", "by", "version"])
    return found


CORRECTED = ("left_on", "reason", "interviewed_on", "interview", "lesson", "would_return")


def _must_hear_exits(by: User, person: Person) -> None:
    access = access_of(by)
    if access.role != Role.HR or access.person_id == person.pk:
        raise Refused("HR records why somebody left, and nobody their own exit.")


def _refuse_exit(reason: str, interviewed_on: date | None, at: datetime) -> None:
    if reason not in Exit.Reason.values:
        raise Refused(f"“{reason[:30]}” is no reason of the list.", field="reason")
    if interviewed_on is not None and interviewed_on > day_of(at):
        raise Refused("The interview is yet to come; record it afterwards.", field="interviewed_on")


# ── Erasure ─────────────────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def forget_ladders(*, person: Person) -> Forgotten:
    """Blank what was written about somebody who is erased; that it was, when and with which outcome stays."""
    forgotten = Forgotten()
    if Ladder.objects.open().filter(person=person).exists():
        raise Refused(f"A ladder of {person} is open: close it first, then erase.")
    mine = Ladder.objects.filter(person=person)
    forgotten.blank(mine, reason="Erased", closing="")
    forgotten.blank(LadderStep.objects.filter(ladder__in=mine), text="", result="")
    forgotten.blank(StepSupport.objects.filter(step__ladder__in=mine), text="Erased")
    forgotten.blank(StepReading.objects.filter(step__ladder__in=mine), comment="")
    forgotten.blank(LadderDecision.objects.filter(step__ladder__in=mine), reason="Erased", answer="")
    forgotten.blank(LadderEvent.objects.filter(ladder__in=mine), text="")
    forgotten.blank(Exit.objects.filter(person=person), interview="", lesson="")
    return forgotten
