"""Plays: propose, change, vote, comment, adopt, retire; say where one was used."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from coaching.models import Play, PlayChange, PlayComment, PlayEffect, PlayUse, PlayVersion, PlayVote, sees_plays
from coaching.selectors.plays import PlayResult, play_results
from sales.models import Activity, Deal, may_write_for
from salesmgmt.lib.refusals import Refused, Stale
from teams.models import Access, User, access_of
from teams.selectors import person_of

from .edges import tell

WORDS = ("name", "technique", "talk_track", "objection", "answer", "example", "stage", "segment", "product")
YEARS = 2  # of decided deals that plays are judged by
RETIRED = "This play is retired; it can be read, no longer changed."


@transaction.atomic
def propose_play(*, by: User, at: datetime, **words: Any) -> Play:
    """A way to sell that others could use. Anyone who sells proposes."""
    me = _seller(by)
    words = _cleaned(words)
    for name in ("name", "technique"):
        if not words.get(name):
            raise Refused(f"Say the {name} of the play.", field=name)
    try:
        with transaction.atomic():
            play = Play.objects.create(author_id=me, proposed_at=at, **words)
    except IntegrityError:
        raise _taken(words["name"]) from None
    PlayChange.objects.create(play=play, at=at, by=by, state=Play.State.PROPOSED)
    return play


@transaction.atomic
def change_play(*, play: Play, by: User, at: datetime, version: int | None = None, **words: Any) -> Play:
    """Say it better; what it said before is kept. Its author, or who decides about plays.

    What was adopted is adopted again once its author changed it: the house stands for words somebody else looked at.
    """
    play = _locked(play)
    me = _seller(by)
    if play.state == Play.State.RETIRED:
        raise Refused(RETIRED)
    if me != play.author_id and not may_decide(access_of(by)):
        raise Refused(f"Only {play.author.name} and managers change this play; leave a comment instead.")
    if version is not None and play.version != version:
        raise Stale("This play was changed meanwhile; look at it again, your text is kept below.")
    words = _cleaned(words)
    for name in ("name", "technique"):
        if name in words and not words[name]:
            raise Refused(f"Say the {name} of the play.", field=name)
    if all(getattr(play, name) == value for name, value in words.items()):
        return play
    PlayVersion.objects.create(
        play=play, number=play.version, at=at, by=by, **{name: getattr(play, name) for name in WORDS}
    )
    for name, value in words.items():
        setattr(play, name, value)
    play.version += 1
    is_open_again = play.state == Play.State.ADOPTED and me == play.author_id
    if is_open_again:
        play.state = Play.State.PROPOSED
    try:
        with transaction.atomic():
            play.save(update_fields=[*words, "version", "state"])
    except IntegrityError:
        raise _taken(words["name"]) from None
    if is_open_again:
        _ask_again(play, by, at)
    return play


def _ask_again(play: Play, by: User, at: datetime) -> None:
    adopted = play.changes.filter(state=Play.State.ADOPTED).select_related("by__person").order_by("-pk").first()
    PlayChange.objects.create(play=play, at=at, by=by, state=Play.State.PROPOSED, reason="Changed by its author")
    if adopted and adopted.by and (person := person_of(adopted.by)):
        tell(person, f"“{play.name}” was changed by its author: adopt it anew?", f"/plays/{play.pk}/", at)


@transaction.atomic
def adopt_play(*, play: Play, reason: str, by: User, at: datetime) -> Play:
    """A manager or executive makes it one of the house's. Not the author's own decision."""
    return _decide(play, Play.State.ADOPTED, reason, by, at)


@transaction.atomic
def retire_play(*, play: Play, reason: str, by: User, at: datetime) -> Play:
    """Out of use; where it was used stays known."""
    return _decide(play, Play.State.RETIRED, reason, by, at)


@transaction.atomic
def vote_for_play(*, play: Play, by: User, at: datetime) -> PlayVote:
    """Once, and not for one's own; saying it twice is the same vote."""
    play = _locked(play)
    me = _seller(by)
    if play.state == Play.State.RETIRED:
        raise Refused(RETIRED)
    if me == play.author_id:
        raise Refused("Others vote for your play, you don't.")
    vote, _ = PlayVote.objects.get_or_create(play=play, person_id=me, defaults={"at": at})
    return vote


@transaction.atomic
def take_vote_back(*, play: Play, by: User) -> None:
    PlayVote.objects.filter(play=play, person_id=_seller(by)).delete()


@transaction.atomic
def comment_on_play(*, play: Play, text: str, by: User, at: datetime) -> PlayComment:
    """For all who sell."""
    play = _locked(play)
    me = _seller(by)
    if not text.strip():
        raise Refused("Say something.", field="text")
    if play.state == Play.State.RETIRED:
        raise Refused(RETIRED)
    last = PlayComment.objects.filter(play=play, author=me).order_by("-pk").first()
    if last is not None and last.text == text.strip():
        return last
    if me != play.author_id:
        tell(play.author, f"A comment on your play “{play.name}”.", f"/plays/{play.pk}/", at)
    return PlayComment.objects.create(play=play, author_id=me, text=text.strip(), at=at)


@transaction.atomic
def use_play(
    *, play: Play, by: User, at: datetime, on: date, deal: Deal | None = None, activity: Activity | None = None
) -> PlayUse:
    """Say that a play was used on a deal or in an activity, while the deal is open: later one remembers the wins."""
    me = _seller(by)
    Play.objects.select_for_update().get(pk=play.pk)
    play.refresh_from_db()
    if play.state == Play.State.RETIRED:
        raise Refused(f"“{play.name}” is retired; choose one that is in use.", field="play")
    if deal is None and activity is None:
        raise Refused("Say on which deal or in which activity it was used.", field="deal")
    if activity is not None:
        deal = activity.deal
    if deal is not None:
        deal = Deal.objects.select_for_update(of=("self",)).get(pk=deal.pk)
        if deal.status != Deal.Status.OPEN:
            raise Refused("This deal is decided: what was used on it is said while it is open.", field="deal")
    owner_id = activity.owner_id if activity is not None else deal.owner_id if deal is not None else None
    if not may_write_for(by, owner_id):
        raise Refused("Only whose deal or activity it is says what was used.", field="play")
    used_on = activity.occurred_on if activity is not None else on
    use, _ = PlayUse.objects.get_or_create(
        play=play, deal=deal, activity=activity, defaults={"person_id": me, "used_on": used_on, "at": at}
    )
    return use


@transaction.atomic
def take_use_back(*, use: PlayUse, by: User) -> None:
    """It was not used after all; only while the deal is open."""
    use = PlayUse.objects.select_for_update(of=("self",)).select_related("deal", "activity").get(pk=use.pk)
    owner_id = use.activity.owner_id if use.activity else use.deal.owner_id if use.deal else None
    if not may_write_for(by, owner_id):
        raise Refused("Only whose deal or activity it is says what was used.")
    if use.deal is not None and use.deal.status != Deal.Status.OPEN:
        raise Refused("This deal is decided: what was used on it stands.")
    use.delete()


def may_decide(access: Access) -> bool:
    """Managers and the executive adopt and retire."""
    return access.person_id is not None and (access.leads or access.role == "executive")


def _decide(play: Play, state: str, reason: str, by: User, at: datetime) -> Play:
    play = _locked(play)
    me = _seller(by)
    if not may_decide(access_of(by)):
        raise Refused("Managers and executives adopt and retire plays.")
    if me == play.author_id and state == Play.State.ADOPTED:
        raise Refused("Somebody else adopts your play: nobody decides about their own.")
    if not reason.strip():
        raise Refused("Say in a sentence why.", field="reason")
    if play.state in {state, Play.State.RETIRED}:
        raise Refused(f"This play is {play.get_state_display().lower()} already.")
    play.state = state
    play.save(update_fields=["state"])
    PlayChange.objects.create(play=play, at=at, by=by, state=state, reason=reason.strip())
    if me != play.author_id:
        tell(play.author, f"Your play “{play.name}” is {play.get_state_display().lower()}.", f"/plays/{play.pk}/", at)
    return play


def _locked(play: Play) -> Play:
    return Play.objects.select_for_update(of=("self",)).select_related("author").get(pk=play.pk)


def _seller(by: User) -> int:
    """The person of somebody who sells."""
    access = access_of(by)
    if access.person_id is None or not sees_plays(access):
        raise Refused("Plays are for people who sell.")
    return access.person_id


def _cleaned(words: dict[str, Any]) -> dict[str, Any]:
    if unknown := words.keys() - set(WORDS):
        raise TypeError(f"A play has no {', '.join(sorted(unknown))}.")
    return {name: value.strip() if isinstance(value, str) else value for name, value in words.items()}


def _taken(name: str) -> Refused:
    return Refused(f"There is a play “{name}” already; comment on it, or name yours otherwise.", field="name")


# ── What came of them ───────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def refresh_play_effects(*, on: date) -> int:
    """Work out anew what came of each play: nightly, as it reads every deal that was decided in two years."""
    found = play_results(start=on.replace(year=on.year - YEARS, day=1), until=on + timedelta(days=1))
    PlayEffect.objects.all().delete()
    rows = [PlayEffect(play_id=play, as_of=on, **_kept(one)) for play, one in found.items()]
    return len(PlayEffect.objects.bulk_create(rows))


def _kept(result: PlayResult) -> dict[str, Any]:
    kept: dict[str, Any] = {"deals": result.deals, "won": result.won, "differs": result.differs}
    if (found := result.difference) is not None:
        span = {"value": found.interval.value, "low": found.interval.low, "high": found.interval.high}
        kept |= {name: Decimal(str(round(one, 6))) for name, one in (span | {"chance": found.p}).items()}
        kept |= {"group": found.group, "others": found.others}
    return kept
