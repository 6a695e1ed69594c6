"""Numbers in, numbers out: forecasts and usual rhythm."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import fmean, median, stdev

ENOUGH = 4  # earlier periods before a spread says anything
Z80 = 1.2816  # half of an 80 % range of a normal distribution, in standard deviations


@dataclass(frozen=True, slots=True)
class Landing:
    """Where a period may end: the middle and an 80 % range."""

    low: Decimal
    middle: Decimal
    high: Decimal


def landing_range(*, past: Sequence[tuple[Decimal, Decimal]], so_far: Decimal, elapsed: float) -> Landing | None:
    """`past` holds (by the same point, after it) of earlier periods; those that brought nothing tell nothing.

    What is still to come = what earlier periods brought after this point, scaled by how this one compares so far:
    not at all at the start, when that is chance, and fully at the end.
    """
    known = [(float(before), float(after)) for before, after in past if before + after > 0]
    if len(known) < ENOUGH:
        return None
    usual = fmean(before for before, _ in known)
    trend = 1.0 if usual <= 0 else 1 + elapsed * (max(float(so_far), 0.0) / usual - 1)
    rests = [after * trend for _, after in known]
    middle = float(so_far) + fmean(rests)
    spread = Z80 * stdev(rests) * (1 + 1 / len(rests)) ** 0.5
    low, high = max(middle - spread, min(float(so_far), middle)), middle + spread
    return Landing(*(Decimal(str(round(value, 2))) for value in (low, middle, high)))


# ── Who is behind ───────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How much of a period somebody usually has by this point, and how far that varies, as shares of the quota."""

    share: float
    spread: float
    periods: int


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier period of a person: credited by the same point, after it, and the quota (0: none was set)."""

    before: float
    after: float
    quota: float
    there: float = 1.0
    """How much of it they worked, ramp and relieved leave counted, × what they work now (R5)."""

    @property
    def final(self) -> float:
        return self.before + self.after


PEERS = 4  # periods that the spread of all others is worth beside a person's own
UNKNOWN_SPREAD = 0.2  # where nobody has a past: as after a quarter of a dozen deals of mixed size
LEAST_SPREAD = 0.03


def rhythms(pasts: Mapping[int, Sequence[Past]], *, elapsed: float) -> dict[int, Rhythm]:
    """Each person's rhythm, leaning on everybody's where their own past is short."""
    known = {person: [past for past in own if past.final > 0] for person, own in pasts.items()}
    everything = [past for own in known.values() for past in own]
    whole = sum(past.final for past in everything)
    usual = sum(past.before for past in everything) / whole if whole else elapsed
    variances = {person: _variance(own) for person, own in known.items() if len(own) >= 3}
    # Of all others the usual one: a few who were half there, or sell at quarter's end, say nothing of the rest.
    common = median(variances.values()) if variances else UNKNOWN_SPREAD**2
    found: dict[int, Rhythm] = {}
    for person, own in known.items():
        size, final = len(own), sum(past.final for past in own)
        mine = sum(past.before for past in own) / final if final else usual
        weight = size - 1 if person in variances else 0
        variance = (weight * variances.get(person, 0.0) + PEERS * common) / (weight + PEERS)
        lean = max(ENOUGH - size, 0)
        found[person] = Rhythm(
            share=(size * mine + lean * usual) / (size + lean), spread=max(variance**0.5, LEAST_SPREAD), periods=size
        )
    return found


def _variance(own: Sequence[Past]) -> float:
    least = fmean(past.final for past in own) / 2  # a quota that was relieved to almost nothing is no measure
    return stdev(past.before / (max(past.quota, least) if past.quota else 2 * least) for past in own) ** 2
