"""Where the cause of a gap lies: which step of a diagnosis the figures speak for, and whether it is the whole team's.

Each step has signs: shares of what went wrong, now and in the year before, of the person and of the others in the
team. The hypotheses (a step for one person, a step for the whole team, the person themselves) are weighed by Bayes'
rule. How much a sign speaks for its step is the likelihood of what is seen if the odds rose to some multiple, over that
if they stayed; both are averaged over what the share may have been, so that three of four say little and thirty of
forty much. A cause need not move all of its signs, so each is taken to move with a chance of one half.

Nobody is named for want of another explanation: a fall that the others show as well is the team's, and where the signs
tell it from a personal one only narrowly, the team is what is said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import exp, log

import numpy as np

from performance.analysis.levers import Work
from performance.analysis.signals import Share

STEPS = ("product", "price", "delivery", "service", "marketing", "training", "person")
SIGNS = {  # the step each sign speaks for
    **{f"{side}.{step}": step for side in ("rep", "buyer") for step in ("product", "price", "delivery", "service")},
    "discount": "price",
    "production": "delivery",
    "carrier": "delivery",
    "complaint": "service",
    "csat": "service",
    "response": "marketing",
    "unfit": "marketing",
    "reach": "marketing",
    "untaught": "training",
}
TIGHT = {"discount": 6.0}  # a share that varies less between cases than a yes or no does

LEAST = 4  # cases of either, before a sign says anything
MOST = 80.0  # no past is known better than so many cases tell: shares drift
SHIFTS = np.exp(np.linspace(log(1.8), log(9.0), 9))  # what a cause makes of the odds
RATES = (np.arange(60) + 0.5) / 60
STAKE = 0.06  # of a share; less of a rise is no cause of a gap, however sure

PRIOR = {"person": 2.0, "training": 0.8, "marketing": 1.0}  # beside 1 for any other step
WIDE = 1.0  # a team-wide cause, beside a personal one
CAUTION = 0.15  # from this probability on a cause is called the team's
SURE = 0.5  # of a step, to be proposed as likely; below, as the first to look at

FELL, MOSTLY, OTHERS = 0.8, 0.6, 3  # the others together; so many of them one by one; so many at least
STEADY, UNKNOWN, MOST_SHARED = (
    -3.0,
    -1.0,
    4.0,
)  # what the others' levers say for a cause of all: none, few of them, most
SPEAKS = -0.5  # of the logarithm; less is no fall
SWING = 0.01  # good and bad weeks of a whole team


@dataclass(frozen=True, slots=True)
class Support:
    """What the person was given: courses that were due and done, skills rated low, how new they are."""

    tenure_months: float | None = None
    due: int = 0
    done: int = 0
    weak: Sequence[str] = ()

    @property
    def is_new(self) -> bool:
        return self.tenure_months is not None and self.tenure_months <= 6

    @property
    def lacks(self) -> int:
        return max(self.due - self.done, 0)

    @property
    def log_odds(self) -> float:
        """How much it speaks for training, beside what the results on new products say."""
        found = 1.1 * min(self.lacks, 2) + 0.9 * min(len(self.weak), 2)
        if self.is_new:
            found += 1.6 if self.lacks or not self.due else 0.6
        return found if found else -1.0


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that is weighed. `shares`: sign → (now, before), of the person and of the others in the team."""

    person: int
    shares: Mapping[int, Mapping[str, tuple[Share, Share]]]
    work: Mapping[int, tuple[Work, Work | None]] = field(default_factory=dict)
    support: Support = field(default_factory=Support)


@dataclass(frozen=True, slots=True)
class Look:
    """One step: how likely it is the cause, whether the others show it, and the sign that speaks most for it."""

    step: str
    chance: float
    is_team_wide: bool
    sign: str = ""
    known: bool = True
    """Whether there were figures enough to say anything."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the figures speak for. No step: they tell none apart."""

    step: str
    is_team_wide: bool
    chance: float
    looks: Mapping[str, Look]
    lever: str = ""
    """Where the person's own work differs most; with `is_team_wide` and no step, what fell for all."""


def log_odds(now: Share, before: Share, *, weight: float = 1.0) -> float | None:
    """The logarithm of how much likelier the share is if its odds have risen than if not; unknown for too few cases."""
    if now.cases < LEAST or before.cases < LEAST or now.value is None or before.value is None:
        return None
    new, old = min(max(now.value, 0.0), 1.0), min(max(before.value, 0.0), 1.0)
    n, m = now.cases * weight, min(before.cases * weight, MOST)
    # What the share usually is: as before tells, and one case at each end.
    usual = (old * m + 0.3) * np.log(RATES) + ((1 - old) * m + 1.0) * np.log1p(-RATES)
    belief = np.exp(usual - usual.max())
    belief /= belief.sum()

    def likelihood(rates: np.ndarray) -> np.ndarray:
        fits: np.ndarray = new * n * np.log(rates) + (1 - new) * n * np.log1p(-rates)
        return fits

    stayed = likelihood(RATES)
    odds = RATES / (1 - RATES)
    raised = np.clip(odds * SHIFTS[:, None] / (1 + odds * SHIFTS[:, None]), 1e-6, 1 - 1e-6)
    rose = likelihood(raised)
    top = max(float(stayed.max()), float(rose.max()))
    same = float((belief * np.exp(stayed - top)).sum())
    more = float((belief * np.exp(rose - top)).mean(axis=0).sum())
    if same <= 0 or more <= 0:
        return 30.0 if more > same else -30.0
    return log(more / same)


def speaks(now: Share, before: Share, key: str) -> float | None:
    """What one sign adds to its step: it moves with a chance of one half, and a small rise explains no gap."""
    found = log_odds(now, before, weight=TIGHT.get(key, 1.0))
    if found is None:
        return None
    if (now.value or 0.0) - (before.value or 0.0) < STAKE:
        found = min(found, 0.0)
    return log(0.5 * exp(min(found, 30.0)) + 0.5)


def propose(facts: Facts) -> Proposal:
    """The step that the figures speak for most."""
    own = facts.shares.get(facts.person, {})
    others = {pk: shares for pk, shares in facts.shares.items() if pk != facts.person}
    scores: dict[tuple[str, bool], float] = {}
    best: dict[str, tuple[float, str]] = {}
    known: set[str] = set()
    shown: dict[str, bool] = {}  # by the others as well: without that nothing is called theirs
    falls, shared = _falls(facts)
    for step in STEPS[:-1]:
        mine = wide = 0.0
        for key in (key for key, of in SIGNS.items() if of == step):
            said = speaks(*own.get(key, (Share(), Share())), key)
            around = _around(others, key)
            if said is None and around is None:
                continue
            known.add(step)
            mine += said or 0.0
            wide += around or 0.0
            best[step] = max(best.get(step, (0.0, "")), ((said or 0.0) + max(around or 0.0, 0.0), key))
        shown[step] = wide > 0 or shared > 0
        if step == "training":
            known.add(step)
            mine += facts.support.log_odds
        scores[step, False] = log(PRIOR.get(step, 1.0)) + mine
        scores[step, True] = log(PRIOR.get(step, 1.0) * WIDE) + mine + wide + shared
    lever = max(falls, key=lambda name: falls[name][1], default="")
    # Less work done is the person's, or for want of leads; a product or a price does not bring it about.
    scores["person", False] = log(PRIOR["person"]) + (
        min(max(falls["activity"][1], 0.0), 3.0) if "activity" in falls else 0.0
    )
    scores["", True] = log(PRIOR["person"] * WIDE) + shared
    chances = _normalised(scores)
    looks = {
        step: Look(
            step, chances[step, False] + chances[step, True],
            shown[step] and chances[step, True] > CAUTION * (chances[step, False] + chances[step, True]),
            best.get(step, (0.0, ""))[1], step in known,
        )
        for step in STEPS[:-1]
    }  # fmt: skip
    is_shared = shared > 0 and chances["", True] >= CAUTION * (chances["", True] + chances["person", False])
    looks["person"] = Look("person", chances["person", False] + chances["", True], is_shared, lever, bool(falls))
    step = max(looks, key=lambda name: looks[name].chance)
    found = looks[step]
    if step == "person" and not is_shared and not any(speaking > SPEAKS for _, speaking in falls.values()):
        return Proposal("", False, found.chance, looks)  # nobody is named for want of another explanation
    if step == "person" and is_shared:
        return Proposal("", True, found.chance, looks, lever)
    team = sum(chance for (_, is_wide), chance in chances.items() if is_wide)
    if step == "person" and team >= 0.5 and any(shown.values()):
        step = max((one for one in STEPS[:-1] if shown[one]), key=lambda name: chances[name, True])
        return Proposal(step, True, looks[step].chance, looks, lever)
    return Proposal(step, found.is_team_wide, found.chance, looks, lever)


def _around(others: Mapping[int, Mapping[str, tuple[Share, Share]]], key: str) -> float | None:
    """What the others say together, also without the one of them who shows it most: one of them is no team."""
    found = [shares[key] for shares in others.values() if key in shares]
    if not found:
        return None
    now = sum((one[0] for one in found), Share())
    before = sum((one[1] for one in found), Share())
    usual = before.value or 0.0
    most, then = max(found, key=lambda one: one[0].part - usual * one[0].whole)
    said, without = speaks(now, before, key), speaks(now - most, before - then, key)
    if said is None:
        return None
    if without is None:
        return min(said, 0.0)
    return min(said, without)


def _falls(facts: Facts) -> tuple[dict[str, tuple[float, float]], float]:
    """Each lever that fell: now ÷ usually, and how much it speaks for a cause; and how much the others share of it."""
    if facts.person not in facts.work:
        return {}, -30.0
    mine = changes(*facts.work[facts.person])
    around = [changes(*work) for pk, work in facts.work.items() if pk != facts.person and work[1] is not None]
    known = [pair for pk, pair in facts.work.items() if pk != facts.person and pair[1] is not None]
    falls, shared = {}, STEADY if len(known) >= OTHERS else UNKNOWN
    for name, (change, error) in mine.items():
        speaking = _ratio(change, error)
        if change < 0:
            falls[name] = exp(change), speaking
        each = [exp(one[name][0]) for one in around if name in one]
        together = changes(_sum([now for now, _ in known]), _sum([before for _, before in known if before])).get(name)
        if speaking > 0 and together is not None and is_shared(exp(together[0]), each):
            shared = max(shared, min(_ratio(together[0], together[1] + SWING), MOST_SHARED))
    return falls, shared


def is_shared(change: float, each: Sequence[float]) -> bool:
    """The others show the same fall: together, and most of them one by one."""
    if len(each) < OTHERS or change > FELL:
        return False
    return sum(one <= (1 + FELL) / 2 for one in each) >= MOSTLY * len(each)


def changes(now: Work, usual: Work | None) -> dict[str, tuple[float, float]]:
    """The logarithm of each lever's change and its sampling variance, of those that both sides can tell."""
    if usual is None or not now.working_days or not usual.working_days:
        return {}
    scale = float(now.working_days / usual.working_days)
    found: dict[str, tuple[float, float]] = {}
    acts, then = float(now.activities), float(usual.activities) * scale
    if usual.activities:
        found["activity"] = log((acts + 0.5) / (then + 0.5)), 4 * (1 / (acts + 0.5) + 1 / (then + 0.5)) + 0.02
    if usual.won and usual.decided and now.decided:
        rate = min(float(usual.won / usual.decided), 0.97)
        change = log((float(now.won) + rate) / (float(now.decided) + 1) / rate)
        found["conversion"] = (
            change,
            (1 - rate) / rate * (1 / (float(now.decided) + 1) + 1 / (float(usual.decided) + 1)),
        )
    if usual.won and now.won and usual.credited > 0 and now.credited > 0:
        change = log(float(now.credited / now.won) / float(usual.credited / usual.won))
        found["size"] = change, 0.8 * (1 / float(now.won) + 1 / max(float(usual.won), 1.0))
    if usual.decided and usual.open_deals and now.open_deals:
        expected = float(usual.decided) * scale * float(now.open_deals / usual.open_deals)
        found["speed"] = (
            log((float(now.decided) + 0.5) / (expected + 0.5)),
            1 / (expected + 0.5) + 1 / (float(usual.decided) + 0.5) + 1 / float(now.open_deals),
        )
    return found


def _ratio(change: float, variance: float) -> float:
    """The logarithm of how much likelier a fall to about 0.6 is than none."""
    drop, around = log(0.6), 0.3
    fell = -((change - drop) ** 2) / (2 * (variance + around**2)) - 0.5 * log(variance + around**2)
    stayed = -(change**2) / (2 * variance) - 0.5 * log(variance)
    return fell - stayed


def _sum(works: Sequence[Work]) -> Work:
    whole = works[0] if works else Work()
    for work in works[1:]:
        whole = whole + work
    return whole


def _normalised(scores: Mapping[tuple[str, bool], float]) -> dict[tuple[str, bool], float]:
    top = max(scores.values())
    weights = {key: exp(max(score - top, -60.0)) for key, score in scores.items()}
    whole = sum(weights.values())
    return {key: weight / whole for key, weight in weights.items()}
