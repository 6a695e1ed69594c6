"""What holds for every base, calendar, tree and set of bounds: parts equal the whole to the cent, every time."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal as D
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from salesmgmt.lib.money import share_out
from salesmgmt.lib.refusals import Refused
from targets.analysis import Seat, derive, learn_shares, rebalance, seat, split, spread

START, END = date(2026, 7, 1), date(2026, 10, 1)
SHARES = {date(2026, 7, 1): D(20), date(2026, 8, 1): D("33.3333"), date(2026, 9, 1): D("46.6667")}
KINDS = frozenset({"fte", "ramp"})
cents = st.integers(0, 10**12).map(lambda n: D(n).scaleb(-2))


@dataclass(frozen=True)
class Days:
    days: Any
    team_ids: Any
    employed: Any
    fte: Any
    relieved: Any
    away: Any
    tenure_month: Any
    ramp: Any


@st.composite
def seats(draw: st.DrawFn) -> Seat:
    days = np.array(sorted(draw(st.sets(st.integers(0, 91), max_size=70))), dtype=np.int64) + np.datetime64(START)
    size = len(days)

    def flags() -> Any:
        return np.array(draw(st.lists(st.booleans(), min_size=size, max_size=size)), dtype=bool)

    joined, left = sorted(draw(st.tuples(st.integers(0, size), st.integers(0, size))))
    employed = np.zeros(size, dtype=bool)
    employed[joined:left] = True
    relieved = flags()
    shares = draw(st.sampled_from([{}, SHARES]))
    return seat(
        Days(
            days=days,
            team_ids=np.where(employed, draw(st.sampled_from([1, 2])), 0),
            employed=employed,
            fte=np.array([draw(st.sampled_from([D(1), D("0.6"), D("0.3333")]))] * size, dtype=object),
            relieved=relieved,
            away=relieved | flags(),
            tenure_month=np.arange(size) // 20 + 1,
            ramp=np.full(size, draw(st.sampled_from(["", "Newcomer"])), dtype=object),
        ),
        start=START,
        end=END,
        shares=shares,
        team_id=1,
        ramps={"Newcomer": {1: D("12.5"), 2: D(50)}},
    )


@given(cents, seats())
@settings(max_examples=150, deadline=None)
def test_what_a_base_leads_to_is_never_negative_and_what_stays_with_the_team_is_what_was_taken(
    base: D, of: Seat
) -> None:
    parts = derive(base, of, start=START, end=END)
    sums: dict[str, D] = {}
    for part in parts:
        sums[part.kind] = sums.get(part.kind, D(0)) + part.amount
        assert START <= part.start < part.end <= END
    person = sum((amount for kind, amount in sums.items() if kind not in {"vacant", "uncovered"}), D(0))
    assert 0 <= person <= base
    assert sums.get("vacant", D(0)) == -sums.get("employment", D(0))
    assert sums.get("uncovered", D(0)) == -sums.get("leave", D(0))
    assert parts == derive(base, of, start=START, end=END)


@given(cents, seats())
@settings(max_examples=150, deadline=None)
def test_a_quota_spread_over_days_sums_to_it_exactly_and_no_relieved_day_bears_any(total: D, of: Seat) -> None:
    days = spread(total, of, end=END, kinds=KINDS)
    assert sum((amount for _, amount in days), D(0)) == total
    assert all(amount == round(amount, 6) for _, amount in days)
    assert len({day for day, _ in days}) == len(days)
    free = set(of.days[of.employed & ~of.relieved & (of.ramp > 0)].astype(object))
    if free:
        assert {day for day, _ in days} <= free


@given(cents, seats())
@settings(max_examples=100, deadline=None)
def test_full_time_and_always_there_is_exactly_the_base(base: D, of: Seat) -> None:
    always = Seat(
        of.days,
        of.bucket,
        of.weight,
        np.ones(len(of.days), dtype=bool),
        np.full(len(of.days), 10_000),
        np.zeros(len(of.days), dtype=bool),
        of.away,
        np.full(len(of.days), 10_000),
    )
    assert [(part.kind, part.amount) for part in derive(base, always, start=START, end=END)] == [("base", base)]


@given(cents, st.lists(st.fractions(0, 10**6), min_size=1, max_size=12).filter(any))
@settings(max_examples=200, deadline=None)
def test_a_split_sums_to_the_whole_within_a_cent_of_each_share(total: D, weights: list[Fraction]) -> None:
    parts = split(total, dict(enumerate(weights)))
    assert sum(parts.values()) == total
    for key, part in parts.items():
        assert abs(Fraction(part) - Fraction(total) * weights[key] / sum(weights)) < Fraction(1, 100)


pasts = st.lists(st.tuples(*[st.tuples(st.integers(-100, 10**7), st.integers(1, 25))] * 3), min_size=1, max_size=8)


@given(pasts)
@settings(deadline=None)
def test_learned_shares_total_a_hundred_percent_and_lie_between_flat_and_the_past(history: list[Any]) -> None:
    past = {str(place): [(D(row[place][0]), row[place][1]) for row in history] for place in range(3)}
    learned = learn_shares(past, {f"2026-0{7 + place}": (str(place), 21) for place in range(3)})
    assume(learned.shares)
    assert 0 <= learned.weight <= 1
    third = D(100) / 3
    for key, share in learned.shares.items():
        assert share >= 0
        low, high = sorted([third, learned.raw[key]])
        assert low - D("0.01") <= share <= high + D("0.01") or learned.weight
    assert sum(learned.shares.values()) == sum(learned.raw.values()) == 100


shares = st.lists(st.integers(0, 10**6), min_size=1, max_size=14).filter(any)


@given(shares, st.data(), st.sampled_from(["proportional", "equal"]))
@settings(deadline=None)
def test_a_season_set_in_part_comes_to_a_hundred_percent(weights: list[int], data: st.DataObject, rule: str) -> None:
    keys = [str(place) for place in range(len(weights))]
    standing = share_out(D(100), dict(zip(keys, map(D, weights), strict=True)), order=keys, unit=D("0.0001"))
    chosen = data.draw(st.lists(st.sampled_from(keys), unique=True, max_size=len(keys)))
    said = {key: data.draw(st.integers(0, 10**6)) / D(10**4) for key in chosen}
    try:
        now = rebalance(standing, said, rule)
    except Refused:
        assume(False)
    assert sum(now.values()) == 100
    assert all(percent >= 0 for percent in now.values())
    assert {key: now[key] for key in said} == said
