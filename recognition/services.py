"""Acts of recognition: the only code that writes awards, kudos and applause."""

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.crypto import salted_hmac

from coaching.models import Dispute
from coaching.services import finish_paying
from recognition import selectors
from recognition.models import (
    Applause,
    Award,
    AwardKind,
    BoardKind,
    Kudos,
    PaySettlement,
    PersonalBest,
    Screen,
    Suggestion,
)
from salesmgmt.desk.erasure import Forgotten
from salesmgmt.desk.expiry import GONE, Expiry
from salesmgmt.desk.models import Notice
from salesmgmt.desk.telling import tell_users
from salesmgmt.desk.tokens import digest
from salesmgmt.lib.refusals import Refused, Stale
from teams.models import Organisation, Person, Team, User, access_of

TWICE = timedelta(minutes=10)


def _forget_suggestions(before: datetime, forgotten: Forgotten) -> None:
    """Those that nobody followed; what was given stands on the wall."""
    forgotten.drop(Suggestion.objects.filter(made_on__lt=before.date(), award=None))


def _forget_pay_notes(before: datetime, forgotten: Forgotten) -> None:
    """That it was settled, when and by whom stays."""
    forgotten.blank(PaySettlement.objects.filter(settled_at__lt=before).exclude(note=GONE), note=GONE)


EXPIRIES = [
    Expiry("suggestions", "Suggested praise that was not given", 24, _forget_suggestions),
    Expiry("pay_notes", "With what disputed pay was settled", 36, _forget_pay_notes),
]


@transaction.atomic
def suggest_awards(*, as_of: date) -> int:
    """Keep what the system would praise as of a day, each once for good; answers how many are new."""
    found = selectors.praiseworthy(as_of=as_of)
    known = set(
        Suggestion.objects.filter(person__in={each.person_id for each in found}).values_list("person_id", "kind", "key")
    )
    made = Suggestion.objects.bulk_create(
        [
            Suggestion(
                person_id=each.person_id,
                kind=each.kind,
                key=each.key,
                sentence=each.sentence,
                evidence=each.evidence,
                made_on=as_of,
            )
            for each in found
            if (each.person_id, each.kind, each.key) not in known
        ],
        ignore_conflicts=True,
    )
    return len(made)


def _waiting(suggestion: Suggestion, by: User) -> Suggestion:
    seen = selectors.waiting_suggestions(by).filter(pk=suggestion.pk).exists()
    locked = Suggestion.objects.select_for_update(of=("self",)).select_related("person").get(pk=suggestion.pk)
    if locked.decided_at is not None:
        raise Refused("Somebody has decided this already.")
    if not seen:
        raise Refused("Only who leads this person says the word.")
    return locked


@transaction.atomic
def confirm_suggestion(*, suggestion: Suggestion, sentence: str, by: User, at: datetime) -> Award:
    """Put a suggestion on the wall, in a sentence of one's own."""
    suggestion = _waiting(suggestion, by)
    sentence = sentence.strip()
    if not sentence or sentence.casefold() == suggestion.sentence.casefold():
        raise Refused("Say it in a sentence of your own.", field="sentence")
    suggestion.decided_at, suggestion.decided_by, suggestion.is_confirmed = at, by, True
    suggestion.save(update_fields=["decided_at", "decided_by", "is_confirmed"])
    return Award.objects.create(
        person=suggestion.person,
        kind=suggestion.kind,
        title=suggestion.get_kind_display(),
        sentence=sentence,
        suggestion=suggestion,
        given_by=by,
        given_at=at,
    )


@transaction.atomic
def dismiss_suggestion(*, suggestion: Suggestion, by: User, at: datetime) -> None:
    """Leave a suggestion unsaid; it doesn't come back."""
    suggestion = _waiting(suggestion, by)
    suggestion.decided_at, suggestion.decided_by, suggestion.is_confirmed = at, by, False
    suggestion.save(update_fields=["decided_at", "decided_by", "is_confirmed"])


@transaction.atomic
def give_award(*, person: Person, title: str, sentence: str, by: User, at: datetime) -> Award:
    """Praise one of one's people for something no figure shows."""
    access = access_of(by)
    if access.person_id == person.pk:
        raise Refused("Nobody gives themselves an award.", field="person")
    if not (access.sees_all or (access.leads and access.sees_person(person.pk))):
        raise Refused(f"Only who leads {person} gives this award.", field="person")
    if not title.strip() or not sentence.strip():
        raise Refused("Say what it is for, in a sentence of your own.", field="sentence")
    same = Award.objects.filter(person=person, given_by=by, sentence=sentence.strip(), given_at__gt=at - TWICE)
    return same.first() or Award.objects.create(
        person=person, kind=AwardKind.OTHER, title=title.strip(), sentence=sentence.strip(), given_by=by, given_at=at
    )


@transaction.atomic
def give_kudos(*, giver: Person, receiver: Person, text: str, at: datetime) -> Kudos:
    """Thank a colleague in front of all. The same words again within ten minutes are the same thank-you."""
    if giver.pk == receiver.pk:
        raise Refused("Thank somebody else: nobody praises themselves.", field="receiver")
    if not text.strip():
        raise Refused("Say what for.", field="text")
    same = Kudos.objects.filter(giver=giver, receiver=receiver, text=text.strip(), at__gt=at - TWICE)
    return same.first() or Kudos.objects.create(giver=giver, receiver=receiver, text=text.strip(), at=at)


@transaction.atomic
def applaud(*, person: Person, item: Award | Kudos, joins: bool = True) -> int:
    """Join in, or no longer; answers how many do. Nobody applauds what is about themselves."""
    about = item.person_id if isinstance(item, Award) else item.receiver_id
    if about == person.pk:
        raise Refused("It is about you: take the applause.")
    which: dict[str, Any] = {"award" if isinstance(item, Award) else "kudos": item}
    if joins:
        Applause.objects.get_or_create(person=person, **which)
    else:
        Applause.objects.filter(person=person, **which).delete()
    return Applause.objects.filter(**which).count()


@transaction.atomic
def take_down(*, item: Award | Kudos, by: User, at: datetime) -> None:
    """Take praise off the wall: by who gave it, whom it is about, or the admin. The row stays."""
    if not selectors.may_take_down(item, by):
        raise Refused("Only who gave it, whom it is about or the admin takes it down.")
    item.taken_down_at = at
    item.save(update_fields=["taken_down_at"])


# ── Personal bests ──────────────────────────────────────────────────────────────────────────────────────────────

BEST_OF = {"bookings": "booked", "deals_won": "deals won", "activities.meeting": "meetings"}


@transaction.atomic
def tell_bests(*, as_of: date, at: datetime) -> int:
    """Keep whose last week, month or quarter was their best so far, and tell each of it once."""
    organisation = Organisation.get()
    found = selectors.bests(as_of=as_of, calendar=organisation.calendar)
    key = ("person_id", "measure", "kind", "period")
    known = set(
        PersonalBest.objects.filter(period__in={best.period.key for best in found}).values_list(*key)
    )  # fmt: skip
    new = [best for best in found if (best.person_id, best.measure, best.period.kind, best.period.key) not in known]
    PersonalBest.objects.bulk_create(
        PersonalBest(
            person_id=best.person_id, measure=best.measure, kind=best.period.kind, period=best.period.key,
            value=best.value, before=best.before, found_on=as_of,
        )
        for best in new
    )  # fmt: skip
    users = dict(
        Person.objects.filter(pk__in={best.person_id for best in new}, user__is_active=True).values_list(
            "pk", "user_id"
        )
    )
    Notice.objects.bulk_create(
        Notice(
            user_id=users[best.person_id], text=_told(best, organisation), link=f"{reverse('leaderboard')}#bests", at=at
        )
        for best in new
        if best.person_id in users
    )
    return len(new)


def _told(best: selectors.BestFound, organisation: Organisation) -> str:
    unit = f" {organisation.currency}" if best.measure in selectors.IN_MONEY else ""
    word = BEST_OF[best.measure]
    return (
        f"Your best {best.period.kind} so far: {best.value:,.0f}{unit} {word} in {best.period.label}; "
        f"the best before was {best.before:,.0f}."
    )


# ── Screens ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _admin_only(by: User) -> None:
    if access_of(by).role != "admin":
        raise Refused("The admin hangs up screens.")


def _check_screen(boards: Sequence[str], seconds: int) -> None:
    if not boards:
        raise Refused("Choose a board to show at least.", field="boards")
    if unknown := [board for board in boards if board not in BoardKind.values]:
        raise Refused(f"“{unknown[0]}” is no board.", field="boards")
    if not 5 <= seconds <= 300:
        raise Refused("A screen turns after 5 to 300 seconds.", field="seconds")


@transaction.atomic
def add_screen(
    *, name: str, team: Team, boards: Sequence[str], seconds: int, by: User, at: datetime, secret: str = ""
) -> tuple[Screen, str]:
    """A screen, dark until it is switched on, and its secret, which is shown once.

    With a `secret` of the form (`screen_secret`) the same form sent twice is one screen.
    """
    _admin_only(by)
    _check_screen(boards, seconds)
    if not name.strip():
        raise Refused("Say where it hangs.", field="name")
    Team.objects.select_for_update(no_key=True).get(pk=team.pk)
    if secret and (made := Screen.objects.filter(digest=digest(secret)).first()):
        return made, secret
    if Screen.objects.filter(name__iexact=name.strip(), team=team).exclude(digest="").exists():
        raise Refused(f"A screen of {team} hangs at “{name.strip()}” already; make it a new address.", field="name")
    secret = secret or secrets.token_urlsafe(32)
    made = Screen.objects.create(
        name=name.strip(),
        team=team,
        boards=list(boards),
        seconds=seconds,
        digest=digest(secret),
        made_at=at,
        made_by=by,
    )
    return made, secret


def screen_secret(*, by: User, form: str) -> str:
    """The secret that a form leads to, by its hidden key: shown again where it is sent twice, and kept nowhere."""
    if not form:
        return ""
    made = salted_hmac("paceline.screen", f"{by.pk}:{form}", algorithm="sha256").digest()
    return urlsafe_b64encode(made).decode().rstrip("=")


def _screen(screen: Screen, version: int, by: User) -> Screen:
    _admin_only(by)
    locked = Screen.objects.select_for_update(of=("self",)).select_related("team").get(pk=screen.pk)
    if locked.version != version:
        raise Stale("Somebody changed this screen meanwhile: look at it again.")
    locked.version += 1
    return locked


@transaction.atomic
def switch_screen(*, screen: Screen, is_on: bool, version: int, by: User) -> Screen:
    """Light it, or leave it dark; its address stays."""
    screen = _screen(screen, version, by)
    if is_on and not screen.digest:
        raise Refused("Its address was revoked: make a new one first.")
    screen.is_on = is_on
    screen.save(update_fields=["is_on", "version"])
    return screen


@transaction.atomic
def change_screen_address(*, screen: Screen, version: int, by: User, secret: str = "") -> str:
    """A new secret, shown once; the one before opens nothing from now on. The same form sent twice is one change."""
    _admin_only(by)
    if secret and Screen.objects.filter(pk=screen.pk, digest=digest(secret)).exists():
        return secret
    screen, secret = _screen(screen, version, by), secret or secrets.token_urlsafe(32)
    screen.digest = digest(secret)
    screen.save(update_fields=["digest", "version"])
    return secret


@transaction.atomic
def revoke_screen(*, screen: Screen, version: int, by: User) -> Screen:
    """Its address opens nothing any more."""
    screen = _screen(screen, version, by)
    screen.digest, screen.is_on = "", False
    screen.save(update_fields=["digest", "is_on", "version"])
    return screen


@transaction.atomic
def settle_pay(*, dispute: int, person: int, note: str, by: User, at: datetime, on: date) -> PaySettlement:
    """Pay that a dispute granted was paid, or taken back: who settles pay says so, and nobody for themselves."""
    if not Dispute.objects.select_for_update().filter(pk=dispute).exists():
        raise Refused("There is no such pay to settle.")
    waiting = {(one.due.dispute, one.due.person.pk): one for one in selectors.pay_waiting(by, on=on)}
    found = waiting.get((dispute, person))
    if found is None:
        raise Refused("There is no such pay to settle: it may be settled already.")
    if not found.may_settle:
        raise Refused("Only who settles pay says so, and nobody in a matter of their own.")
    if not note.strip():
        raise Refused("Say with which payroll or statement.", field="note")
    due = found.due
    made = PaySettlement.objects.create(
        dispute_id=dispute, person=due.person, amount=due.amount, currency=due.currency, note=note.strip()[:200],
        settled_at=at, by=by,
    )  # fmt: skip
    if not any(one.dispute == dispute for one in (row.due for row in selectors.pay_waiting(by, on=on))):
        finish_paying(dispute=dispute, at=at)
    tell_users([(due.person.user_id, "Pay that was in dispute is settled.", "/settlements/")], at=at, must=True)
    return made
