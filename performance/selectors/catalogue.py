"""Every measure there is: those this product is built around, and those an admin has defined."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import groupby

from performance.models import MeasureVersion
from sales.models import Activity

from .parts import BUCKETED, Part, parts_of, said, versions_in_force

CREDITED = ("bookings", "overlay", "bookings.actual", "overlay.actual")
"""Credit at the plan's rates, and what it is more at the actual ones (R13)."""
ACTIVITY_KINDS = {kind: f"activities.{kind}" for kind in Activity.Kind.values}


@dataclass(frozen=True, slots=True)
class Measure:
    """What a figure is called, what it is counted in, and how it is defined."""

    key: str
    label: str
    unit: str
    """`money`, `count`, `ratio` or `days`."""
    definition: str
    needs: tuple[str, ...]
    """Under which names its rollups stand."""
    method: str = ""
    """How those make a value; empty: as this product does it for what it ships with."""
    divisors: frozenset[str] = frozenset()
    """Which of them are summed below the line."""
    ahead: frozenset[str] = frozenset()
    """Which of them go by a day that may lie ahead: they count to the end of the period, whatever the day."""
    better: str = "higher"
    kind: str = "lagging"
    is_prorated: bool = True
    least: int = 0
    percentile: int = 50
    is_sketch: bool = False
    """Its values are kept to one per cent, not exactly."""
    versions: tuple[MeasureVersion, ...] = ()

    @property
    def is_built_in(self) -> bool:
        return not self.versions

    @property
    def tells_time(self) -> bool:
        """Whether it is worked out from what people note of their own time."""
        return any(name.startswith("time:") for name in self.needs)

    @property
    def adds_up(self) -> bool:
        """Whether a team's is the sum of its people's."""
        return self.method in {"count", "sum"} or (self.is_built_in and self.unit in {"money", "count"})


MEASURES = {
    measure.key: measure
    for measure in (
        Measure(
            "bookings",
            "Bookings",
            "money",
            "Credited order value net of tax and discount, by order date, less refunds and cancellations, at the "
            "actual rate of the order's day. A person's include overlays; a team's and the company's do not.",
            CREDITED,
        ),
        Measure(
            "overlay",
            "Overlay",
            "money",
            "Credit on top of an order's value, in no team or company total.",
            ("overlay", "overlay.actual"),
        ),
        Measure(
            "deals_won",
            "Deals won",
            "count",
            "Deals won by the owner, by closing day; a reopening takes one back.",
            ("deals_won",),
        ),
        Measure(
            "deals_lost",
            "Deals lost",
            "count",
            "Deals lost by the owner, by closing day; a reopening takes one back.",
            ("deals_lost",),
            better="lower",
        ),
        Measure("won_value", "Value won", "money", "Amount of the deals won, by closing day.", ("deals_won",)),
        Measure(
            "win_rate",
            "Win rate",
            "ratio",
            "Won ÷ (won + lost), by closing day; duplicates and bad fits left out. Unknown while nothing is decided.",
            ("deals_won", "deals_lost", "uncounted_won", "uncounted_lost"),
        ),
        Measure(
            "win_rate_value",
            "Win rate by value",
            "ratio",
            "Value won ÷ value decided, by closing day; duplicates and bad fits left out.",
            ("deals_won", "deals_lost", "uncounted_won", "uncounted_lost"),
        ),
        Measure("average_deal", "Average deal", "money", "Value won ÷ deals won.", ("deals_won",)),
        Measure(
            "sales_cycle",
            "Sales cycle",
            "days",
            "Median days from opened to won, of the deals won that say both.",
            ("sales_cycle",),
            better="lower",
        ),
        Measure(
            "activities",
            "Activities",
            "count",
            "Calls, e-mails, meetings, demos, visits and tasks logged, by the day they took place.",
            ("activities",),
        ),
        *(
            Measure(
                key,
                f"Activities: {Activity.Kind(kind).label.lower()}",
                "count",
                "Activities of this kind, by the day they took place.",
                (key,),
            )
            for kind, key in ACTIVITY_KINDS.items()
        ),
        Measure(
            "pipeline",
            "Pipeline",
            "money",
            "Amount of the deals open now that are expected to close in the period, at the plan's rates.",
            (),
        ),
        Measure(
            "quota",
            "Quota",
            "money",
            "The sum of the quota entries, spread over working days, of the period.",
            ("expected",),
            better="",
        ),
        Measure("expected", "Expected", "money", "What the plan expects up to and including the day.", ("expected",)),
        Measure(
            "attainment",
            "Attainment",
            "ratio",
            "Credited ÷ quota, both at the plan's rates; of a team ÷ its target, where a plan gave it one.",
            (*CREDITED, "expected"),
        ),
        Measure(
            "pace",
            "Pace",
            "ratio",
            "Credited ÷ what the plan expected up to and including the day, both at the plan's rates.",
            (*CREDITED, "expected"),
        ),
        Measure(
            "gap",
            "Gap",
            "money",
            "Quota − credited, both at the plan's rates; of a team its target − credited, where a plan gave it one.",
            (*CREDITED, "expected"),
            better="lower",
        ),
        Measure(
            "coverage",
            "Coverage",
            "ratio",
            "Pipeline ÷ gap; met when no gap is left.",
            (*CREDITED, "expected"),
        ),
    )
}


_METHODS = {
    "count": "Number of",
    "sum": "Sum of",
    "average": "Average of",
    "median": "Median of",
    "nps": "Net promoter score of",
}


def catalogue(*, hidden: bool = False) -> dict[str, Measure]:
    """Every measure by its key, built in ones first, in one query; with `hidden` also those no longer worked out."""
    return MEASURES | _defined(None, hidden=hidden)


def measures_of(keys: Collection[str]) -> dict[str, Measure]:
    """The measures of some keys; a query only where one of them is not built in. KeyError for one there is none of."""
    unknown = [key for key in keys if key not in MEASURES]
    found = MEASURES | _defined(unknown, hidden=False) if unknown else MEASURES
    return {key: found[key] for key in keys}


def _defined(keys: Iterable[str] | None, *, hidden: bool) -> dict[str, Measure]:
    versions = MeasureVersion.objects.select_related("definition")
    if not hidden:
        versions = versions.filter(definition__is_active=True)
    if keys is not None:
        versions = versions.filter(definition__key__in=list(keys))
    ordered = versions.order_by("definition__position", "definition__key", "from_on", "pk")
    return {key: measure_of(list(same)) for key, same in groupby(ordered, key=lambda version: version.definition.key)}


def measure_of(versions: list[MeasureVersion]) -> Measure:
    """A definition with its versions as a measure."""
    definition = versions[0].definition
    in_force = [part for version, *days in versions_in_force(versions) for part in parts_of(version, *days)]
    names = {name for part in in_force for name in ((part.name, part.left_out) if part.value else (part.name,))}
    last = versions_in_force(versions)[-1][0]
    sentence = formula_of(last)
    return Measure(
        key=definition.key,
        label=definition.label,
        unit=definition.unit,
        definition=f"{definition.description} {sentence}".strip(),
        needs=tuple(sorted(names)),
        method=definition.method,
        divisors=frozenset(part.name for part in in_force if part.name.endswith("/")),
        ahead=frozenset(name for part in in_force if part.is_ahead for name in (part.name, part.left_out)) & names,
        better=definition.better,
        kind=definition.kind,
        is_prorated=definition.is_prorated,
        least=definition.least,
        percentile=definition.percentile or 50,
        is_sketch=any(part.is_bucketed and not part.source.values[part.value].is_whole for part in in_force),
        versions=tuple(versions),
    )


def formula_of(version: MeasureVersion) -> str:
    """A version as a sentence."""
    first, *others = parts_of(version)
    definition = version.definition
    method = definition.method
    if method == "percentile":
        said_first = f"{definition.percentile} % of all are at most this: {_words(first)}"
    elif others:
        below = f"({_words(first)}) + ({_words(others[0])})" if method == "share" else _words(others[0])
        return f"{_sentence(_words(first))} ÷ {below}."
    else:
        said_first = f"{_METHODS[method]} {_what(first)}"
    exact = ""
    if method in BUCKETED:
        exact = " Exact." if first.source.values[first.value].is_whole else " From a sketch, within 1 %."
    return f"{said_first}.{exact}"


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:]


def _words(part: Part) -> str:
    return _what(part) if part.value else f"number of {_what(part)}"


def _what(part: Part) -> str:
    value = f"{part.source.values[part.value].label} of " if part.value else ""
    which = f" with {said(part.conditions)}".replace("\n", " and ") if part.conditions else ""
    day, (who, _, _) = part.source.days[part.day][0], part.source.credits[part.credit]
    return f"{value}{part.source.label.lower()}{which}, by {day}, for {who}"
