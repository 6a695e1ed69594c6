"""Acts of recognition: the only code that writes awards, kudos and applause."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from recognition import selectors
from recognition.models import Applause, Award, AwardKind, Kudos, Suggestion
from salesmgmt.lib.refusals import Refused
from teams.models import Person, User, access_of

TWICE = timedelta(minutes=10)


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
