"""The diagnosis of a case: what each step's own data say, what was ruled, and what the figures speak for."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef
from django.db.models.functions import Coalesce
from django.urls import reverse

from coaching.analysis.diagnosis import LEAST, SIGNS, Facts, Look, Proposal, Support, propose
from coaching.models import Case, CaseStatement, DiagnosisStep, Question, Step
from performance.analysis.levers import Work
from performance.analysis.signals import Share
from performance.selectors.causes import LEVER_NAMES
from performance.selectors.figures import records_url
from performance.selectors.findings import Window, bounds_of_window
from performance.selectors.levers import REFERENCE, levers, looks
from performance.selectors.levers import Look as Seen
from performance.selectors.scope import Scope
from performance.selectors.signals import SIGNS as SHOWN
from performance.selectors.signals import Sign, shares
from sales.models import Lead
from sales.selectors.campaigns import with_reach
from salesmgmt.lib.clock import close_of
from salesmgmt.lib.groups import SMALLEST_GROUP
from teams.models import Organisation, Person, Posting, SkillRating, Team, User

from .courses import enrolments_of
from .skills import gaps

NEW = timedelta(days=180)  # a product is new for so long after its first deal
WEAK = 2  # of 5

OWN = {
    sign.key: sign
    for sign in (
        Sign("unfit", "marketing", "Leads that were none", "of decided leads were none"),
        Sign("reach", "marketing", "Leads outside the audience", "of campaign leads lie outside the audience"),
        Sign("untaught", "training", "New products: deals lost", "of decided deals on new products lost"),
    )
}
LABELS = {**SHOWN, **OWN}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a step rests on: shares now and in the year before, facts, and where the records are."""

    step: Step
    sentence: str
    is_team_wide: bool = False
    is_proposed: bool = False
    since: date | None = None
    until: date | None = None
    rows: Sequence[Mapping[str, Any]] = ()
    facts: Sequence[Mapping[str, Any]] = ()
    levers: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """As it is kept with a ruling, and shown."""
        return {
            "sentence": self.sentence,
            "is_team_wide": self.is_team_wide,
            "is_proposed": self.is_proposed,
            "since": self.since.isoformat() if self.since else None,
            "until": self.until.isoformat() if self.until else None,
            "rows": [dict(row) for row in self.rows],
            "facts": [dict(fact) for fact in self.facts],
            "levers": dict(self.levers),
        }


@dataclass(frozen=True, slots=True)
class Part:
    """A step as the page shows it: as it was ruled with what was known then, or as it looks today."""

    step: Step
    evidence: Mapping[str, Any]
    ruling: DiagnosisStep | None
    questions: Sequence[Question]
    is_next: bool


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All steps in their order, and what the figures speak for."""

    parts: Sequence[Part]
    proposal: str
    statements: Sequence[CaseStatement]

    @property
    def is_complete(self) -> bool:
        return all(part.ruling for part in self.parts)

    @property
    def has_rulings(self) -> bool:
        return any(part.ruling for part in self.parts)

    @property
    def next(self) -> Part | None:
        return next((part for part in self.parts if part.is_next), None)

    @property
    def ruled_in(self) -> list[Part]:
        return [part for part in self.parts if part.ruling and part.ruling.is_in]


def has_open_diagnosis(person: Person) -> bool:
    """Whether an open case about somebody has steps that nobody has ruled on."""
    standing = DiagnosisStep.objects.standing().filter(case=OuterRef("pk"), step=Step.PERSON)
    return Case.objects.open().filter(person=person).filter(~Exists(standing)).exists()


ASKED_OF = {
    Step.PRODUCT: [Team.Department.PRODUCT],
    Step.DELIVERY: [Team.Department.PRODUCTION, Team.Department.DELIVERY],
    Step.SERVICE: [Team.Department.SERVICE],
    Step.MARKETING: [Team.Department.MARKETING],
}


def unasked(case: Case, *, on: date) -> list[Step]:
    """Steps that a department of today could answer for, and that none was asked about."""
    posted = Posting.objects.on(on).filter(person__in=Person.objects.present().active(on)).exclude(person=case.person)
    here = set(posted.exclude(team__department="").values_list("team__department", flat=True))
    asked = set(Question.objects.filter(case=case).values_list("step", flat=True))
    return [step for step, of in ASKED_OF.items() if step not in asked and here & set(of)]


def diagnosis_of(*, case: Case, as_of: date) -> Diagnosis:
    """The steps of a case: those ruled on as they were, the others by what is known on a day."""
    ruled = {
        row.step: row for row in DiagnosisStep.objects.filter(case=case).standing().select_related("ruled_by__person")
    }
    asked: dict[str, list[Question]] = {}
    for question in Question.objects.filter(case=case).select_related("answered_by", "asked_by").order_by("asked_at"):
        asked.setdefault(question.step, []).append(question)
    is_live = case.is_open and len(ruled) < len(Step)
    facts, proposal = evidence_with_proposal(person=case.person, as_of=as_of) if is_live else ({}, "")
    following = next((step for step in Step if step not in ruled), None) if case.is_open else None
    parts = [
        Part(
            step,
            _shown(ruled[step].evidence if step in ruled else facts[step].as_json() if is_live else {}),
            ruled.get(step), asked.get(step, []), is_next=step == following,
        )
        for step in Step
    ]  # fmt: skip
    said = CaseStatement.objects.filter(case=case).select_related("person").order_by("at", "pk")
    return Diagnosis(parts, proposal, list(said))


def _shown(kept: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept as text becomes days and amounts again; of another shape (erased, brought in) it shows nothing."""
    if not isinstance(kept.get("rows"), list):
        return {}
    days = {name: date.fromisoformat(kept[name]) for name in ("since", "until") if kept.get(name)}
    lever = kept.get("levers") or {}
    lines = [
        line | {side: Decimal(line[side]) for side in ("past", "peers") if line.get(side)}
        for line in lever.get("lines", [])
    ]
    return {**kept, **days, "levers": {**lever, "lines": lines}}


def evidence_of(*, person: Person, as_of: date) -> dict[Step, Evidence]:
    """What each step rests on, on a day."""
    return evidence_with_proposal(person=person, as_of=as_of)[0]


def evidence_with_proposal(*, person: Person, as_of: date) -> tuple[dict[Step, Evidence], str]:
    """What each step rests on, and in a sentence what the figures speak for; in a fixed number of queries."""
    organisation = Organisation.get()
    window = Window.at(as_of, organisation.calendar)
    now, before = (window.start, window.until), (window.period.shift(-REFERENCE).start, window.start)
    near = _near(person, as_of)
    found = shares(near, now=now, before=before)
    for key, of in _beside(near, now, before, organisation).items():
        for pk, pair in of.items():
            found[pk][key] = pair
    seen = looks(near, bounds_of_window(window))
    support, facts = _support(person, as_of)
    work: dict[int, tuple[Work, Work | None]] = {pk: (look.now, look.usual) for pk, look in seen.items()}
    said = propose(Facts(person.pk, found, work, support))
    scope, others = Scope.person(person), [pk for pk in near if pk != person.pk]
    made = {}
    for step in Step:
        rows = _rows(step, person, scope, found, others, window) if step != Step.PERSON else []
        look = said.looks[step]
        made[step] = Evidence(
            step,
            _sentence(step, look, rows, said),
            is_team_wide=look.is_team_wide and _stands_out(look, said),
            is_proposed=said.step == step,
            since=now[0],
            until=window.last,
            rows=rows,
            facts=facts if step == Step.TRAINING else _leads(person, now, before, organisation)
            if step == Step.MARKETING else (),
            levers=_levers(scope, seen[person.pk], window, as_of) if step == Step.PERSON else {},
        )  # fmt: skip
    return made, _proposal(said, made)


def _near(person: Person, on: date) -> list[int]:
    """The person, and who is posted to the same team."""
    mine = Posting.objects.on(on).filter(person=person).values("team")
    together = Posting.objects.on(on).filter(team__in=mine).values_list("person_id", flat=True)
    return sorted({person.pk, *together})


def _stands_out(look: Look, said: Proposal) -> bool:
    """Whether a step may be called the team's: it is what the figures speak for, or likely beside it."""
    return said.step == look.step or look.chance >= 0.3 or (look.step == Step.PERSON and said.is_team_wide)


# ── Further signs ───────────────────────────────────────────────────────────────────────────────────────────────

Days = tuple[date, date]
Pairs = dict[int, tuple[Share, Share]]


def _beside(people: Collection[int], now: Days, before: Days, organisation: Organisation) -> dict[str, Pairs]:
    """Leads that were none, leads outside the audience, deals lost on new products."""
    return {
        "unfit": _both(_unfit(people, days, organisation) for days in (now, before)),
        "reach": _both(_outside(people, days, organisation) for days in (now, before)),
        "untaught": _on_new_products(people, now),
    }


def _both(found: Any) -> Pairs:
    now, before = found
    return {pk: (now.get(pk, Share()), before.get(pk, Share())) for pk in now.keys() | before.keys()}


def _within(days: Days, organisation: Organisation, moment: str) -> dict[str, datetime]:
    """That a moment lies in half-open days of the organisation's zone, as a condition."""
    first, until = (close_of(day - timedelta(days=1), organisation.time_zone) for day in days)
    return {f"{moment}__gte": first, f"{moment}__lt": until}


def _unfit(people: Collection[int], days: Days, organisation: Organisation) -> dict[int, Share]:
    decided = Lead.objects.present().filter(owner__in=people, **_within(days, organisation, "decided_at"))
    decided = decided.exclude(disqualified_for=Lead.Reason.DUPLICATE)
    return _counted((pk, status == Lead.Status.DISQUALIFIED) for pk, status in decided.values_list("owner", "status"))


def _outside(people: Collection[int], days: Days, organisation: Organisation) -> dict[int, Share]:
    came = Lead.objects.present().filter(owner__in=people, **_within(days, organisation, "received_at"))
    reached: list[tuple[int, str]] = list(with_reach(came).values_list("owner", "reach"))  # type: ignore[misc]
    return _counted((pk, reach == "outside") for pk, reach in reached if reach != "unknown")


def _counted(rows: Any) -> dict[int, Share]:
    found: dict[int, Share] = {}
    for pk, is_bad in rows:
        found[pk] = found.get(pk, Share()) + Share(float(is_bad), 1.0, 1)
    return found


def _on_new_products(people: Collection[int], now: Days) -> Pairs:
    """Of decided deals those lost: on products that are new, beside all others in the same days."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH decided AS (
                SELECT owner_id, product_id, status FROM sales_deal
                 WHERE owner_id = ANY(%(people)s) AND product_id IS NOT NULL AND withdrawn_at IS NULL
                       AND status IN ('won', 'lost') AND closed_on >= %(start)s AND closed_on < %(until)s
            ), product AS (
                SELECT id, NOT EXISTS (SELECT FROM sales_deal d WHERE d.product_id = p.id AND d.opened_on < %(since)s
                                          AND d.withdrawn_at IS NULL) AS is_new
                  FROM (SELECT DISTINCT product_id AS id FROM decided) p
            )
            SELECT owner_id, is_new, count(*) FILTER (WHERE status = 'lost'), count(*)
              FROM decided JOIN product ON product.id = product_id
             GROUP BY 1, 2
            """,
            {"people": list(people), "start": now[0], "until": now[1], "since": now[1] - NEW},
        )
        found: Pairs = {}
        for owner, is_new, lost, decided in cursor.fetchall():
            was, share = found.get(owner, (Share(), Share())), Share(float(lost), float(decided), decided)
            found[owner] = (share, was[1]) if is_new else (was[0], share)
    return found


def _support(person: Person, on: date) -> tuple[Support, list[dict[str, Any]]]:
    """What the person was given: how long they are here, courses given and passed, skills they are short of."""
    began = (
        Posting.objects.filter(person=person)
        .annotate(began=Coalesce("person__hired_on", "during__startswith"))
        .order_by("began")
        .values_list("began", flat=True)
        .first()
    )
    months = None if began is None else (on - began).days / 30.4
    short = [gap.skill_id for gap in gaps(on=on, person_ids=[person.pk])]
    low = SkillRating.objects.filter(person=person, is_own=False).standing().select_related("skill")
    weak = [one.skill.name for one in low if one.contested_at is None and (one.score <= WEAK or one.skill_id in short)]
    taken = list(enrolments_of(person))
    lacking = [one for one in taken if one.passed_at is None]
    done = len(taken) - len(lacking)
    courses, address = f"{done} of {len(taken)}", reverse("skills", args=[person.pk])
    if lacking:
        courses += f"; open: {', '.join(one.course.title for one in lacking[:3])}"
    facts = [
        {"label": "Courses passed", "value": courses if taken else "None given", "records": reverse("courses")},
        {
            "label": "Skills below what the role asks, or 1 or 2 of 5",
            "value": ", ".join(weak) or "None",
            "records": address,
        },
    ]
    if months is not None:
        facts.insert(0, {"label": "Here for", "value": f"{int(months)} months", "records": ""})
    return Support(tenure_months=months, due=len(taken), done=done, weak=weak), facts


def _leads(person: Person, now: Days, before: Days, organisation: Organisation) -> list[dict[str, Any]]:
    """How many leads came a week, now and in the year before."""
    said = []
    for days in (now, before):
        count = Lead.objects.present().filter(owner=person, **_within(days, organisation, "received_at")).count()
        said.append(count * 7 / max((days[1] - days[0]).days, 1))
    value = f"{said[0]:.1f}, in the year before {said[1]:.1f}"
    return [{"label": "Leads received a week", "value": value, "records": f"{reverse('leads')}?owner={person.pk}"}]


# ── What is shown ───────────────────────────────────────────────────────────────────────────────────────────────


def _rows(
    step: Step, person: Person, scope: Scope, found: Mapping[int, Mapping[str, tuple[Share, Share]]],
    others: Collection[int], window: Window,
) -> list[dict[str, Any]]:  # fmt: skip
    nothing = (Share(), Share())
    rows = []
    for key in (key for key, of in SIGNS.items() if of == step):
        now, before = found[person.pk].get(key, nothing)
        pairs = [found[pk].get(key, nothing) for pk in others]
        around = sum((one[0] for one in pairs), Share()), sum((one[1] for one in pairs), Share())
        shows = len(others) >= SMALLEST_GROUP  # fewer would show what a colleague does
        if not (now.cases or before.cases or (shows and around[0].cases)):
            continue
        rows.append(
            {
                "key": key,
                "label": LABELS[key].label,
                "now": now.value,
                "part": round(now.part, 2) if key != "discount" else None,
                "cases": now.cases,
                "before": before.value,
                "before_cases": before.cases,
                "team_now": around[0].value if shows else None,
                "team_before": around[1].value if shows else None,
                "records": _records(key, person, scope, window),
            }
        )
    return rows


def _records(key: str, person: Person, scope: Scope, window: Window) -> str:
    """Where the records behind a share are."""
    days: dict[str, Any] = {"scope": scope, "start": window.start, "until": window.until}
    match key:
        case "discount":
            return records_url(measure="deals_won", **days)
        case "production" | "carrier":
            return f"{reverse('orders')}?owner={person.pk}&late={key}"
        case "complaint":
            return f"{reverse('complaints')}?owner={person.pk}&state=all"
        case "csat":
            return f"{reverse('feedback')}?owner={person.pk}&kind=csat"
        case "response" | "unfit":
            return f"{reverse('leads')}?owner={person.pk}"
        case "reach":
            return f"{reverse('leads')}?owner={person.pk}&reach=outside"
        case _:
            return records_url(measure="deals_lost", **days)


def _levers(scope: Scope, look: Seen, window: Window, as_of: date) -> dict[str, Any]:
    """The gap's five lines, beside one's own past and beside comparable people (R21)."""
    past = look.levers
    peers = levers(scope=scope, period=window.period, as_of=as_of, against="peers")
    lines = [
        {
            "label": label,
            "past": str(past.parts[name]) if name in past.parts else None,
            "peers": str(peers.parts[name]) if name in peers.parts else None,
        }
        for name, label in LEVER_NAMES.items()
    ]
    address = f"{reverse('levers')}?of={scope.key}&period={window.period.key}"
    return {
        "lines": lines,
        "quarters": len(look.compared),
        "peers": int(peers.compared[0]) if peers.compared else 0,
        "note": peers.note,
        "records": address,
    }


def _sentence(step: Step, look: Look, rows: Sequence[Mapping[str, Any]], said: Proposal) -> str:
    """The plainest thing the step's data say."""
    if step == Step.PERSON:
        if look.is_team_wide:
            return "The others in the team show the same fall, so it does not lie with one person."
        if look.sign:
            return f"Their own work differs most in {LEVER_NAMES[look.sign].lower()}; the others do not show it."
        return "Their own work is as it usually is, or there is too little to compare with."
    row = next((row for row in rows if row["key"] == look.sign), None)
    if row is None or row["now"] is None or row["cases"] < LEAST:
        named = next((row for row in rows if row["now"] is not None and row["cases"] >= LEAST), None)
        if step == Step.TRAINING and said.step == Step.TRAINING:
            return "New here, courses not done or skills rated low speak for it."
        if named is None:
            return "Too few cases to say anything."
        row = named
    told = f"{round(row['now'] * 100)}% {LABELS[row['key']].said}"
    if row["before"] is not None:
        told += f", {round(row['before'] * 100)}% in the year before"
    if look.is_team_wide and _stands_out(look, said):
        return f"{told}, and so for the whole team."
    return f"{told}."


def _proposal(said: Proposal, made: Mapping[Step, Evidence]) -> str:
    """What the figures speak for; a person rules, not they."""
    if not said.step:
        if said.is_team_wide:
            return "The whole team shows the same fall, and no step explains it yet: ask the departments."
        return "The figures speak for no step yet; rule on each by what you and others know."
    step = Step(said.step)
    whose = ", for the whole team" if said.is_team_wide else ""
    sure = "speak for" if said.chance >= 0.5 else "point, though not clearly, to"
    return f"The figures {sure} {step.label[0].lower()}{step.label[1:]}{whose}: {made[step].sentence}"


def reads_words(user: User, case: Case) -> bool:
    """Whether a user reads what is said in a case."""
    return Case.objects.read_by(user).filter(pk=case.pk).exists()
