"""The lever sentence: which lever explains most of a gap, in words; and what everybody around shows as well."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import fmean

from sales.models import Activity

from ..analysis.levers import Work, split_conversion
from ..analysis.signals import Share, Signal
from .levers import Look
from .signals import SIGNS

UNCHANGED = 0.10  # a lever within this of its reference
STANDS_OUT = 0.35  # of what is missing that one lever must explain, to be the reason
LONGEST = 300

Ratios = Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Reason:
    """What a gap mostly comes from: a lever, the plan (stretch), or nothing that stands out (unknown)."""

    cause: str
    said: str
    steady: str = ""

    @property
    def sentence(self) -> str:
        return f"{self.said}; {self.steady}." if self.steady else f"{self.said}."


def reason_of(look: Look, *, otherwise: str, likely: str = "", by_now: float | None = None) -> Reason:
    """The reason in a look.

    `likely` is the lever that is least likely chance, where one is known. `by_now` is what the plan comes to by the
    person's own rhythm: who sells late is not behind for a plan that is spread evenly.
    """
    now, before, levers = look.now, look.usual, look.levers
    if before is None or not now.working_days:
        return Reason("unknown", otherwise, "there is no earlier quarter to compare with")
    ratios = ratios_of(look)
    values = {name: float(value) for name, value in levers.parts.items() if name != "plan_stretch"}
    apart = {name: float(value) for name, value in split_conversion(now, before).items()}
    worst = min(values, key=lambda name: values[name])
    if worst == "conversion":
        worst = min(apart, key=lambda name: apart[name])
    values["pipeline"] = values["conversion"]
    wanted = float(levers.expected or 0) if by_now is None else by_now
    missing, stretch = wanted - float(now.credited), wanted - float(before.credited)
    since = "last quarter" if look.compared == [1] else "in recent quarters"
    if stretch > max(-values[worst], STANDS_OUT * missing):
        more = percent(stretch / float(before.credited))
        return Reason("stretch", f"The plan asks {more} more than {since} brought", _steady(ratios, ""))
    for lever in filter(None, (likely, worst)):
        ratio = ratios[lever]
        if -values[lever] >= STANDS_OUT * missing and ratio is not None and ratio <= 1 - UNCHANGED:
            return Reason(lever, said_of(lever, look, since), _steady(ratios, lever))
    return Reason("unknown", otherwise, "no single cause stands out")


def ratios_of(look: Look) -> dict[str, float | None]:
    """Each lever now ÷ usually; None where either is unknown."""
    if look.usual is None:
        return {}
    now, before = look.now.ratios(), look.usual.ratios()
    return {name: _over(now[name], before[name]) for name in now}


def said_of(lever: str, look: Look, since: str) -> str:
    """Half as many activities as in recent quarters."""
    assert look.usual is not None
    now, before = look.now, look.usual
    ratio = ratios_of(look)[lever] or 0.0
    match lever:
        case "activity":
            kind, few = _kind(look)
            return f"{fewer(few)} {kind} {'as' if is_fraction(few) else 'than'} {since}"
        case "conversion":
            return f"{_rate(now)} of decided deals won, {_rate(before)} {since}"
        case "size":
            size = f"{_part(ratio)} as large as" if is_fraction(ratio) else f"{percent(1 - ratio)} smaller than"
            return f"Deals won are {size} {since}"
        case "pipeline":
            few = _over(now.open_deals, before.open_deals) or ratio
            return f"{fewer(few)} open deals {'as' if is_fraction(few) else 'than'} {since}"
        case _:
            return (
                f"{slower(ratio)} {since}" if ratio else f"No deals were decided, {float(before.decided):.0f} {since}"
            )


def _kind(look: Look) -> tuple[str, float]:
    """The kind of activity that most of the fall is in, if one is; else activities."""

    def compared(kinds: Collection[str]) -> tuple[float, float]:
        counts = {k: sum(look.kinds[k][kind] for kind in kinds) for k in (0, *look.compared)}
        days = {k: float(look.work[k].working_days) for k in counts}
        return counts[0], fmean(counts[k] * days[0] / days[k] for k in look.compared)

    now, before = compared(list(look.kinds[0]))
    overall = now / before if before else 1.0
    for kind in look.kinds[0]:
        mine, usual = compared([kind])
        if usual > mine and usual - mine >= 0.5 * (before - now) and mine / usual <= overall - 0.05:
            return _PLURAL[kind], mine / usual
    return "activities", overall


_PLURAL = {kind.value: (kind.label.lower() + "s") for kind in Activity.Kind}


LEVER_NAMES = {
    "plan_stretch": "Plan stretch",
    "activity": "Activity",
    "conversion": "Conversion",
    "size": "Deal size",
    "speed": "Speed",
}


# ── Around ──────────────────────────────────────────────────────────────────────────────────────────────────────

OTHERS = 3  # in the team, before they say anything
FELL = 0.8  # of what the others did usually, together
MOSTLY = 0.6  # of the others, one by one


def is_team_wide(change: float | None, each: Sequence[float]) -> bool:
    """The others in the team show the same fall: together, and most of them one by one."""
    if change is None or len(each) < OTHERS or change > FELL:
        return False
    return sum(one <= (1 + FELL) / 2 for one in each) >= MOSTLY * len(each)


def beside(reason: Reason, signals: Sequence[Signal], *, shared: bool) -> Reason:
    """The reason with what lies beside it: a cause of the whole team is not laid on one person."""
    wide = _strongest([signal for signal in signals if signal.is_team_wide], of_team=True)
    own = _strongest([signal for signal in signals if signal.is_personal], of_team=False)
    is_of_work = reason.cause not in {"stretch", "unknown"}
    if wide and (shared or not is_of_work):
        sign = SIGNS[wide.key]
        said = f"{reason.said}, and so for the whole team" if is_of_work else "The whole team is behind"
        return Reason(sign.cause, f"{said}: {_said(wide, *wide.of_team)}", "no cause of one person")
    if shared and is_of_work:
        return Reason(reason.cause, f"{reason.said}, and so for the whole team", "no cause of one person")
    if wide:
        return Reason(reason.cause, reason.said, f"for the whole team {_said(wide, *wide.of_team)}")
    if own:
        return Reason(reason.cause, reason.said, _said(own, own.now, own.before))
    return reason


def _strongest(signals: Sequence[Signal], *, of_team: bool) -> Signal | None:
    def rise(signal: Signal) -> float:
        now, before = signal.of_team if of_team else (signal.now, signal.before)
        return (now.value or 0.0) - (before.value or 0.0)

    return max((signal for signal in signals if SIGNS[signal.key].cause != "response"), key=rise, default=None)


def _said(signal: Signal, now: Share, before: Share) -> str:
    return f"{percent(now.value or 0)} {SIGNS[signal.key].said}, {percent(before.value or 0)} in the year before"


# ── Words ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _over(now: Fraction | None, before: Fraction | None) -> float | None:
    return None if now is None or not before else float(now / before)


def percent(share: float) -> str:
    return f"{round(abs(share) * 100)}%"


def _rate(work: Work) -> str:
    return percent(float(work.won / work.decided)) if work.decided else "None"


def is_fraction(ratio: float) -> bool:
    return ratio < 0.6


def fewer(ratio: float) -> str:
    """Half as many, 30% fewer."""
    if ratio < 0.15:
        return "Hardly any"
    return f"{_part(ratio).capitalize()} as many" if is_fraction(ratio) else f"{percent(1 - ratio)} fewer"


def slower(speed: float) -> str:
    """Deals take twice as long to be decided as, 40% longer than."""
    times = 1 / speed
    if not is_fraction(speed):
        return f"Deals take {percent(times - 1)} longer to be decided than"
    return f"Deals take {f'{times:.0f} times' if times >= 2.5 else 'twice'} as long to be decided as"


def _part(ratio: float) -> str:
    return "a quarter" if ratio < 0.3 else "a third" if ratio < 0.4 else "half" if ratio < 0.6 else percent(ratio)


def _steady(ratios: Ratios, besides: str) -> str:
    """What has not changed, so that nobody looks there."""
    names = {
        "conversion": "win rate", "activity": "activities", "size": "deal size", "speed": "speed of deals",
        "pipeline": "open deals per activity",
    }  # fmt: skip
    for name, word in names.items():
        ratio = ratios[name]
        if name != besides and ratio is not None and abs(ratio - 1) <= UNCHANGED * 1.5:
            return f"{word} unchanged"
    return "nothing else explains as much"
