"""What works: groups of decided deals beside comparable ones, of the whole company or of a team."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Max

from sales.models import Outcome
from teams.models import Access, Team, TeamQuerySet, Viewer, access_of

from ..analysis import works as analysis
from ..analysis.works import LEAST, Codes, Difference, Flags, Interval, Numbers

EARLY = 14  # days from the opening on in which habits are looked at: later work goes where a deal goes well already
MOST = 20  # values of a cut, the most frequent ones

Label = Callable[["dict[str, Any]"], str]
Rows = Callable[["list[dict[str, Any]]", date, date], "Iterable[Row]"]


@dataclass(frozen=True, slots=True)
class Cut:
    """A way to group deals. `strata` names what comparable deals have in common; empty: size and product family."""

    key: str
    label: str
    noun: str
    """Products, Segments, Sources, Habits or Plays."""
    of: Label
    strata: tuple[str, ...] = ("size", "family")
    rows: Rows | None = None
    """Of what a layer above knows, its own way to compare; `of` then tells nothing."""
    deals: Callable[[str], Collection[int]] | None = None
    """And the deals of a value: one may be of several."""

    def __reduce__(self) -> tuple[Callable[[str], "Cut"], tuple[str]]:
        """Kept and taken back by its key."""
        return _cut, (self.key,)


def _cut(key: str) -> Cut:
    return CUTS[key]


@dataclass(frozen=True, slots=True)
class Row:
    """A group of deals with its results. What is not beyond chance is not claimed."""

    cut: Cut
    value: str
    deals: int
    won: int
    win_rate: Interval | None
    difference: Difference | None
    """Of the win rate from comparable deals of other groups."""
    cycle: Interval | None
    amount: Interval | None
    cycle_p: float | None = None
    amount_p: float | None = None
    wins_differ: bool = False
    cycle_differs: bool = False
    amount_differs: bool = False

    @property
    def is_enough(self) -> bool:
        """Whether either side holds as many comparable deals as a claim takes."""
        return self.difference is not None and min(self.difference.group, self.difference.others) >= LEAST

    @property
    def chances(self) -> list[float]:
        """How often chance alone would do as much, of each comparison that may be claimed."""
        every = (self.difference.p if self.difference else None, self.cycle_p, self.amount_p)
        return [one for one in every if one is not None] if self.is_enough else []


@dataclass(frozen=True, slots=True, eq=False)
class Works:
    """Every group, and what all of them are measured against."""

    start: date
    until: date
    deals: int
    won: int
    rows: list[Row]
    compared: int
    """How many comparisons were made; the more there are, the further one has to stand out."""

    @property
    def claims(self) -> list[Row]:
        """What stands out in the win rate, the largest difference first."""
        found = [row for row in self.rows if row.wins_differ and row.difference]
        return sorted(found, key=lambda row: -abs(row.difference.interval.value if row.difference else 0))


def _bands(name: str, *steps: tuple[float, str], last: str) -> Label:
    def band(deal: dict[str, Any]) -> str:
        value = deal[name]
        if value is None:
            return ""
        return next((label for above, label in steps if value < above), last)

    return band


def _yes(name: str) -> Label:
    return lambda deal: "" if deal[name] is None else "Yes" if deal[name] else "No"


def _said(name: str) -> Label:
    return lambda deal: deal[name] or ""


CUTS = {
    cut.key: cut
    for cut in (
        Cut("product", "Product", "Products", _said("product"), ("size",)),
        Cut("family", "Product family", "Products", _said("family"), ("size",)),
        Cut("industry", "Industry", "Segments", _said("industry")),
        Cut("country", "Country", "Segments", _said("country")),
        Cut(
            "employees", "Size of the customer", "Segments",
            _bands("employees", (50, "Below 50 people"), (250, "50 to 249 people"), (1000, "250 to 999 people"),
                   last="1,000 people and more"),
        ),
        Cut("size", "Size of the deal", "Segments", _said("size_name"), ("family",)),
        Cut("customer", "Customer", "Segments", lambda deal: "Has bought before" if deal["is_known"] else "New"),
        Cut("source", "Source", "Sources", _said("source")),
        Cut(
            "response", "First answer to the enquiry", "Habits",
            _bands("answer_hours", (1, "Within an hour"), (24, "Within a day"), last="Later than a day"),
        ),
        Cut("met", "Met within two weeks", "Habits", _yes("has_met")),
        Cut("demo", "Demo within two weeks", "Habits", _yes("has_demo")),
        Cut(
            "contacts", "Contacts at the customer within two weeks", "Habits",
            _bands("contacts", (1, "None"), (2, "One"), last="Two or more"),
        ),
        Cut(
            "touches", "Activities within two weeks", "Habits",
            _bands("touches", (2, "Below 2"), (5, "2 to 4"), last="5 or more"),
        ),
        Cut(
            "discount", "Discount", "Habits",
            _bands("discount", (0.005, "None"), (0.10, "Up to 10%"), last="Above 10%"),
        ),
    )
}  # fmt: skip

_DEALS = """
    SELECT d.id, d.status = 'won' AS won, o.amount, p.name AS product, nullif(p.family, '') AS family,
           nullif(a.industry, '') AS industry, nullif(a.country, '') AS country, a.employees,
           nullif(d.source, '') AS source, d.account_id,
           CASE WHEN d.opened_on <= d.closed_on THEN d.closed_on - d.opened_on END AS cycle,
           d.account_id IS NOT NULL AND EXISTS (
               SELECT FROM sales_order b WHERE b.account_id = d.account_id AND b.withdrawn_at IS NULL
                  AND b.cancelled_on IS NULL AND b.ordered_on < d.opened_on
           ) AS is_known
      FROM sales_deal d
           CROSS JOIN LATERAL (
               SELECT amount, counts, team_id FROM sales_outcome
                WHERE deal_id = d.id AND count = 1 ORDER BY id DESC LIMIT 1
           ) o
           LEFT JOIN sales_product p ON p.id = d.product_id
           LEFT JOIN sales_account a ON a.id = d.account_id
     WHERE d.withdrawn_at IS NULL AND d.status <> 'open' AND o.counts
           AND d.closed_on >= %(start)s AND d.closed_on < %(until)s
           AND (%(teams)s::bigint[] IS NULL OR o.team_id = ANY(%(teams)s))
"""
_HABITS = """
    SELECT d.id, count(v.id), count(DISTINCT v.contact_id), bool_or(v.kind IN ('meeting', 'visit', 'demo')),
           bool_or(v.kind = 'demo')
      FROM sales_deal d
           LEFT JOIN sales_activity v ON v.deal_id = d.id AND v.withdrawn_at IS NULL
                 AND v.occurred_on < d.opened_on + %(early)s
     WHERE d.withdrawn_at IS NULL AND d.status <> 'open' AND d.closed_on >= %(start)s AND d.closed_on < %(until)s
           AND d.closed_on >= d.opened_on + %(early)s
     GROUP BY 1
"""
_ANSWERS = """
    SELECT d.id, min(extract(epoch FROM l.first_response_at - l.received_at)::float / 3600)
      FROM sales_deal d JOIN sales_lead l ON l.deal_id = d.id AND l.withdrawn_at IS NULL
           AND l.first_response_at >= l.received_at
     WHERE d.closed_on >= %(start)s AND d.closed_on < %(until)s
     GROUP BY 1
"""
_DISCOUNTS = """
    SELECT d.id, (1 - sum(l.quantity * l.unit_price) / sum(l.quantity * l.list_price))::float
      FROM sales_deal d JOIN sales_dealline l ON l.deal_id = d.id
     WHERE d.closed_on >= %(start)s AND d.closed_on < %(until)s
     GROUP BY 1 HAVING sum(l.quantity * l.list_price) > 0
"""


def decided(*, start: date, until: date, team: Team | None = None) -> list[dict[str, Any]]:
    """Each deal decided in `[start, until)` with what it was like, in four queries, with its early habits."""
    under = list(Team.objects.under([team.pk]).values_list("pk", flat=True)) if team else None
    asked = {"start": start, "until": until, "teams": under, "early": EARLY}
    with connection.cursor() as cursor:
        cursor.execute(_DEALS, asked)
        names = [column.name for column in cursor.description]
        deals = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        cursor.execute(_HABITS, asked)
        habits = {row[0]: row[1:] for row in cursor.fetchall()}
        cursor.execute(_ANSWERS, asked)
        answers = dict(cursor.fetchall())
        cursor.execute(_DISCOUNTS, asked)
        discounts = dict(cursor.fetchall())
    amounts = np.array([float(deal["amount"]) for deal in deals if deal["amount"]])
    steps = np.quantile(amounts, (1 / 3, 2 / 3)) if len(amounts) else np.zeros(2)
    for deal in deals:
        pk, amount = deal["id"], float(deal["amount"] or 0)
        touches, contacts, has_met, has_demo = habits.get(pk, (None, None, None, None))
        deal |= {
            "touches": touches,
            "contacts": contacts,
            "has_met": None if touches is None else bool(has_met),
            "has_demo": None if touches is None else bool(has_demo),
            "answer_hours": answers.get(pk),
            "discount": discounts.get(pk),
            "size": int(np.searchsorted(steps, amount, side="right")) if amount else -1,
        }
        deal["size_name"] = ("Small third", "Middle third", "Large third", "")[deal["size"]]
    return deals


def what_works(*, start: date, until: date, team: Team | None = None) -> Works:
    """Every group of deals against comparable deals of the other groups."""
    deals = decided(start=start, until=until, team=team)
    frame = _Frame(deals)
    rows = [
        row for cut in CUTS.values() for row in (cut.rows(deals, start, until) if cut.rows else frame.rows(cut))
    ]  # fmt: skip
    return Works(start, until, len(deals), int(frame.won.sum()), *_judged(rows))


def add_cut(cut: Cut) -> None:
    """Compare it beside the others."""
    CUTS[cut.key] = cut


def last_decision() -> int:
    """What changes with every deal decided: the number of the latest entry in the ledger of outcomes."""
    return Outcome.objects.aggregate(last=Max("pk"))["last"] or 0


def deals_of(*, cut: str, value: str, start: date, until: date, team: Team | None = None) -> list[int]:
    """The deals behind a row. KeyError for a cut there is none of."""
    asked = CUTS[cut]
    ids = set(asked.deals(value)) if asked.deals else None
    found = decided(start=start, until=until, team=team)
    return [deal["id"] for deal in found if (asked.of(deal) == value if ids is None else deal["id"] in ids)]


def _judged(rows: list[Row]) -> tuple[list[Row], int]:
    """The rows with what is beyond chance, over all that was compared at once."""
    chances = [chance for row in rows for chance in row.chances]
    verdicts = iter(analysis.beyond_chance(chances))

    def judged(row: Row) -> Row:
        mine = [next(verdicts) for _ in row.chances]
        named: dict[str, Any] = dict(zip(("wins_differ", "cycle_differs", "amount_differs"), mine, strict=False))
        return replace(row, **named)

    return [judged(row) for row in rows], len(chances)


class _Frame:
    """The deals as columns."""

    def __init__(self, deals: list[dict[str, Any]]) -> None:
        self.deals = deals
        self.won: Flags = np.array([deal["won"] for deal in deals], dtype=bool)
        self.amount: Numbers = np.array([float(deal["amount"] or 0) for deal in deals])
        self.cycle: Numbers = np.array([np.nan if deal["cycle"] is None else float(deal["cycle"]) for deal in deals])

    def strata(self, names: tuple[str, ...]) -> Codes:
        keys = [tuple(deal[name] for name in names) for deal in self.deals]
        places = {key: place for place, key in enumerate(dict.fromkeys(keys))}
        return np.array([places[key] for key in keys], dtype=np.int64)

    def rows(self, cut: Cut) -> Iterator[Row]:
        labels = np.array([cut.of(deal) for deal in self.deals], dtype=object)
        known = labels != ""
        values, counts = np.unique(labels[known].astype(str), return_counts=True)
        if len(values) < 2:
            return
        strata = self.strata(cut.strata)
        likes = {"cycle": strata, "amount": self.strata(tuple(name for name in cut.strata if name != "size"))}
        compared = {
            name: self._ranked(column, likes[name], known)
            for name, column in (("cycle", self.cycle), ("amount", self.amount))
        }
        for value in values[np.argsort(-counts, kind="stable")][:MOST]:
            group = labels == value
            won = int((group & self.won).sum())
            chances = {
                name: 1.0 if cut.key == "size" and name == "amount" else analysis.rank_test(ranked, group[which])
                for name, (which, ranked) in compared.items()
            }
            yield Row(
                cut,
                str(value),
                int(group.sum()),
                won,
                analysis.wilson(won, int(group.sum())),
                analysis.difference_of_shares(self.won[known], group[known], strata[known]),
                analysis.median(self.cycle[compared["cycle"][0] & group]),
                analysis.median(self.amount[compared["amount"][0] & group]),
                chances["cycle"],
                chances["amount"],
            )

    def _ranked(self, column: Numbers, strata: Codes, known: Flags) -> tuple[Flags, Numbers]:
        """Which won deals tell of it, and how they rank among like ones."""
        which: Flags = known & self.won & np.isfinite(column) & (column >= 0)
        left = analysis.less_own_median(np.log1p(column[which]), strata[which])
        return which, analysis.ranks(left)


def may_compare(access: Access) -> bool:
    """Who sells or leads; departments and HR see only what is theirs to see."""
    return not access.department and access.role not in {"none", "hr"}


def teams_led(user: Viewer) -> TeamQuerySet:
    """The teams one may look at apart: a single colleague's deals could be told from a team's."""
    access = access_of(user)
    return Team.objects.visible_to(user) if access.sees_all or access.leads else Team.objects.none()
