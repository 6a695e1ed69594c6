"""Companies with help planted (tests.companies): who was low is helped, and by how much it worked is known."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from coaching.analysis.effect import NEAREST, Effect, Help, Panel, effect_of, nearest
from tests.companies import STYLES, Cause, Company, generate

FOR_MEASURE = {"bookings": "size", "win_rate": "conversion", "deals_won": "conversion"}
STYLES_HELPED = ("steady", "growing", "lumpy", "rush", "churning", "no pipeline")
LONG = {"quarters": 8}


@dataclass(frozen=True)
class Told:
    """What was planted, and what was made of it."""

    seed: int
    style: str
    measure: str
    truth: float
    effect: Effect | None

    @property
    def holds(self) -> bool:
        return self.effect is not None and self.effect.low <= self.truth <= self.effect.high


def told(seed: int, style: str, measure: str, truth: float, count: int, *, after: int = 13, people: int = 24) -> Told:
    """The lowest of the quarter before (of those there throughout) are helped, at two starts."""
    rng = np.random.default_rng([seed, 6])
    plain = generate(seed, style, people=people)
    end = plain.quarters[-1]
    starts = [end - 7 * (after + late) for late in rng.integers(0, 4, 2)]
    there = np.flatnonzero((plain.joined < plain.quarters[0]) & (plain.left > end))
    before = plain.credited(starts[0] - 91, starts[0])[there]
    lowest = there[np.argsort(before, kind="stable")][: count * 2]
    chosen = rng.permutation(lowest)[:count]
    at = {int(person): starts[n % 2] for n, person in enumerate(chosen)}
    causes = {person: Cause(FOR_MEASURE[measure], day, 1 + truth) for person, day in at.items()}
    company = generate(seed, style, causes, people=people)
    return Told(seed, style, measure, truth, judged(company, at, measure))


def judged(company: Company, at: dict[int, np.datetime64], measure: str) -> Effect | None:
    first = company.quarters[0]
    weeks = int((company.quarters[-1] - first).astype(int) // 7)
    first = company.quarters[-1] - 7 * weeks
    n = company.people

    def weekly(person, day, amount) -> np.ndarray:
        week = (day - first).astype(int) // 7
        inside = (week >= 0) & (week < weeks)
        found = np.zeros((n, weeks))
        np.add.at(found, (person[inside], week[inside]), amount[inside])
        return found

    monday = first + 7 * np.arange(weeks)
    present = 5.0 * ((monday[None] >= company.joined[:, None]) & (monday[None] < company.left[:, None]))
    decided = ~np.isnat(company.decided)
    owner, day, won = company.owner[decided], company.decided[decided], company.won[decided].astype(float)
    amounts, units = {
        "bookings": lambda: (weekly(company.seller, company.ordered, company.booked), present),
        "deals_won": lambda: (weekly(owner, day, won), present),
        "win_rate": lambda: (weekly(owner, day, won), weekly(owner, day, np.ones(len(won)))),
    }[measure]()
    helped = np.full(n, weeks)
    helps: list[Help] = []
    for person, begun in at.items():
        start = int((begun - first).astype(int) // 7)
        helped[person] = start
        helps.append(Help(person, start, weeks))
    alike = np.tile(helped == weeks, (len(helps), 1))
    if len(helps) > 8:
        begun = min(at.values())
        numbers = np.stack([company.credited(begun - 91, begun), company.joined.astype(float)], axis=1)
        none = np.empty((n, 0), dtype=object)
        among = (helped == weeks) & (company.joined < begun - 91) & (company.left > company.quarters[-1])
        for k, one in enumerate(helps):
            beside = among.copy()
            beside[one.person] = True
            alike[k] = np.isin(np.arange(n), nearest(one.person, numbers=numbers, words=none, among=beside))
        assert alike.sum(axis=1).max() <= 3 * NEAREST
    return effect_of(Panel(amounts, units, helps), helps, alike)


def many(seeds: range, truths=(0.0, 0.10, 0.25)) -> Iterator[Told]:
    measures = list(FOR_MEASURE)
    for seed in seeds:
        for n, style in enumerate(STYLES_HELPED):
            measure = measures[(seed + n) % 3]
            if measure != "bookings" and not STYLES[style].pipeline:
                measure = "bookings"
            for truth in truths:
                yield told(seed, style, measure, truth, (1, 4, 8)[(seed + n) // 3 % 3])
