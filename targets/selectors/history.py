"""The whole history of a figure in one timeline, within what the viewer may see."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q

from targets.models import (
    BOOKINGS,
    Allocation,
    AnnouncedFigure,
    Announcement,
    Answer,
    OfferEvent,
    Plan,
    PlanApproval,
    QuotaEntry,
    QuotaProposal,
    Response,
    Target,
)
from targets.selectors.letters import plans_of
from targets.selectors.plans import acts_on
from teams.models import Person, Viewer, access_of


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened to a figure. `total` is what the figure came to with it."""

    at: datetime
    kind: str
    text: str
    by: Any
    reason: str = ""
    was: Decimal | None = None
    amount: Decimal | None = None
    total: Decimal | None = None

    @property
    def icon(self) -> str:
        return ICONS.get(self.kind, "info")


ICONS = {
    "proposed": "sparkles",
    "changed": "pencil",
    "submitted": "arrow-up",
    "approved": "check",
    "sent_back": "undo-2",
    "published": "target",
    "entry": "plus",
    "redistribution": "users",
    "offered": "handshake",
    "refused": "x",
    "withdrawn": "x",
    "reversal": "undo-2",
    "accepts": "circle-check",
    "objects": "triangle-alert",
    "answer_stands": "message-circle",
    "answer_changed": "message-circle",
    "answer_asked_up": "arrow-up",
    "asked": "arrow-up",
    "announced": "presentation",
    "target": "target",
}
SAID = {
    "offered": "was asked to take on a part of a colleague’s quota",
    "refused": "refused to take it on",
    "withdrawn": "is no longer asked to take it on",
}
ORDER = list(ICONS)  # of what happened in one moment


def history_of(person: Person, user: Viewer, *, start: date, end: date, measure: str = BOOKINGS) -> list[Happening]:
    """Everything that happened to a person's figure in `[start, end)`, in its order."""
    if not access_of(user).sees_person(person.pk):
        return []
    plans = list(
        Plan.objects.visible_to(user)
        .filter(measure=measure, during__overlap=(start, end), pk__in=plans_of(person.pk).values("pk"))
        .select_related("made_by", "published_by")
    )
    lines = Allocation.objects.filter(plan__in=plans, person=person).select_related("plan", "team")
    found = _of_plans(plans, list(lines), user)
    entries = (
        QuotaEntry.objects.visible_to(user)
        .overlapping(start, end)
        .filter(person=person, measure=measure)
        .select_related("by", "team", "plan")
        .order_by("recorded_at", "pk")
    )
    total = Decimal(0)
    for entry in entries:
        total += entry.reporting_amount
        kind = "redistribution" if entry.kind == QuotaEntry.Kind.REDISTRIBUTION else "entry"
        found.append(
            Happening(
                entry.recorded_at,
                "reversal" if entry.reverses_id else kind,
                f"{entry.get_kind_display()}{f' in {entry.team}' if entry.team else ''}"
                + (", taken back" if entry.reverses_id else ""),
                entry.by,
                entry.reason,
                amount=entry.reporting_amount,
                total=total,
            )
        )
    found += _offers(person, user, start, end, measure)
    said = Response.objects.visible_to(user).filter(plan__in=plans, person=person)
    for response in said:
        word = "accepted" if response.stance == Response.Stance.ACCEPTS else "objected to"
        found.append(
            Happening(
                response.at,
                response.stance,
                f"{person.name} {word} the figure",
                person,
                response.statement or response.approach,
                amount=response.quota,
            )
        )
    for answer in Answer.objects.filter(response__in=said).select_related("by", "asked"):
        asked = f": {answer.asked}" if answer.asked else ""
        found.append(
            Happening(
                answer.at,
                f"answer_{answer.kind}",
                f"{answer.get_kind_display()}{asked}",
                answer.by,
                answer.text,
                answer.was,
                answer.amount,
            )
        )
    told = AnnouncedFigure.objects.visible_to(user).filter(announcement__plan__in=plans, person=person)
    for figure in told.select_related("announcement__by", "announcement__strategy"):
        found.append(_announced(figure.announcement, figure.before, figure.after))
    found += _asked_for(person, user, start, end, measure)
    return sorted(found, key=_when)


def _asked_for(person: Person, user: Viewer, start: date, end: date, measure: str) -> Iterator[Happening]:
    """Figures that a manager asked the next one up for; what counted is told by its announcement."""
    asked = QuotaProposal.objects.visible_to(user).filter(kind=QuotaProposal.Kind.CHANGE, seat=person, measure=measure)
    for one in asked.overlapping(start, end).select_related("asked_by", "decided_by").order_by("pk"):
        yield Happening(one.made_at, "asked", "Another figure asked for", one.asked_by, one.headline, amount=one.amount)
        if one.state == QuotaProposal.State.REFUSED and one.decided_at is not None:
            yield Happening(one.decided_at, "refused", "Refused: the figure stays", one.decided_by, one.reason)


def _offers(person: Person, user: Viewer, start: date, end: date, measure: str) -> Iterator[Happening]:
    """What somebody was asked to take on, or of theirs was offered; what counted is told by the ledger."""
    mine = Q(offer__candidate__person=person, offer__candidate__redistribution__to__overlap=(start, end))
    theirs = {"giver": person, "during__overlap": (start, end)}
    theirs_too = Q(**{f"offer__candidate__redistribution__{name}": value for name, value in theirs.items()})
    events = (
        OfferEvent.objects.visible_to(user)
        .filter(mine | theirs_too, kind__in=SAID, offer__candidate__redistribution__measure=measure)
        .select_related("by", "offer__candidate__person")
        .order_by("pk")
    )
    for event in events:
        who = event.offer.candidate.person
        reason = event.reason if event.kind == OfferEvent.Kind.REFUSED else ""
        yield Happening(event.at, event.kind, f"{who.name} {SAID[event.kind]}", event.by, reason,
                        amount=event.offer.amount)  # fmt: skip


def history_of_line(line: Allocation, user: Viewer) -> list[Happening]:
    """The same for the line of a team: proposed, changed, approved, published as a target, announced."""
    found = _of_plans([line.plan], [line], user)
    by_import = Q(plan=None, during=line.plan.during, measure=line.plan.measure)
    for target in Target.objects.filter(Q(plan=line.plan) | by_import, team=line.team).select_related("by"):
        text = f"Target of {line.team}" if target.plan_id else f"Target of {line.team}, imported"
        found.append(Happening(target.published_at, "target", text, target.by, total=target.amount))
    told = Announcement.objects.visible_to(user).filter(plan=line.plan, team__in=line.stood)
    found += [_announced(one, None, None) for one in told.select_related("by", "strategy")]
    return sorted(found, key=_when)


def _when(one: Happening) -> tuple[datetime, int]:
    return one.at, ORDER.index(one.kind) if one.kind in ORDER else len(ORDER)


def _announced(one: Announcement, before: Decimal | None, after: Decimal | None) -> Happening:
    moved = f" The strategy moves to version {one.strategy.version}." if one.strategy else ""
    reasons = " ".join(text for text in (one.results, one.economy, one.competition) if text)
    figures = (None, None) if before == after else (before, after)
    return Happening(one.at, "announced", one.headline.rstrip("."), one.by, f"{reasons}{moved}".strip(), *figures)


def _of_plans(plans: list[Plan], lines: list[Allocation], user: Viewer) -> list[Happening]:
    """What happened in drafts: to those who plan with every reason, to others of their own line only."""
    access = access_of(user)
    found = []
    changes = acts_on(lines, user)
    known = {change.line_id for change in changes if change.is_proposed}
    for plan in plans:
        for line in lines:
            if line.plan_id == plan.pk and line.pk not in known:  # copied from another scenario, or imported
                found.append(Happening(plan.made_at, "proposed", f"Proposed in {plan.name}, {line.team}", plan.made_by,
                                       amount=line.proposed))  # fmt: skip
        if plan.published_at is not None:
            despite = plan.published_despite if access.sees_all or access.leads else ""
            found.append(
                Happening(plan.published_at, "published", f"{plan.name} published", plan.published_by, despite)
            )
    named = {line.pk: f"{plan.name}, {line.team}" for plan in plans for line in lines if line.plan_id == plan.pk}
    for change in changes:
        kind, text = "changed", "Changed in the draft"
        if change.is_proposed:
            anew = "" if change.was is None else " anew"
            kind, text = "proposed", f"Proposed{anew} in {named[change.line_id]}"
        found.append(Happening(change.at, kind, text, change.by, change.reason, change.was, change.amount))
    teams: dict[int, list[int]] = defaultdict(list)
    for line in lines:
        teams[line.plan_id] += line.stood
    steps = PlanApproval.objects.filter(plan__in=plans).select_related("by", "team")
    for step in steps:
        if step.team_id not in teams[step.plan_id]:
            continue
        leads = access.sees_all or bool(set(step.team.path) & set(access.led_team_ids))
        if not leads and step.act == PlanApproval.Act.SENT_BACK:
            continue  # its reason may be about somebody else's line
        found.append(
            Happening(
                step.at, step.act, f"Split of {step.team} {step.get_act_display().lower()}", step.by,
                step.reason if leads else "",
            )
        )  # fmt: skip
    return found
