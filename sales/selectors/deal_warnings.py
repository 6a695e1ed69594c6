"""What is odd about open deals, with the figures behind it; of as many deals as a page shows, in one query."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection

from sales.models import Deal, Pipeline, Stage

# While too few won deals tell what is usual.
QUIET_DAYS = 30
ENOUGH_QUIET, ENOUGH_WON = 5, 10
PUSHES = 3


@dataclass(frozen=True, slots=True)
class DealWarning:
    """A word for the list, a sentence with its figures for the page."""

    kind: str  # quiet, no_step, step_overdue, pushed, skipped, unlike
    word: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Slippage:
    """How a closing day moved: how often further out, from which day to which (R19)."""

    pushes: int
    first: date | None
    now: date | None

    @property
    def days(self) -> int:
        """Later than first expected; below zero: earlier."""
        return (self.now - self.first).days if self.first and self.now else 0


@dataclass(frozen=True, slots=True)
class Signs:
    """What warnings are judged by."""

    last_activity: date | None
    entered: date | None
    stages: tuple[str, ...]  # in which it stood, in their order
    slippage: Slippage
    worth: Decimal | None


SIGNS = """
    SELECT d.id,
           (SELECT max(a.occurred_on) FROM sales_activity a WHERE a.deal_id = d.id AND a.withdrawn_at IS NULL),
           moved.entered, moved.stages, coalesce(due.pushes, 0), due.first,
           d.amount * CASE WHEN d.currency = (SELECT currency FROM teams_organisation) THEN 1 ELSE
               (SELECT x.rate FROM teams_exchangerate x
                 WHERE x.currency = d.currency AND x.kind = 'actual' AND x.during @> %(today)s::date) END
      FROM sales_deal d
      LEFT JOIN LATERAL (
          SELECT max(c.changed_at)::date AS entered, array_agg(c.value ORDER BY c.changed_at, c.id) AS stages
            FROM sales_dealchange c WHERE c.deal_id = d.id AND c.field = 'stage') moved ON true
      LEFT JOIN LATERAL (
          SELECT count(*) FILTER (WHERE c.was <> '' AND c.value > c.was) AS pushes,
                 (array_agg(c.value ORDER BY c.changed_at, c.id) FILTER (WHERE c.value <> ''))[1] AS first
            FROM sales_dealchange c WHERE c.deal_id = d.id AND c.field = 'expected_close_on') due ON true
     WHERE d.id = ANY(%(ids)s)
"""


def signs_of(deals: Iterable[Deal], today: date) -> dict[int, Signs]:
    """By deal, in one query."""
    by_id = {deal.pk: deal for deal in deals}
    if not by_id:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(SIGNS, {"ids": list(by_id), "today": today})
        return {
            pk: Signs(
                last_activity=last,
                entered=entered,
                stages=tuple(stages or ()),
                slippage=Slippage(pushes, _day(first), by_id[pk].expected_close_on),
                worth=worth,
            )
            for pk, last, entered, stages, pushes, first, worth in cursor.fetchall()
        }


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def warnings_of(
    deals: Iterable[Deal], today: date, stages: Iterable[Stage], *, signs: dict[int, Signs] | None = None
) -> dict[int, list[DealWarning]]:
    """What is odd about each of these deals that is open; `stages` with their pipelines, all there are."""
    waiting = [deal for deal in deals if deal.is_open]
    known = signs_of(waiting, today) if signs is None else signs
    by_pipeline: dict[int, list[Stage]] = {}
    for stage in stages:
        by_pipeline.setdefault(stage.pipeline_id, []).append(stage)
    by_stage = {stage.pk: stage for mine in by_pipeline.values() for stage in mine}
    found = {}
    for deal in waiting:
        if deal.stage_id not in by_stage or deal.pk not in known:
            continue
        stage = by_stage[deal.stage_id]
        before = [other for other in by_pipeline[stage.pipeline_id] if other.position < stage.position]
        found[deal.pk] = list(_judge(deal, known[deal.pk], stage, before, today))
    return found


def _judge(deal: Deal, signs: Signs, stage: Stage, before: list[Stage], today: date) -> Iterable[DealWarning]:
    yield from _quiet(deal, signs, stage, today)
    if not deal.next_step:
        yield DealWarning("no_step", "No next step", "No next step is set.")
    elif deal.next_step_on and deal.next_step_on < today:
        late = (today - deal.next_step_on).days
        yield DealWarning(
            "step_overdue",
            "Step overdue",
            f"The next step was due on {_said(deal.next_step_on)}, {_days(late)} ago: {deal.next_step}.",
        )
    slippage = signs.slippage
    if slippage.pushes >= PUSHES and slippage.first and slippage.now:
        yield DealWarning(
            "pushed",
            f"Pushed {slippage.pushes} ×",
            f"Its closing day was pushed {slippage.pushes} times, from {_said(slippage.first)} "
            f"to {_said(slippage.now)}: {_days(abs(slippage.days))} {'later' if slippage.days >= 0 else 'earlier'}.",
        )
    # Where a deal was opened is a choice, not a jump: what lies before is not skipped.
    began = next((other.position for other in before if signs.stages and other.name == signs.stages[0]), stage.position)
    skipped = [other for other in before if other.position > began and other.name not in signs.stages]
    if skipped:
        names = " and ".join(other.name for other in skipped)
        usual = _won_that_skipped(skipped, stage.pipeline)
        yield DealWarning("skipped", f"Skipped {skipped[0].name}", f"It went past {names}{usual}.")
    yield from _unlike(deal, signs, stage.pipeline, today)


def _quiet(deal: Deal, signs: Signs, stage: Stage, today: date) -> Iterable[DealWarning]:
    since = max(filter(None, [signs.last_activity, signs.entered, deal.opened_on]), default=None)
    if since is None:
        return
    quiet = (today - since).days
    is_known = stage.quiet_days is not None and (stage.quiet_deals or 0) >= ENOUGH_QUIET
    usual = stage.quiet_days if is_known and stage.quiet_days is not None else QUIET_DAYS
    if quiet <= usual:
        return
    why = (
        f"nine of ten of the {stage.quiet_deals:,} deals won were left alone in {stage} for {_days(usual)} at most"
        if is_known
        else f"{_days(usual)} is the limit until enough won deals tell what is usual in {stage}"
    )
    yield DealWarning("quiet", f"Quiet {_days(quiet)}", f"Nothing has happened for {_days(quiet)}; {why}.")


def _won_that_skipped(skipped: list[Stage], pipeline: Pipeline) -> str:
    if not pipeline.won_deals:
        return ""
    count = min(other.skipped_won or 0 for other in skipped)
    return f"; {count or 'none'} of the {pipeline.won_deals:,} deals won never stood there"


def _unlike(deal: Deal, signs: Signs, pipeline: Pipeline, today: date) -> Iterable[DealWarning]:
    won = pipeline.won_deals or 0
    if won < ENOUGH_WON:
        return
    if signs.worth is not None and pipeline.most_won is not None and signs.worth > pipeline.most_won:
        yield DealWarning(
            "unlike",
            "Larger than any won",
            f"It is worth {signs.worth:,.0f}, the largest of {won:,} deals won was {pipeline.most_won:,.0f}.",
        )
    elif signs.worth and pipeline.least_won is not None and signs.worth < pipeline.least_won:
        yield DealWarning(
            "unlike",
            "Smaller than any won",
            f"It is worth {signs.worth:,.0f}, the smallest of {won:,} deals won was {pipeline.least_won:,.0f}.",
        )
    if deal.opened_on and pipeline.longest_won_days is not None:
        age = (today - deal.opened_on).days
        if age > pipeline.longest_won_days:
            yield DealWarning(
                "unlike",
                "Older than any won",
                f"It has been open for {_days(age)}; the slowest of {won:,} deals won took "
                f"{_days(pipeline.longest_won_days)}.",
            )


def odds_sentence(deal: Deal) -> str:
    """Where a deal's probability comes from."""
    stage = deal.stage
    if not stage.reached:
        return f"The usual {stage.probability.normalize():f} % of {stage}; too few deals have been decided yet."
    own = f"{stage.reached_won:,} of {stage.reached:,} deals that reached {stage} were won"
    if not stage.is_thin:
        return f"{own}."
    return f"{own}, drawn towards the usual {stage.probability.normalize():f} % while they are few."


def _said(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _days(count: int) -> str:
    return f"{count} day{'' if count == 1 else 's'}"
