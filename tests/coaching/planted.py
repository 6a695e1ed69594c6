"""Companies with a cause built in, of a person or a team, read as a diagnosis reads them: from arrays."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from coaching.analysis.diagnosis import STEPS, Facts, Support
from performance.analysis.levers import Work, mean_work
from performance.analysis.signals import Share
from tests.companies import Cause, Company, generate

TEAM, TEAMS = 8, 3
REASONS = ("price", "product", "delivery", "service", "no_decision", "competitor", "no_budget", "other")
USUAL = np.array([0.2, 0.1, 0.06, 0.06, 0.24, 0.18, 0.1, 0.06])
SIGNS = {  # how often, usually and when its step is the cause; of which records
    "production": (0.1, 0.45, "order"),
    "carrier": (0.08, 0.4, "order"),
    "complaint": (0.06, 0.28, "order"),
    "csat": (0.1, 0.4, "answer"),
    "response": (0.15, 0.5, "lead"),
    "unfit": (0.3, 0.62, "lead"),
    "reach": (0.2, 0.5, "lead"),
}
PAIRS = {
    "delivery": ("production", "carrier"),
    "service": ("complaint", "csat"),
    "marketing": ("unfit", "response", "reach"),
}


@dataclass(frozen=True)
class Planted:
    """Somebody whose results fell, what is known about them and their team, and the truth."""

    facts: Facts
    step: str
    is_team_wide: bool
    company: Company
    spans: list[tuple[Any, Any]]


def cases(seed: int, *, size: int = TEAM, deals: int = 50) -> Iterator[Planted]:
    """The cases of one company: each of its teams has a cause, of one person or of everybody."""
    rng = np.random.default_rng([seed, 6])
    truth: dict[int, tuple[str, bool]] = {}
    causes: dict[int, Cause] = {}
    style: dict[str, Any] = {
        "people": size * TEAMS, "deals": deals, "churn": 0.0, "size_spread": 0.5, "quarters": 6,
    }  # fmt: skip
    plain = generate(seed, "steady", **style)
    start, end = plain.quarters[-2], plain.quarters[-1]
    until = start + int(0.62 * (end - start).astype(int))
    asked = []
    for team in range(TEAMS):
        step = STEPS[(seed * TEAMS + team) % len(STEPS)]
        is_wide = step != "person" and bool(rng.random() < 0.5)
        people = range(team * size, (team + 1) * size)
        who = int(rng.choice(people))
        asked.append((who, people, step, is_wide))
        for person in people if is_wide else [who]:
            truth[person] = (step, is_wide)
            lever = str(rng.choice(["activity", "conversion", "speed"])) if step == "person" else "conversion"
            causes[person] = Cause(lever, start, float(rng.uniform(0.45, 0.6)))
    company = generate(seed, "steady", causes, **style)
    spans = [(start, until), (start - 365, start)]
    found = {
        person: _signs(rng, company, person, truth.get(person, ("", False))[0], spans) for person in range(size * TEAMS)
    }
    for who, people, step, is_wide in asked:
        work = {person: (_work(company, person, *spans[0]), _usual(company, person, spans)) for person in people}
        support = found[who][1]
        yield Planted(Facts(who, {p: found[p][0] for p in people}, work, support), step, is_wide, company, spans)


def _signs(
    rng: np.random.Generator, company: Company, person: int, step: str, spans: list[tuple[Any, Any]]
) -> tuple[dict[str, tuple[Share, Share]], Support]:
    shares: dict[str, list[Share]] = {}
    own = np.exp(rng.normal(0, 0.25, len(USUAL)))
    moved = {s: _some(rng, signs) for s, signs in PAIRS.items()}.get(step, ())
    is_taught, product = True, step == "training" and rng.random() < 0.5
    for now, (start, until) in ((True, spans[0]), (False, spans[1])):
        inside = (company.owner == person) & (company.decided >= start) & (company.decided < until)
        won, lost = int((inside & company.won).sum()), int((inside & ~company.won).sum())
        odds = USUAL * own * np.exp(rng.normal(0, 0.15, len(USUAL)))
        odds /= odds.sum()
        if now and step in REASONS:
            place = REASONS.index(step)
            odds = odds * 0.55
            odds[place] += 0.45
        for side, known in (("rep", 0.85), ("buyer", 0.45)):
            drawn = rng.multinomial(rng.binomial(lost, known), odds / odds.sum())
            for reason in REASONS[:4]:
                _put(shares, f"{side}.{reason}", int(drawn[REASONS.index(reason)]), int(drawn.sum()))
        discounts = np.clip(
            rng.normal(0.14 if now and step == "price" and rng.random() < 0.7 else 0.06, 0.05, won), 0, 0.5
        )
        shares.setdefault("discount", []).append(Share(float(discounts.sum()), float(won), won))
        leads = int(rng.poisson((until - start).astype(int) / 91 * 30))
        many = {"order": won, "answer": rng.binomial(won, 0.5), "lead": leads}
        for key, (usual, bad, of) in SIGNS.items():
            rate = bad if now and key in moved else usual * float(np.exp(rng.normal(0, 0.15)))
            _put(shares, key, int(rng.binomial(many[of], rate)), int(many[of]))
    if product:
        decided = [
            int(((company.owner == person) & (company.decided >= a) & (company.decided < b)).sum()) for a, b in spans
        ]
        new = rng.binomial(decided[0], 0.5)
        _put(shares, "untaught", int(rng.binomial(new, 0.75)), int(new))
        _put(shares, "untaught", int(rng.binomial(decided[1], 0.4)), decided[1])
        is_taught = bool(rng.random() < 0.3)
    is_new = step == "training" and not product
    due = 2 if is_new or not is_taught else int(rng.random() < 0.5)
    done = due if not is_new and is_taught and rng.random() < 0.85 else 0
    weak = ["closing"] if (step == "training" and rng.random() < 0.4) or rng.random() < 0.08 else []
    tenure = 4.0 if is_new else 5.0 if rng.random() < 0.05 else 40.0
    return {key: (own[0], own[1]) for key, own in shares.items()}, Support(tenure, due, done, weak)


def _some(rng: np.random.Generator, signs: tuple[str, ...]) -> tuple[str, ...]:
    """A cause rarely moves all of its signs."""
    kept = tuple(one for one in signs if rng.random() < 0.65)
    return kept or (signs[int(rng.integers(len(signs)))],)


def _put(shares: dict[str, list[Share]], key: str, part: int, whole: int) -> None:
    shares.setdefault(key, []).append(Share(part, whole, whole))


def _usual(company: Company, person: int, spans: list[tuple[Any, Any]]) -> Work:
    (start, until), days = spans[0], int((spans[0][1] - spans[0][0]).astype(int))
    windows = [_work(company, person, start - 91 * k, start - 91 * k + days) for k in range(1, 4)]
    return mean_work([one.scaled(_days(start, until)) for one in windows])


def _work(company: Company, person: int, start: Any, until: Any) -> Work:
    decided = (company.owner == person) & (company.decided >= start) & (company.decided < until)
    won = decided & company.won
    own = company.owner == person
    last = np.where(np.isnat(company.decided), until, np.minimum(company.decided, until))
    held = np.maximum((last - np.maximum(company.opened, start)).astype(int), 0)[own].sum()
    acted = int(((company.actor == person) & (company.acted >= start) & (company.acted < until)).sum())
    credited = Decimal(str(round(float(company.amount[won].sum()), 2)))
    return Work(
        Fraction(acted), Fraction(int(held), int((until - start).astype(int))), Fraction(int(won.sum())),
        Fraction(int(decided.sum())), Fraction(credited), _days(start, until),
    )  # fmt: skip


def _days(start: Any, until: Any) -> Fraction:
    return Fraction(int(np.busday_count(start, until)))
