"""Erasing a person's data on request: records, what was said about them, what files brought, the audit of it all."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from coaching.services import forget_disputes, forget_ladders, forget_learning, forget_plans, forget_talks
from performance.services.reports import forget_in_reports
from sales.models import Contact, Lead
from sales.services.erasure import LEFT_ALONE, forget_customer
from salesmgmt.desk import erasure
from salesmgmt.desk.models import Erasure
from salesmgmt.exchange.models import Batch, BatchRow
from salesmgmt.exchange.services import own_data
from salesmgmt.lib.kinds import Plan
from salesmgmt.lib.refusals import Refused
from teams.models import Person, User, access_of
from teams.services import forget_person

NOUNS: dict[str, Any] = {"contact": Contact, "lead": Lead, "person": Person}
OF_KIND = {"contacts": "contact", "leads": "lead", "people": "person"}
# What else is said of somebody who worked here, beside what the services below blank: columns by table.
WORDS: dict[str, tuple[str, ...]] = {
    "coaching.AgendaItem": ("text",),
    "coaching.OneOnOneChange": ("reason",),
    "coaching.Rhythm": ("why_ended",),
    "performance.Call": ("note",),
    "performance.Flag": ("sentence", "evidence", "closed_because"),
    "performance.FlagEvent": ("text",),
    "recognition.PaySettlement": ("note",),
    "recognition.Suggestion": ("sentence", "evidence"),
    "sales.Handover": ("reason", "answer"),
    "sales.TimeEntry": ("note",),
    "targets.Allocation": ("hedge_reason",),
    "targets.Announcement": ("headline", "results", "economy", "competition"),
    "targets.Answer": ("text",),
    "targets.Commitment": ("reason",),
    "targets.OfferEvent": ("reason",),
    "targets.ProposedEntry": ("note",),
    "targets.QuotaProposal": ("reason", "headline", "results", "economy", "competition"),
    "targets.Redistribution": ("reason",),
    "targets.Response": ("approach", "help_needed", "statement"),
    "teams.SkillRating": ("note", "contest"),
}
AT_WORK = (Batch.State.QUEUED, Batch.State.RUNNING, Batch.State.UNDOING)


@transaction.atomic
def erase(*, noun: str, pk: int, by: User | None, at: datetime, on: date, reason: str) -> Erasure:
    """Erase what is known of a contact, a lead or somebody who worked here. It can't be undone; amounts stay."""
    if by is not None and access_of(by).role != "admin":
        raise Refused("Only an admin erases personal data.")
    if not reason.strip():
        raise Refused("Say who asked for it, and when.", field="reason")
    record = NOUNS[noun].objects.select_for_update(of=("self",)).filter(pk=pk).first()
    if record is None:
        raise Refused(f"There is no {noun} {pk}.")
    if Batch.objects.filter(state__in=AT_WORK).exists():
        raise Refused("An import is running and may be about the same person. Erase when it has ended.")
    if isinstance(record, Person):
        forgotten = forget_person(person=record, by=by, on=on)
        forgotten.join(forget_talks(person=record))
        forgotten.join(forget_learning(person=record))
        forgotten.join(forget_ladders(person=record))
        forgotten.join(forget_disputes(person=record))
        forgotten.join(forget_plans(person=record))
        forgotten.join(forget_in_reports(person=record))
        _forget_words(record, forgotten)
    else:
        forgotten = forget_customer(record=record)
        type(record)._base_manager.filter(pk=pk, withdrawn_at=None).update(withdrawn_at=at)
    _forget_batches(forgotten)
    return erasure.erase(
        noun=noun, record_id=pk, forgotten=forgotten, left_alone=LEFT_ALONE, by=by.pk if by else None, at=at,
        reason=reason,
    )  # fmt: skip


def _forget_words(person: Person, forgotten: erasure.Forgotten) -> None:
    for table in own_data.tables():
        if table.label in WORDS:
            rows = own_data.rows_about(table, person.pk)
            forgotten.blank_words(rows, *WORDS[table.label])


def _forget_batches(forgotten: erasure.Forgotten) -> None:
    """What stood before an import, and the files themselves: they name everybody who was in them."""
    batches: set[int] = set()
    for part in forgotten.parts:
        about = BatchRow.objects.filter(model=part.model._meta.label)
        for row in about.filter(object_id__in=part.ids):
            for said in (row.before, row.after):
                if said:
                    said |= {name: None for name in said if name in part.columns}
            row.save(update_fields=["before", "after"])
        for number in part.ids:
            reached = Q(object_id=number) | Q(object_id__lte=number, through_id__gte=number)
            batches |= set(about.filter(reached).values_list("batch", flat=True))
    for batch in Batch.objects.filter(pk__in=batches).exclude(file=""):
        batch.file.delete(save=False)
        batch.save(update_fields=["file"])


def refuse_erased(plan: Plan) -> None:
    """Rows about somebody who was erased are not taken in again."""
    noun = OF_KIND.get(plan.kind.key)
    digests = erasure.erased_digests() if noun else set()
    if noun and digests:
        for row in plan.taken():
            if erasure.is_known_as((row.get("external_id"), row.get("email")), noun, digests):
                plan.refuse(row, "", "This person's data were erased on request; they are not taken in again.", "")
