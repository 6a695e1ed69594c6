"""Plans, their lines and the targets of teams as tables."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from salesmgmt.lib.kinds import Field, Kind, Occurrences, Plan, Referent, Row
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused
from targets.models import BOOKINGS, Allocation, PlanAct, Target
from targets.models import Plan as PlanOf
from targets.selectors import as_whole
from targets.services.quotas import refuse_above_scale
from teams.exchange.tables import table, yes_or_no
from teams.models import Leadership

from . import PERSON, PLAN, _span


def _plans(texts: set[str]) -> Iterable[tuple[PlanOf, list[str]]]:
    for one in PlanOf.objects.order_by("pk"):
        yield one, [one.name]


def _check_plan(plan: Plan, row: Row, values: dict[str, Any], stands: PlanOf | None) -> None:
    """The days of a plan follow from its period, the fiscal year here."""
    try:
        period = Period.parse(values["period"].upper(), plan.organisation.calendar)
    except ValueError as error:
        plan.refuse(row, "period", str(error))
        return
    values |= {"period": period.key, "during": half_open(period.start, period.end)}
    measure = values.get("measure", stands.measure if stands else BOOKINGS)
    if stands is not None and stands.is_published:
        differs = ({"amount", "period", "measure"} & row.values.keys()) and any(
            getattr(stands, name) != values[name] for name in ("amount", "period", "measure") if name in values
        )
        if differs:
            plan.refuse(row, "amount", "This plan is published; what changes later are quota entries.")
    if values.get("published_at") and plan.by is not None and not (stands is not None and stands.is_published):
        plan.refuse(
            row, "published_at", "A plan is published on its page: it then gets its targets, quotas and letters."
        )
    if values.get("published_at"):
        of_period = PlanOf.objects.filter(period=period.key, measure=measure, published_at__isnull=False)
        first = plan.memo.setdefault(("published", period.key, measure), row)
        if first is not row or of_period.exclude(pk=stands.pk if stands else 0).exists():
            plan.refuse(row, "published_at", f"Another plan for {period.label} is published already.")
    _refuse_above_scale(plan, row, measure)
    if stands is None:
        values.setdefault("made_at", plan.at)
        values.setdefault("made_by", plan.by)


def _refuse_above_scale(plan: Plan, row: Row, measure: str) -> None:
    try:
        refuse_above_scale(row.values["amount"], measure)
    except Refused as refusal:
        plan.refuse(row, "amount", refusal.sentence)


def _check_line(plan: Plan, row: Row, values: dict[str, Any], stands: Allocation | None) -> None:
    person, of = values.get("person"), values["plan"]
    if plan.own_person_id is not None and person is not None and person.pk == plan.own_person_id:
        plan.refuse(row, "person", "Nobody sets their own quota; ask a colleague to import this row.")
    if person is None and plan.own_person_id is not None and _leads(plan, values["team"].pk):
        plan.refuse(row, "team", "The target of the team you lead is your own figure; ask a colleague.")
    if stands is not None and of.is_published and stands.amount != values["amount"]:
        plan.refuse(row, "amount", "This plan is published; what changes later are quota entries.")
    if stands is None and of.is_published and _is_in_force(plan, of):
        plan.refuse(row, "plan", "This plan is published and in force; it gets no further lines.")
    _refuse_above_scale(plan, row, of.measure)
    values.setdefault("proposed", stands.proposed if stands else values["amount"])


def _tell_of_lines(plan: Plan) -> None:
    """What a draft's lines held before and hold now, in their history."""
    amounts: dict[PlanOf, dict[int, list[int]]] = defaultdict(dict)
    for step in plan.steps:
        if isinstance(step.record, Allocation) and step.act == "changed" and "amount" in step.before:
            held = [as_whole(Decimal(amount)) for amount in (step.before["amount"], step.record.amount)]
            amounts[step.record.plan][step.record.pk] = held
    for of, moved in amounts.items():
        act = PlanAct(plan=of, at=plan.at, by=plan.by, reason=plan.reason, named=list(moved), amounts=moved)
        plan.create(act, next(plan.taken()))


def _is_in_force(plan: Plan, of: PlanOf) -> bool:
    """Whether quotas were entered by it: of a plan that is just being moved here they come after its lines."""
    key = ("in force", of.pk)
    if key not in plan.memo:
        plan.memo[key] = of.pk is not None and of.entries.exists()
    return bool(plan.memo[key])


def _leads(plan: Plan, team_id: int) -> bool:
    """Whether who imports leads this team today."""
    return Leadership.objects.on(plan.today).filter(person=plan.own_person_id, team=team_id).exists()


def _plan_targets(plan: Plan) -> None:
    """What teams were held to, as it was published: a later row of a team and period takes the place of an earlier."""
    same = Occurrences.of((_target_key(one), one) for one in Target.objects.order_by("pk"))
    for row in plan.taken():
        span = _span(plan, row)
        if span is None or not plan.refer(row):
            continue
        if plan.own_person_id is not None and _leads(plan, row.found["team"].pk):
            plan.refuse(row, "team", "The target of the team you lead is your own figure; ask a colleague.")
            continue
        _refuse_above_scale(plan, row, row.get("measure", BOOKINGS))
        if row.refusals:
            continue
        target = Target(
            team=row.found["team"],
            during=half_open(*span),
            measure=row.get("measure", BOOKINGS),
            amount=row.values["amount"],
            plan=row.found.get("plan"),
            published_at=row.get("published_at", plan.at),
            by=row.found.get("by", plan.by),
            path=row.found["team"].path,
        )
        if "published_at" not in row.values and (standing := same.known.get(_target_key(target)[:5])):
            target.published_at = standing[-1].published_at
        if same.next(_target_key(target)) is None:
            plan.create(target, row)
            row.act = "created"


def _target_key(one: Target) -> tuple[Any, ...]:
    return one.team_id, one.starts_on, one.until, one.measure, one.amount, one.published_at


def _target_rows() -> Iterator[dict[str, Any]]:
    for one in Target.objects.select_related("team", "plan", "by").order_by("pk").iterator(2000):
        told = {name: getattr(one, name) for name in ("team", "measure", "amount", "plan", "published_at")}
        end = one.until and one.until - timedelta(days=1)
        yield told | {"start": one.starts_on, "end": end, "by": one.by and one.by.username}


REFERENTS = [Referent("plan", "plan", _plans)]

KINDS = [
    table(
        "plans",
        PlanOf,
        (
            Field("name", needed=True, longest=100, also=("plan",)),
            Field("period", needed=True, longest=8, also=("quarter", "year")),
            Field("measure", longest=30),
            Field("amount", "money", needed=True, least=Decimal("0.01"), also=("target", "goal")),
            Field("strategy", longest=10_000),
            Field("made_at", "moment"),
            Field("made_by", "reference", to="login"),
            Field("published_at", "moment"),
            Field("published_by", "reference", to="login"),
        ),
        by=("name",),
        check=_check_plan,
    ),
    Kind(
        "targets",
        (
            Field("team", "reference", needed=True, to="team"),
            Field("period", longest=8, also=("quarter", "month", "year")),
            Field("start", "date", also=("from", "start_date")),
            Field("end", "date", also=("until", "end_date", "last_day")),
            Field("measure", longest=30),
            Field("amount", "money", needed=True, least=Decimal(0), also=("target", "value", "goal")),
            PLAN,
            Field("published_at", "moment"),
            Field("by", "reference", to="login"),
        ),
        _plan_targets,
        _target_rows,
        by_period=True,
    ),
    table(
        "allocations",
        Allocation,
        (
            Field("plan", "reference", needed=True, to="plan"),
            Field("team", "reference", needed=True, to="team"),
            Field("person", "reference", to="person", also=PERSON.also),
            Field("amount", "money", needed=True, least=Decimal(0), also=("quota", "target", "value")),
            Field("proposed", "money", least=Decimal(0)),
            Field("past", "number"),
            yes_or_no("is_locked", also=("locked",)),
        ),
        by=("plan", "team", "person"),
        check=_check_line,
        finish=_tell_of_lines,
    ),
]
