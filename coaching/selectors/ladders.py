"""Questions about ladders: who may do what, what speaks against going on, how leave moves dates, what was reached."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from django.db.models import Prefetch, Q, QuerySet, Sum

from coaching.models import (
    ActionItem,
    Case,
    CoachingPlan,
    DiagnosisStep,
    Dispute,
    Enrolment,
    Exit,
    Ladder,
    LadderDecision,
    LadderEvent,
    LadderQuerySet,
    LadderStep,
    Party,
    Step,
    StepGoal,
    StepPause,
    StepReading,
    StepSupport,
    may_lead,
)
from performance.selectors import Measure, Scope, catalogue, figures, measures_of
from salesmgmt.lib import clock
from salesmgmt.lib.groups import SMALLEST_GROUP
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import Dated
from targets.models import Plan, QuotaEntry
from targets.selectors import AMBITIOUS, chance_of, due_entries, figures_of
from targets.selectors.entries import differences, lines_that_follow, stated_entries
from targets.selectors.responses import last_told, standings
from teams.models import Access, Leadership, Leave, Organisation, Person, Posting, Role, Showing, User, access_of
from teams.selectors import hidden_of, manager_of, presence, team_on

from .diagnosis import has_open_diagnosis
from .disputes import open_disputes_about

Kind, State = LadderStep.Kind, LadderStep.State
DAYS_TO_READ = 5  # working days
THEIRS = {Step.TRAINING, Step.PERSON}  # causes that a ladder can do something about
GOAL_UNITS = ("money", "count", "ratio", "days")
NO_GOALS = {"quota", "expected"}
FOUND_WITHIN = timedelta(days=183)  # before a ladder was opened: what an older case found has been dealt with
WRITES = {  # who did one of these has made or judged the steps
    LadderEvent.Kind.OPENED, LadderEvent.Kind.PUBLISHED, LadderEvent.Kind.CHANGED, LadderEvent.Kind.EXTENDED,
    LadderEvent.Kind.COMPLETED,
}  # fmt: skip
TIED = ("owner", "enrolment__course", "coaching_plan")  # what says whether support was given
MOVES = {LadderEvent.Kind.PUBLISHED, LadderEvent.Kind.CHANGED, LadderEvent.Kind.PAUSED, LadderEvent.Kind.EXTENDED}


# ── Reading ─────────────────────────────────────────────────────────────────────────────────────────────────────


def ladders_of(user: User) -> LadderQuerySet:
    steps = Prefetch("steps", LadderStep.objects.order_by("kind"))
    return Ladder.objects.visible_to(user).select_related("person").prefetch_related(steps)


def ladders_with_story(user: User) -> LadderQuerySet:
    """Each with what happened on it, in the order it happened."""
    events = LadderEvent.objects.select_related("by__person").order_by("at", "pk")
    return ladders_of(user).prefetch_related(Prefetch("events", events))


def ladder_with_parts(user: User) -> QuerySet[Ladder]:
    """A ladder with everything on it: a fixed number of queries."""
    steps = LadderStep.objects.order_by("kind").prefetch_related(
        Prefetch("goals", StepGoal.objects.order_by("pk")),
        Prefetch("support", StepSupport.objects.select_related(*TIED).order_by("due_on", "pk")),
        Prefetch("readings", StepReading.objects.order_by("edition")),
        Prefetch("pauses"),
        Prefetch("decisions", LadderDecision.objects.select_related("decided_by", "answered_by").order_by("pk")),
    )
    events = LadderEvent.objects.select_related("by__person", "step").order_by("at", "pk")
    return (
        Ladder.objects.visible_to(user)
        .select_related("person", "case")
        .prefetch_related(Prefetch("steps", steps), Prefetch("events", events))
    )


def current_step(ladder: Ladder) -> LadderStep:
    """The one it stands on, or ended on."""
    return max(ladder.steps.all(), key=lambda step: step.kind)


def status_of(step: LadderStep, on: date) -> str:
    """Where a step is, in one word."""
    if step.state in {State.PUBLISHED, State.ACKNOWLEDGED}:
        if any(on in pause for pause in step.pauses.all()):
            return "Paused"
        moves = [event.kind for event in step.events.all() if event.kind in MOVES]
        if step.state == State.PUBLISHED and moves and moves[-1] == LadderEvent.Kind.EXTENDED:
            return "Extended"
    return str(step.get_state_display())


def leaders_above(person: Person, on: date) -> QuerySet[Person]:
    """Everybody who leads the person's team or one above on a day."""
    team = team_on(person, on)
    led = Leadership.objects.on(on).filter(team__in=team.path if team else [])
    return Person.objects.active(on).filter(pk__in=led.values("person")).exclude(pk=person.pk)


def helpers_of(step: LadderStep, on: date) -> QuerySet[Person]:
    """Who may promise support: those above the person; HR too, once it is about an improvement plan."""
    who = Q(pk__in=leaders_above(step.ladder.person, on).values("pk"))
    if step.kind >= Kind.IMPROVEMENT:
        who |= Q(pk__in=Posting.objects.on(on).filter(role=Role.HR).values("person"))
    return Person.objects.active(on).filter(who).exclude(pk=step.ladder.person_id).order_by("name", "pk")


def courses_to_promise(person: Person) -> QuerySet[Enrolment]:
    """Courses somebody has been given and not passed."""
    return Enrolment.objects.open().filter(person=person).select_related("course", "person").order_by("due_on", "pk")


def plans_to_promise(person: Person, on: date) -> QuerySet[CoachingPlan]:
    """Help that is planned for somebody and not over."""
    return CoachingPlan.objects.standing().filter(person=person, until__gt=on).order_by("starts_on", "pk")


def why_not_decide(user: User, access: Access, ladder: Ladder, on: date) -> str:
    """Why somebody may not decide or bear witness; empty: they may. Up the line, and never the person's own coach.

    Where everybody above coaches the person or has a hand in the steps, somebody of HR does it, and another consents.
    """
    person = ladder.person
    if access.role == Role.HR and access.person_id != person.pk and not others_above(ladder, on):
        return ""
    if not may_lead(access, person):
        return f"Only somebody up the line of {person.name} does this."
    coach = manager_of(person, on)
    wrote = ladder.events.filter(by=user, kind__in=WRITES).exists()
    if wrote or (coach is not None and coach.pk == access.person_id):
        return f"Whoever coaches {person.name} or wrote the steps stays out of this: ask the next one up the line."
    return ""


def others_above(ladder: Ladder, on: date) -> bool:
    """Whether there is anybody up the line who neither coaches the person nor wrote the steps."""
    wrote = ladder.events.filter(kind__in=WRITES, by__isnull=False).values("by")
    coach = manager_of(ladder.person, on)
    posted = Posting.objects.on(on).filter(role=Role.EXECUTIVE).values("person")
    able = Person.objects.active(on).filter(
        Q(pk__in=posted) | Q(pk__in=leaders_above(ladder.person, on).values("pk")), user__is_active=True
    )
    able = able.exclude(pk__in=[ladder.person_id, coach.pk if coach else 0]).exclude(user__in=wrote)
    return any(may_lead(access_of(one.user), ladder.person) for one in able.select_related("user") if one.user)


def why_not_witness(user: User, access: Access, step: LadderStep, on: date) -> str:
    """Why somebody may not note that the person has been given the step and doesn't answer; empty: they may.

    HR or somebody up the line, never the coach, and not before the person had five working days for it.
    """
    ladder = step.ladder
    is_hr = access.role == Role.HR and access.person_id != ladder.person_id
    if not is_hr and (why_not := why_not_decide(user, access, ladder, on)):
        return why_not
    if not step.waits_for_reading:
        return "Nothing waits to be read."
    if not had_days_to_read(step, on):
        return f"{ladder.person.name} has {DAYS_TO_READ} working days to read it; wait for these."
    return ""


def had_days_to_read(step: LadderStep, on: date) -> bool:
    """Whether the person has worked five days since the step was given to them as it stands."""
    asked = step.events.filter(kind__in=MOVES).order_by("at", "pk").last()
    since = clock.day_of(asked.at, Organisation.get().time_zone) if asked else on
    return worked_days(step.ladder.person, since, on) >= DAYS_TO_READ


def why_not_confirm(access: Access, support: StepSupport, on: date) -> str:
    """Why somebody may not say that support came after all; empty: they may.

    The person has the word. Where they don't answer for five working days after it was said to be given, HR may
    bear witness, unless HR promised it; never who leads them.
    """
    person = support.step.ladder.person
    if access.person_id == person.pk:
        return ""
    if access.role != Role.HR or access.person_id == support.owner_id:
        return f"Only {person.name} says that it came, or HR where they don't answer."
    said = max(moment for moment in (support.given_at, support.denied_at) if moment is not None)
    if worked_days(person, clock.day_of(said, Organisation.get().time_zone), on) < DAYS_TO_READ:
        return f"{person.name} has {DAYS_TO_READ} working days to say whether it came; wait for these."
    return ""


def worked_days(person: Person, since: date, on: date) -> int:
    """How many days somebody has worked after a day, up to another: leave and holidays left out."""
    if on <= since:
        return 0
    found = presence(person_ids=[person.pk], start=since + timedelta(days=1), end=on + timedelta(days=1))
    return int((~found[person.pk].away).sum())


# ── What speaks against going on ────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Ground:
    """Why a ladder may not go on, in a sentence that says what to do, and where."""

    key: str
    sentence: str
    link: str = ""
    pause: "PauseDue | None" = None


def grounds_against(step: LadderStep, *, on: date) -> list[Ground]:
    """Everything that speaks against going on from a step; asked anew each time, nothing of it is stored.

    What happened in the steps before counts too, also what came to be known only since.
    """
    person, since = step.ladder.person, judged_since(step)
    return [
        *_reading(step, person),
        *_met(step, on),
        *_dates(step, person, on),
        *_leave(step, person, since),
        *_target(step, person, on, since),
        *_support(step, person, on),
        *(diagnosis_grounds(step.ladder, person) or _asked_again(step, person)),
        *_dispute(step, person, on, since),
    ]


def judged_since(step: LadderStep) -> date:
    """The first day that a ladder judges: of its first step, or of a goal that began before."""
    goals = StepGoal.objects.filter(step__ladder=step.ladder_id).order_by("during").values_list("during", flat=True)
    first = goals.first()
    days = [step.starts_on, *(one.starts_on for one in step.ladder.steps.all())]
    return min([*days, first.lower] if first is not None else days)


def away_until(person: Person, on: date) -> date | None:
    """The first day back of somebody who is away, whatever the kind of their leave."""
    leave = Leave.objects.on(on).filter(person=person).first()
    return leave.until if leave else None


def _reading(step: LadderStep, person: Person) -> list[Ground]:
    if step.is_draft:
        return [Ground("acknowledged", f"The step is a draft: publish it, so that {person.name} can read it.")]
    if step.waits_for_reading:
        sentence = f"{person.name} has not acknowledged the step as it stands: ask them to read it and to answer."
        return [Ground("acknowledged", sentence)]
    return []


def _met(step: LadderStep, on: date) -> list[Ground]:
    lines = goal_lines(step, on=on, organisation=Organisation.get())
    if lines and on > step.last_day and all(line.is_met for line in lines):
        return [Ground("met", "All goals were reached: finish the step as met.")]
    return []


def _dates(step: LadderStep, person: Person, on: date) -> list[Ground]:
    found = []
    back = away_until(person, on)
    if back is not None:
        found.append(Ground("away", f"{person.name} is away until {back:%-d %b %Y}: nothing moves meanwhile."))
    if on <= step.last_day:
        sentence = f"The step runs until {step.last_day:%-d %b %Y}: judge it on the day after, or finish it as met."
        found.append(Ground("date", sentence))
    return found


def _leave(step: LadderStep, person: Person, since: date) -> list[Ground]:
    assert step.until is not None
    if not Leave.objects.overlapping(since, step.until).filter(person=person).exists():
        return []
    found = []
    lines = [line for line in lines_that_follow([person.pk]) if line.start < step.until and since < line.end]
    missing = differences(due_entries(lines), stated_entries(lines))
    if any(key.kind == QuotaEntry.Kind.LEAVE for key in missing):
        sentence = f"{person.name}'s quota doesn't count their leave yet: confirm the proposed change of quota."
        found.append(Ground("leave", sentence, "/quotas/changes/"))
    for one in pauses_due(step):
        span = f"{one.start:%-d %b}" if one.start == one.last else f"{one.start:%-d %b} to {one.last:%-d %b %Y}"
        sentence = f"Leave ({span}) is not counted in the dates: pause the step, it then ends {one.ends:%-d %b %Y}."
        found.append(Ground("leave", sentence, pause=one))
    return found


def _target(step: LadderStep, person: Person, on: date, since: date) -> list[Ground]:
    """Wrong or unexplained: never told, objected to, changed unannounced, beyond what the past can bring.

    Judged by the original quota after all its entries; what was redistributed never counts against anybody (R8).
    """
    assert step.until is not None
    plans = list(
        Plan.objects.overlapping(since, step.until)
        .filter(published_at__isnull=False, allocations__person=person)
        .order_by("during", "pk")
        .distinct()
    )
    found = []
    entries = QuotaEntry.objects.overlapping(since, step.until).filter(person=person)
    sums = entries.exclude(kind=QuotaEntry.Kind.REDISTRIBUTION).values_list("measure", "during")
    for measure, during, total in sums.annotate(total=Sum("reporting_amount")).order_by("during", "measure"):
        told = any(
            plan.measure == measure and plan.starts_on <= during.lower and during.upper <= plan.until for plan in plans
        )
        if total and not told:
            span = f"{during.lower:%-d %b} to {during.upper - timedelta(days=1):%-d %b %Y}"
            sentence = f"The quota of {person.name} for {span} was never explained: publish it in a plan with letters."
            found.append(Ground("target", sentence, "/quotas/"))
    for plan in plans:
        letter = f"/plans/{plan.pk}/letters/{person.pk}/"
        figure = figures_of(plan, [person.pk]).get(person.pk, Decimal(0))
        said = standings(plan, [person.pk], as_of=on)[person.pk]
        if said.needs_an_answer:
            sentence = f"{person.name} objects to the figure of {plan.name} and waits: answer the objection first."
            found.append(Ground("target", sentence, letter))
        if last_told(plan, [person.pk]).get(person.pk, Decimal(0)) != figure:
            sentence = f"The figure of {plan.name} was changed and never announced: announce the change first."
            found.append(Ground("target", sentence, letter))
        chance = chance_of(plan, person.pk, figure) if figure else None
        if chance is not None and chance < AMBITIOUS:
            sentence = (
                f"The figure of {plan.name} was beyond past results from the start: "
                "change it to one that is ambitious yet achievable, and announce it."
            )
            days = {on, plan.starts_on}
            if hidden_of(Showing.CHANCES, [person.pk], days=days, organisation=Organisation.get()):
                sentence = f"The figure of {plan.name} is to be explained first: ask operations."
            found.append(Ground("target", sentence, letter))
    return found


def _support(step: LadderStep, person: Person, on: date) -> list[Ground]:
    """Promises on the ladder, and those of whoever else owes this person something.

    What was only just said to be given is nothing that the person has had the days to deny.
    """
    zone = Organisation.get().time_zone
    promised = StepSupport.objects.filter(step__ladder=step.ladder_id, due_on__lte=on, waived_at=None)
    found = []
    for one in promised.select_related(*TIED).order_by("due_on", "pk"):
        lacks = one.lacks_on(on) if one.confirmed_at is None else ""
        if lacks:
            sentence = f"What {one.owner.name} promised for {one.due_on:%-d %b %Y} is not given: {lacks}."
            found.append(Ground("support", sentence))
        elif not one.is_kept:
            due = f"{one.due_on:%-d %b %Y}"
            sentence = f"{one.owner.name} has not given what was promised for {due}: give it first."
            if one.denied_at is not None:
                sentence = f"{person.name} says that {one.owner.name} has not given what was promised for {due}."
            found.append(Ground("support", sentence))
        elif one.confirmed_at is None and one.given_at is not None:
            given = clock.day_of(one.given_at, zone)
            if worked_days(person, given, on) < DAYS_TO_READ:
                sentence = (
                    f"{one.owner.name} marked support as given on {given:%-d %b %Y}: "
                    f"{person.name} confirms it, or has {DAYS_TO_READ} working days to say that it did not come."
                )
                found.append(Ground("support", sentence))
    items = ActionItem.objects.filter(person=person, done_at=None, due_on__lt=on).exclude(owner=person)
    for item in items.select_related("owner").order_by("due_on", "pk"):
        sentence = f"A promise of {item.owner.name} to {person.name} is overdue since {item.due_on:%-d %b %Y}: keep it."
        found.append(Ground("support", sentence, "/one-on-ones/"))
    return found


def diagnosis_grounds(ladder: Ladder, person: Person) -> list[Ground]:
    """Open, never made, or concluded with a cause that is not the person's to improve.

    The latest conclusion about the person counts, and that of the linked case: who was found to lack nothing, or
    to lack what the team lacks, is not put on a ladder by an older finding.
    """
    cases = _cases_of(ladder, person)
    unclear = [one for one in cases if one.is_open and not _found_by(one)]
    if unclear or has_open_diagnosis(person):
        return [Ground("diagnosis", f"The diagnosis about {person.name} is open: conclude the case first.", "/cases/")]
    concluded = _concluded(cases)
    if not concluded:
        sentence = f"No case has found what {person.name} lacks: open one, and conclude its diagnosis first."
        return [Ground("diagnosis", sentence, "/cases/")]
    for one in (concluded[-1], *(one for one in concluded if one.pk == ladder.case_id)):
        causes = _found_by(one)
        if not any(cause in THEIRS and not is_team_wide for cause, is_team_wide in causes):
            labels = " and ".join(str(dict(Case.CAUSES)[cause]).lower() for cause, _ in causes)
            wide = " of the whole team" if causes and all(is_team_wide for _, is_team_wide in causes) else ""
            sentence = f"The case found another cause, {labels}{wide}: take the ladder back."
            return [Ground("diagnosis", sentence, f"/cases/{one.pk}/")]
    return []


def _asked_again(step: LadderStep, person: Person) -> list[Ground]:
    """Before a decision: what was lacking has been given since, so that it is asked anew whether it is the person."""
    if step.kind < Kind.IMPROVEMENT:
        return []
    training = next((one for one in step.ladder.steps.all() if one.kind == Kind.TRAINING), step)
    since = training.finished_at or step.ladder.opened_at
    latest = _concluded(_cases_of(step.ladder, person))[-1]
    if _concluded_at(latest) >= since and (Step.PERSON, False) in _found_by(latest):
        return []
    sentence = (
        f"What a case found before the training is no reason to end it: conclude one about {person.name} that looks "
        "at everything once more, now that help was given."
    )
    return [Ground("diagnosis", sentence, "/cases/")]


def _cases_of(ladder: Ladder, person: Person) -> list[Case]:
    about = Q(person=person) & (Q(closed_at=None) | Q(closed_at__gte=ladder.opened_at - FOUND_WITHIN))
    return list(Case.objects.filter(about | Q(pk=ladder.case_id)).prefetch_related("steps").order_by("pk"))


def _concluded(cases: list[Case]) -> list[Case]:
    """Those that found something, the latest last."""
    found = [one for one in cases if (one.cause or one.is_open) and one.outcome != Case.Outcome.WITHDRAWN]
    return sorted(found, key=lambda one: (one.is_open, one.closed_at or one.opened_at, one.pk))


def _ruled_in(case: Case) -> list[DiagnosisStep]:
    return [one for one in case.steps.all() if one.is_in and one.reopened_at is None]


def _concluded_at(case: Case) -> datetime:
    return case.closed_at or max((one.ruled_at for one in _ruled_in(case)), default=case.opened_at)


def _found_by(case: Case) -> list[tuple[str, bool]]:
    """Which causes a case found, and whether of the whole team."""
    if case.is_open:
        return [(one.step, one.is_team_wide) for one in _ruled_in(case)]
    return [(case.cause, bool(case.is_team_wide))]


def may_open_ladder(access: Access, case: Case) -> bool:
    """Whether what a case has found is the person's to improve, and somebody may begin that with them."""
    theirs = any(cause in THEIRS and not is_team_wide for cause, is_team_wide in _found_by(case))
    return theirs and case.outcome != Case.Outcome.WITHDRAWN and may_lead(access, case.person)


def _dispute(step: LadderStep, person: Person, on: date, since: date) -> list[Ground]:
    """A dispute that touches what the ladder is about, said so that the line doesn't learn of it.

    About the quota the person is measured by or their territory; about the conduct of who leads them or wrote the
    ladder; about an order of the days that are judged. Whoever is merely one of many parties stops nothing.
    """
    mine = Q(opened_by=person)
    above = set(leaders_above(person, on).values_list("pk", flat=True))
    above |= set(LadderEvent.objects.filter(ladder=step.ladder_id).values_list("by__person", flat=True)) - {None}
    against = Party.objects.filter(person__in=above - {person.pk}).values("dispute")
    judged = Q(order__ordered_on__gte=since, order__ordered_on__lt=step.until)
    touching = (
        mine & Q(subject__in=[Dispute.Subject.QUOTA, Dispute.Subject.TERRITORY])
        | mine & Q(subject=Dispute.Subject.CONDUCT, pk__in=against)
        | Q(subject=Dispute.Subject.CREDIT) & judged
    )
    if not open_disputes_about(person=person).filter(touching).exists():
        return []
    return [Ground("hold", f"HR asks to wait: a matter that touches {person.name} is to be settled first.")]


# ── Leave moves the dates ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class PauseDue:
    """Leave that no pause counts: its days, the working days lost, and the last day of the standing step then."""

    start: date
    last: date
    days: int
    ends: date


def pauses_due(step: LadderStep) -> list[PauseDue]:
    """A pause for each leave that touches a step, or one before it, and is not counted yet."""
    assert step.until is not None
    person = step.ladder.person_id
    steps = [*(one for one in step.ladder.steps.all() if one.kind < step.kind), step]
    since = min(one.starts_on for one in steps)
    leaves = list(Leave.objects.overlapping(since, step.until).filter(person=person).order_by("during"))
    if not leaves:
        return []
    days = presence(person_ids=[person], start=since, end=step.until)[person].days

    def within(one: Dated) -> np.ndarray[Any, np.dtype[np.bool_]]:
        found: np.ndarray[Any, np.dtype[np.bool_]] = days >= np.datetime64(one.starts_on)
        return found & (days < np.datetime64(one.until))

    counted = np.zeros(len(days), dtype=np.bool_)
    for pause in StepPause.objects.filter(step__ladder=step.ladder_id):
        counted |= within(pause)
    found = []
    for one in steps:
        for leave in leaves:
            lost = within(leave) & within(one) & ~counted
            counted |= lost
            if lost.any():
                assert leave.until is not None
                start, last = days[lost][0].astype(date), days[lost][-1].astype(date)
                if one is step:
                    last = max(leave.until - timedelta(days=1), last)
                found.append(PauseDue(start, last, int(lost.sum()), later(step, int(lost.sum()), after=last)))
    return found


def later(step: LadderStep, lost: int, *, after: date) -> date:
    """The last day of a step that lost so many working days: as many are added behind its end, leave left out."""
    assert step.until is not None
    start = max(step.until, after + timedelta(days=1))
    person = step.ladder.person_id
    ahead = presence(person_ids=[person], start=start, end=start + timedelta(days=lost * 3 + 400))[person]
    free = ahead.days[~ahead.away]
    found: date = free[min(lost, len(free)) - 1].astype(date) if len(free) else start
    return found


def shifted(step: LadderStep, day: date, lost: int, *, after: date) -> date:
    """So many working days behind a day, or behind a leave that covers it."""
    start = max(day, after) + timedelta(days=1)
    person = step.ladder.person_id
    ahead = presence(person_ids=[person], start=start, end=start + timedelta(days=lost * 3 + 400))[person]
    free = ahead.days[~ahead.away]
    found: date = free[min(lost, len(free)) - 1].astype(date) if len(free) else day
    return found


# ── Goals ───────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class GoalLine:
    """A goal with its measure's name, and how far it is: as frozen, else as of today."""

    goal: StepGoal
    measure: Measure | None
    reached: Decimal | None

    @property
    def label(self) -> str:
        return self.measure.label if self.measure else self.goal.measure

    @property
    def unit(self) -> str:
        return self.measure.unit if self.measure else "count"

    @property
    def is_met(self) -> bool | None:
        if self.reached is None:
            return None
        falls = self.measure is not None and self.measure.better == "lower"
        return self.reached <= self.goal.aim if falls else self.reached >= self.goal.aim


def goal_measures() -> dict[str, Measure]:
    """What a goal may be set in: figures of the person's own doing that add up over days, never how they spend time."""
    return {
        key: one
        for key, one in catalogue().items()
        if one.unit in GOAL_UNITS and key not in NO_GOALS and not one.tells_time
    }


def goal_lines(step: LadderStep, *, on: date, organisation: Organisation) -> list[GoalLine]:
    """The goals of a step beside what was reached in their days."""
    lines = []
    for goal in step.goals.all():
        try:
            measure = measures_of([goal.measure])[goal.measure]
        except KeyError:  # no longer defined: what was frozen stands
            lines.append(GoalLine(goal, None, goal.reached))
            continue
        reached = goal.reached
        if not step.is_complete:
            reached = value_of(step.ladder.person, goal.measure, goal.starts_on, goal.until, on, organisation)
        lines.append(GoalLine(goal, measure, reached))
    return lines


def value_of(
    person: Person, measure: str, start: date, until: date | None, on: date, organisation: Organisation
) -> Decimal | None:
    """A person's figure in a range of days, up to a day; None before it began, and where it is not to be shown."""
    assert until is not None
    if on < start:
        return None
    days_shown = {start, min(on, until - timedelta(days=1))}
    hidden = hidden_of(Showing.SELLING_TIME, [person.pk], days=days_shown, organisation=organisation)
    if hidden and measures_of([measure])[measure].tells_time:
        return None
    days = Period(start, until, "month", f"{start:%Y-%m}", organisation.calendar)
    scope = Scope.person(person)
    found = figures(scope=scope, measures=[measure], period=days, as_of=on, organisation=organisation)[measure]
    return found.value


# ── Exits ───────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class ExitSums:
    """Why people left, added up; reasons of fewer than five people are told together, or not at all."""

    total: int
    reasons: Sequence[tuple[str, int]]
    others: int
    returning: int | None


def exits_of(user: User) -> QuerySet[Exit]:
    return Exit.objects.visible_to(user).select_related("person")


def leavers_of(user: User) -> QuerySet[Person]:
    """Whose exit a user may still record: HR, of who left or whose employment a ladder ended; never one's own."""
    access = access_of(user)
    if access.role != Role.HR:
        return Person.objects.none()
    gone = Q(left_on__isnull=False) | Q(ladders__outcome=Ladder.Outcome.ENDED)
    return Person.objects.present().filter(gone, exit=None).exclude(pk=access.person_id or 0).distinct()


def exit_sums(*, since: date) -> ExitSums | None:
    """None below five exits: who left could be told apart."""
    rows = list(Exit.objects.filter(left_on__gte=since).values_list("reason", "would_return"))
    if len(rows) < SMALLEST_GROUP:
        return None
    counts = Counter(reason for reason, _ in rows).most_common()
    hidden = [count for _, count in counts if count < SMALLEST_GROUP]
    shown = [(str(Exit.Reason(reason).label), count) for reason, count in counts if count >= SMALLEST_GROUP]
    while hidden and shown and (sum(hidden) < SMALLEST_GROUP or len(hidden) == 1):
        hidden.append(shown.pop()[1])  # or the one left out would be told by the total
    others = sum(hidden)
    said = [would for _, would in rows if would is not None]
    back = sum(said)
    told = len(said) >= SMALLEST_GROUP and SMALLEST_GROUP <= back <= len(said) - SMALLEST_GROUP
    return ExitSums(len(rows), shown, others, back if told else None)


def exit_lessons(*, since: date) -> list[str]:
    """What was learned, for the leadership: in no order of days, and none below five exits."""
    rows = Exit.objects.filter(left_on__gte=since)
    if rows.count() < SMALLEST_GROUP:
        return []
    return sorted(set(rows.exclude(lesson="").values_list("lesson", flat=True)))
