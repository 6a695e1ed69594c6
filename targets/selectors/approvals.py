"""How far the splits of a draft plan are on their way up."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from targets.models import Allocation, Plan, PlanApproval
from targets.selectors.plans import is_own_goal
from teams.models import Access, Team, Viewer, access_of

WORDS = {
    "open": "Not submitted",
    "submitted": "Waits for approval",
    "approved": "Approved",
    "sent_back": "Sent back",
    "changed": "Changed since, asks anew",
}


@dataclass(frozen=True, slots=True)
class Split:
    """A team's split of a plan: its state, what the viewer may do, and the digest of the lines it is about."""

    team: Team
    line: Allocation
    depth: int
    state: str
    digest: str
    last: PlanApproval | None
    may_submit: bool
    may_decide: bool

    @property
    def word(self) -> str:
        return WORDS[self.state]


def digest_of(lines: Iterable[Allocation], team: Team) -> str:
    """What a team and those below it are given, in one word: another amount anywhere makes another."""
    told = sorted((line.team_id, line.person_id or 0, f"{line.amount:.2f}") for line in lines_under(lines, team))
    return sha256(repr(told).encode()).hexdigest()


def lines_under(lines: Iterable[Allocation], team: Team) -> list[Allocation]:
    """The lines of a team, of its people and of all below."""
    return [line for line in lines if team.pk in line.stood]


def why_not_submit(access: Access, team: Team) -> str:
    """Empty where one may submit a team's split."""
    return "" if team.pk in access.led_team_ids else "Only who leads the team submits its split."


def why_not_decide(
    access: Access, user_id: int | None, team: Team, lines: Iterable[Allocation], last: PlanApproval | None
) -> str:
    """Empty where one may approve or send back: the next manager up and above, or who sees all, never one's own."""
    if not (access.sees_all or set(team.path[:-1]) & set(access.led_team_ids)):
        return "Only the next manager up approves this split."
    under = lines_under(lines, team)
    if team.pk in access.led_team_ids or (last is not None and last.by_id == user_id):
        return "Nobody approves their own split: ask the next manager up."
    if any(line.person_id is not None and line.person_id == access.person_id for line in under):
        return "Your own figure is in this split: the next manager up approves it."
    if any(is_own_goal(line, access) for line in under):
        return "The target of a team you lead is in this split: the next manager up approves it."
    return ""


def splits_of(plan: Plan, user: Viewer) -> list[Split]:
    """The teams of a plan below the topmost that a user may see, each with where its approval is."""
    access = access_of(user)
    lines = list(plan.allocations.select_related("team", "person"))
    under: dict[int, list[Allocation]] = defaultdict(list)  # once, not all lines anew for each of a thousand teams
    for line in lines:
        for above in line.stood:
            under[above].append(line)
    latest: dict[int, PlanApproval] = {}
    for step in plan.approvals.select_related("by").order_by("at", "pk"):
        latest[step.team_id] = step
    found = []
    for line in sorted((line for line in lines if line.person_id is None), key=lambda line: line.stood):
        team = line.team
        if team.parent_id is None or not (access.sees_all or set(team.path) & set(access.led_team_ids)):
            continue
        below = under[team.pk]
        digest, last = digest_of(below, team), latest.get(team.pk)
        waits = last is not None and last.act == PlanApproval.Act.SUBMITTED and last.digest == digest
        state = "open" if last is None else last.act
        if last is not None and last.digest != digest and last.act != PlanApproval.Act.SENT_BACK:
            state = "changed"
        draft = not plan.is_published
        found.append(
            Split(
                team=team,
                line=line,
                depth=len(line.stood),
                state=state,
                digest=digest,
                last=last,
                may_submit=draft and state not in ("submitted", "approved") and not why_not_submit(access, team),
                may_decide=draft and waits and not why_not_decide(access, getattr(user, "pk", None), team, below, last),
            )
        )
    return found


def on_their_way(plan: Plan, user: Viewer) -> list[Split]:
    """Those that were submitted once and are not approved as they are now: publishing waits for them."""
    return [split for split in unapproved(plan, user) if split.state != "open"]


def unapproved(plan: Plan, user: Viewer) -> list[Split]:
    """The teams whose split nobody has approved as it is now."""
    return [split for split in splits_of(plan, user) if split.state != "approved"]
