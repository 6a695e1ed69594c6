"""Every measure of a team or a person, beside the quarter before; and the value won, quarter by quarter."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from performance.selectors import Figure, Scope, catalogue, figures
from performance.selectors.catalogue import ACTIVITY_KINDS
from performance.selectors.cells import Span, of_scope, read
from performance.selectors.figures import records_url
from performance.selectors.goals import targets
from salesmgmt.lib.money import to_cents
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ratios import ratio, win_rate
from salesmgmt.pages.strips import Metric, of_figure, written
from teams.models import Organisation

RESULTS = ("bookings", "won_value", "deals_won", "deals_lost", "win_rate", "average_deal", "sales_cycle")
DONE = ("activities", *ACTIVITY_KINDS.values())


@dataclass(frozen=True, slots=True)
class Line:
    """A measure in this period and in the one before."""

    figure: Figure
    before: Figure

    @property
    def key(self) -> str:
        return self.figure.measure

    @property
    def ident(self) -> str:
        return f"line-{self.figure.measure.replace('.', '-')}"

    @property
    def label(self) -> str:
        return self.figure.label.removeprefix("Activities: ").capitalize()

    @property
    def text(self) -> str:
        return written(self.figure)

    @property
    def was(self) -> str:
        return written(self.before)


@dataclass(frozen=True, slots=True)
class Quarter:
    """What one quarter of a year brought."""

    period: Period
    won_value: Decimal
    won: int
    win_rate: Decimal | None
    credited: Decimal
    quota: Decimal | None
    attainment: Decimal | None
    records: str


def compared(scope: Scope, period: Period, as_of: date, organisation: Organisation) -> dict[str, list[Line]]:
    """Results and work of a period beside the whole of the one before, and what an admin has defined; three queries."""
    before, known = period.shift(-1), catalogue()
    defined = [key for key, measure in known.items() if not measure.is_built_in]
    asked = (*RESULTS, *DONE, *defined)
    now, was = (
        figures(scope=scope, measures=asked, period=of, as_of=on, organisation=organisation, known=known)
        for of, on in ((period, as_of), (before, before.last_day))
    )
    return {
        "results": [Line(now[key], was[key]) for key in RESULTS],
        "work": [Line(now[key], was[key]) for key in DONE],
        "defined": [Line(now[key], was[key]) for key in defined if now[key].value or was[key].value],
    }


def strip(lines: Sequence[Line], before: Period, keys: Sequence[str]) -> list[Metric]:
    """Some of the lines as plain figures of a strip."""
    by_key = {line.key: line for line in lines}
    return [of_figure(by_key[key].figure, note=f"{by_key[key].was} in {before.label}") for key in keys]


def quarters(scope: Scope, period: Period) -> list[Quarter]:
    """The quarters of the fiscal year that holds a period, with the targets of teams and the company."""
    year = Period.of(period.start, "year", period.calendar)
    parts = year.children()
    measures = ("bookings", "overlay", "expected", "deals_won", "deals_lost", "uncounted_won", "uncounted_lost")
    cells = read([Span(part.key, measures, part.start, part.end) for part in parts], **of_scope(scope))
    goals = targets(scope, [(part.start, part.end) for part in parts])
    rows = []
    for part, target in zip(parts, goals, strict=True):
        own = cells.total("overlay", span=part.key) if scope.kind == "person" else Decimal(0)
        credited = to_cents(cells.total("bookings", span=part.key) + own)
        quota = to_cents(cells.total("expected", span=part.key)) if cells.count("expected", span=part.key) else None
        won, lost = cells.count("deals_won", span=part.key), cells.count("deals_lost", span=part.key)
        counted = won - cells.count("uncounted_won", span=part.key), lost - cells.count("uncounted_lost", span=part.key)
        rows.append(
            Quarter(
                part,
                to_cents(cells.total("deals_won", span=part.key)),
                won,
                win_rate(*counted),
                credited,
                quota if target is None else target,
                ratio(credited, quota if target is None else target),
                records_url(scope=scope, measure="won_value", start=part.start, until=part.end),
            )
        )
    return rows


@dataclass(frozen=True, slots=True)
class Year:
    """The sum of a year's quarters; deals, not rates, add up."""

    won_value: Decimal
    won: int
    credited: Decimal
    quota: Decimal | None
    attainment: Decimal | None


def year_of(rows: Sequence[Quarter]) -> Year:
    credited = sum((row.credited for row in rows), Decimal(0))
    known = [row.quota for row in rows if row.quota is not None]
    quota = sum(known, Decimal(0)) if known else None
    return Year(
        sum((row.won_value for row in rows), Decimal(0)),
        sum(row.won for row in rows),
        credited,
        quota,
        ratio(credited, quota) if len(known) == len(rows) else None,
    )
