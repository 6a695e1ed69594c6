"""For how long what is said and written in coaching is kept: what is over for longer is blanked; that it was, stays."""

from datetime import datetime

from coaching.models import ActionItem, AgendaItem, Case, CaseChange, Note, OneOnOne
from salesmgmt.desk.erasure import Forgotten
from salesmgmt.desk.expiry import GONE, Expiry


def _forget_notes(before: datetime, forgotten: Forgotten) -> None:
    forgotten.drop(Note.objects.filter(at__lt=before))


def _forget_agendas(before: datetime, forgotten: Forgotten) -> None:
    over = AgendaItem.objects.exclude(one_on_one__state=OneOnOne.State.PLANNED).exclude(text=GONE)
    forgotten.blank(over.filter(one_on_one__starts_at__lt=before), text=GONE, link="")


def _forget_promises(before: datetime, forgotten: Forgotten) -> None:
    forgotten.blank(ActionItem.objects.filter(done_at__lt=before).exclude(text=GONE), text=GONE)


def _forget_cases(before: datetime, forgotten: Forgotten) -> None:
    closed = Case.objects.filter(state=Case.State.CLOSED, closed_at__lt=before)
    forgotten.blank(CaseChange.objects.filter(case__in=closed).exclude(what=GONE), what=GONE)
    forgotten.blank(closed.exclude(subject=GONE), subject=GONE, result=GONE)


EXPIRIES = [
    Expiry("notes", "Notes about people", 36, _forget_notes),
    Expiry("agendas", "Agendas of 1:1s that are over", 36, _forget_agendas),
    Expiry("promises", "Words of promises that were kept", 36, _forget_promises),
    Expiry("cases", "Words of closed cases", 36, _forget_cases),
]
