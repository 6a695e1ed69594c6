"""Flags one may see, what one may do with them, and what came of them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.db.models import Q, QuerySet

from performance.models import Flag, FlagCost, FlagKind, RollupSum
from salesmgmt.lib.money import to_cents
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ratios import ratio
from teams.models import Access, Organisation, Person, Posting, Viewer

from .backtests import BINS, judged
from .cells import Span, read
from .forecasting import hides_chances


def open_flags(user: Viewer) -> QuerySet[Flag]:
    """Open flags that `user` may see, the dearest first."""
    return Flag.objects.visible_to(user).open().select_related("person", "team").order_by("-cost", "-gap", "pk")


def flags_asked(user: Viewer, *, on: date, state: str = "open", kind: str = "", person: str = "") -> QuerySet[Flag]:
    """The flags of a list: by state, kind, and a part of the person's name."""
    found = Flag.objects.visible_to(user).select_related("person", "team")
    match state:
        case "open":
            found = found.awake(on)
        case "snoozed":
            found = found.open().filter(snoozed_until__gt=on)
        case "closed":
            found = found.filter(closed_on__isnull=False)
    if kind:
        found = found.filter(kind=kind)
    return found.filter(Q(person__name__icontains=person)) if person else found


def flag_costs() -> dict[str, FlagCost]:
    """What being wrong costs, by kind, in the order of their weight."""
    costs = {cost.kind: cost for cost in FlagCost.objects.order_by("pk")}
    return {kind: costs[kind] for kind in FlagKind.values if kind in costs}


def may_put_off(access: Access, person: Person, on: date) -> bool:
    """Whether somebody leads the person, anywhere up the line; never oneself."""
    if not access.leads or access.person_id == person.pk:
        return False
    return Posting.objects.on(on).under(access.led_team_ids).filter(person=person).exists()


def without_chances(flags: Iterable[Flag], on: date) -> set[int]:
    """Of whom no probability may be shown, by their country today or when it was worked out."""
    found = list(flags)
    days = {on, *(flag.as_of for flag in found)}
    return hides_chances({flag.person_id for flag in found}, days, Organisation.get())


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What came of the flags about quotas of quarters that are over."""

    flagged: int
    missed: int
    """Of the flagged: the quota was missed."""
    misses: int
    """Quotas missed in these quarters, flagged or not."""
    people: int

    @property
    def false_alarms(self) -> Decimal | None:
        return ratio(Decimal(self.flagged - self.missed), Decimal(self.flagged))

    @property
    def hits(self) -> Decimal | None:
        return ratio(Decimal(self.missed), Decimal(self.misses))


def outcomes(*, on: date, quarters: int = 8) -> Outcomes:
    """Flags about quotas of quarters that are over, against what became of all quotas; nobody is named."""
    calendar = Organisation.get().calendar
    period = Period.of(on, "quarter", calendar)
    past = [period.shift(-k) for k in range(1, quarters + 1)]
    spans = [Span(one.key, ["bookings", "overlay", "expected"], one.start, one.end) for one in past]
    held = RollupSum.objects.filter(
        level="pm", measure="expected", person_id__gt=0, on__gte=past[-1].start.replace(day=1)
    )
    people = set(held.filter(on__lt=period.start).order_by("person_id").values_list("person_id", flat=True).distinct())
    cells = read(spans, people=list(people), each=True)
    flags = Flag.objects.filter(kind=FlagKind.MISS, raised_on__lt=period.start).exclude(closed_on__lte=past[-1].start)
    stood: dict[int, list[tuple[date, date]]] = {}
    for pk, raised, closed in flags.order_by("pk").values_list("person_id", "raised_on", "closed_on"):
        stood.setdefault(pk, []).append((raised, closed or date.max))
    since = min((raised for spans in stood.values() for raised, _ in spans), default=date.max)
    warned = missed = misses = count = 0
    for one in past:
        for pk in people:
            quota = cells.total("expected", key=pk, span=one.key)
            if quota <= 0 or one.end <= since:
                continue
            credited = sum(cells.total(measure, key=pk, span=one.key) for measure in ("bookings", "overlay"))
            is_missed = credited < to_cents(quota)
            is_flagged = any(raised < one.end and closed > one.start for raised, closed in stood.get(pk, ()))
            count, misses = count + 1, misses + is_missed
            warned, missed = warned + is_flagged, missed + (is_flagged and is_missed)
    return Outcomes(warned, missed, misses, count)


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a threshold would have brought in the periods that the back-test replays."""

    threshold: Decimal
    hits: Decimal | None
    """Of those who missed, the share that was warned."""
    false_alarms: Decimal | None
    """Of those who reached it, the share that was warned."""
    cost: Decimal
    """Of wrong warnings and of missing ones, per case."""
    is_ours: bool
    is_cheapest: bool = False


THRESHOLDS = tuple(Decimal(n) / 10 for n in range(1, 10))


def replayed(cost: FlagCost) -> list[Replayed]:
    """Thresholds for missing the quota, ours among them, judged by the back-test; none where nothing was replayed."""
    ours = cost.threshold.quantize(Decimal("0.01"))
    known = judged().people
    missed, reached = sum(known.missed), sum(known.reached)
    if not missed + reached:
        return []
    found = []
    for threshold in sorted({*THRESHOLDS, ours}):
        first = int(threshold * BINS)
        hit, alarm = Decimal(sum(known.missed[first:])), Decimal(sum(known.reached[first:]))
        wrong = cost.needless_talk * alarm + cost.missed_warning * (missed - hit)
        found.append(
            Replayed(
                threshold, ratio(hit, Decimal(missed)), ratio(alarm, Decimal(reached)), wrong / (missed + reached),
                threshold == ours,
            )
        )  # fmt: skip
    least = min(one.cost for one in found)
    return [replace(one, is_cheapest=one.cost == least) for one in found]
