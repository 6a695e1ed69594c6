"""Writes cases at every stage: one in diagnosis with its department asked, one raised by the person, past ones."""

from datetime import date, datetime, timedelta

import numpy as np
from django.db import transaction

from coaching.models import Case, CaseChange, CaseStatement, DiagnosisStep, Question, Step
from coaching.selectors import evidence_of
from sales.models import Task
from teams.models import Leadership, Person, Posting, Role, User

from .loading import Moments
from .organisation import ZONE

PAST = (  # cause, whether the whole team's, outcome, what it was about, why it was ruled in, what came of it
    ("delivery", True, "elsewhere", "Orders lost after late deliveries",
     "Nine of twenty orders came late in both teams.",
     "Production has taken a second shift until spring."),
    ("training", False, "improved", "Gateways are offered and not bought",
     "No course on gateways; half of them lost.",
     "Course passed; two gateways sold since."),
    ("price", True, "elsewhere", "Discounts twice as high as last year", "All of the team lose on price since June.",
     "The new price list came in October."),
    ("training", False, "solved", "First meetings without a budget", "Discovery rated 2 of 5 by both.",
     "Six of eight first meetings name a budget now."),
    ("marketing", True, "improved", "Half as many enquiries", "Leads of the fair went to another region.",
     "Leads are assigned by postcode again."),
    ("person", False, "improved", "Fewer visits than agreed", "Visits fell from nine to four a week; others' did not.",
     "Two mornings a week are kept free for visits."),
)  # fmt: skip
RULED_OUT = {
    "product": "Lost reasons name the product as rarely as before.",
    "price": "Discounts are where they were; no more deals lost on price than elsewhere.",
}


@transaction.atomic
def write_diagnoses(*, seed: int, today: date) -> None:
    """After flags, talks and courses. Nothing that is counted changes: cases alone."""
    random = np.random.default_rng([seed, today.toordinal(), 6])
    moments = Moments(today, ZONE, earliest=-400, latest=60)
    _write_open(moments, today)
    _write_raised(moments, today)
    _write_past(random, moments, today)


def _write_open(moments: Moments, today: date) -> None:
    """Product and price ruled out with their figures, the view of the person heard, delivery asked."""
    case = Case.objects.open().filter(person__external_id="E-103").select_related("person", "owner__user").first()
    if case is None or case.owner.user is None:
        return
    by, found = case.owner.user, evidence_of(person=case.person, as_of=today)
    for place, (step, reason) in enumerate(RULED_OUT.items()):
        at = moments.moment(-1, 700 + 5 * place)
        DiagnosisStep.objects.create(
            case=case, step=step, is_in=False, reason=reason, evidence=found[Step(step)].as_json(), ruled_at=at,
            ruled_by=by, is_team_wide=found[Step(step)].is_team_wide,
        )  # fmt: skip
        _note(case, at, by, f"{Step(step).label} ruled out")
    at = moments.moment(-1, 720)
    Question.objects.create(
        case=case, step=Step.DELIVERY, department="delivery", asked_at=at, asked_by=case.owner,
        due_on=today + timedelta(days=3),
        text="How many orders of measuring systems left later than promised since July, and will that go on?",
    )  # fmt: skip
    _note(case, at, by, "Delivery asked")
    CaseStatement.objects.create(
        case=case, person=case.person, at=moments.moment(-1, 800),
        text="Since the fair everybody asks for the small meters first. I would like to join a visit on large systems.",
    )  # fmt: skip
    Case.objects.filter(pk=case.pk).update(version=4, raised_by=case.owner, team_id=_team_of(case.person, today))


def _write_raised(moments: Moments, today: date) -> None:
    """Somebody lacks a tool and says so."""
    person = Person.objects.filter(external_id="E-101").select_related("user").first()
    owner = Person.objects.filter(external_id="E-100").first()
    if person is None or owner is None:
        return
    at, due = moments.moment(-2, 990), today + timedelta(days=12)
    case = Case.objects.create(
        person=person, owner=owner, raised_by=person, source=Case.Source.PERSON, ask=Case.Ask.TOOL, opened_at=at,
        subject="No demo case for the Ex version: three customers wait for a demonstration", due_on=due,
        team_id=_team_of(person, today),
    )  # fmt: skip
    _note(case, at, person.user, f"Opened, due {due:%d %b %Y}")
    Task.objects.create(owner=owner, text="Close a case", due_on=due, source="case", link=f"/cases/{case.pk}/")


def _write_past(random: np.random.Generator, moments: Moments, today: date) -> None:
    """Cases of the past year, with their causes."""
    leads = {seat.team_id: seat.person for seat in Leadership.objects.on(today).select_related("person__user")}
    postings = Posting.objects.on(today).filter(role=Role.REP).select_related("person").order_by("person__external_id")
    postings = postings.exclude(person__ladders__isnull=False)  # theirs found what the ladder is about
    posted = [one for one in postings if one.team_id in leads and one.person.external_id not in {"E-101", "E-103"}]
    for place, posting in enumerate(posted[:30]):
        cause, is_wide, outcome, subject, reason, result = PAST[place % len(PAST)]
        owner, back = leads[posting.team_id], 45 + 9 * place
        opened, closed = moments.moment(-back, 600), moments.moment(-back + 18, 930)
        case = Case.objects.create(
            person=posting.person, owner=owner, raised_by=owner, source=Case.Source.MANAGER, subject=subject,
            at_stake=int(random.integers(4, 40)) * 1000, opened_at=opened, due_on=today - timedelta(days=back - 14),
            state=Case.State.CLOSED, closed_at=closed, cause=cause, is_team_wide=is_wide, outcome=outcome,
            result=result, team_id=posting.team_id,
        )  # fmt: skip
        DiagnosisStep.objects.create(
            case=case, step=cause, is_in=True, is_team_wide=is_wide, reason=reason, ruled_at=closed, ruled_by=owner.user
        )
        _note(case, opened, owner.user, "Opened")
        _note(case, closed, owner.user, f"Closed, {Case.Outcome(outcome).label.lower()}")


def _team_of(person: Person, today: date) -> int | None:
    return Posting.objects.on(today).filter(person=person).values_list("team_id", flat=True).first()


def _note(case: Case, at: datetime, by: User | None, what: str) -> None:
    CaseChange.objects.create(case=case, at=at, by=by, what=what)
