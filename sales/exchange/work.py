"""What people do and have to do beside deals, and what customers say: tasks, time, notes, gifts, complaints."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.urls import reverse

from sales.models import (
    Activity,
    ActivityTemplate,
    Complaint,
    DeliveryProblem,
    Feedback,
    Gift,
    MarketNote,
    Referral,
    Task,
    TimeEntry,
)
from salesmgmt.lib import clock
from salesmgmt.lib.kinds import Field, Plan, Referent, Row
from teams.exchange.tables import table
from teams.models import Organisation, Showing
from teams.selectors import hidden_of

from . import ACCOUNT_OF, CURRENCY, EXTERNAL_ID, OWNER, PRODUCT_OF, _named
from .customers import ACCOUNT

CONTACT_OF = Field("contact", "reference", to="contact", also=("contact_name",))
DEAL_OF = Field("deal", "reference", to="deal", also=("opportunity", "deal_name"))
ORDER_OF = Field("order", "reference", to="order", also=("order_id", "order_number"))
# Where a task leads to: what it is about, by what asked for it.
LINKS = {"manual": "", "follow_up": "order", "recommendation": "account", "referral": "referrals"}
MINUTES: dict[str, Any] = {"least": Decimal(0), "most": Decimal(1440)}


def _id(noun: str) -> Field:
    return Field("external_id", longest=100, also=(f"{noun}_id", *EXTERNAL_ID))


def _now(values: dict[str, Any], stands: Any, name: str) -> Any:
    """What a record will say of a field."""
    return values.get(name, getattr(stands, name, None))


def _not_to_come(plan: Plan, row: Row, *names: str) -> None:
    for name in names:
        if row.get(name, plan.today) > plan.today:
            plan.refuse(row, name, "That day is still to come.")


def _words_fit(plan: Plan, row: Row, name: str, values: dict[str, Any]) -> None:
    if any(len(word) > 50 for word in values.get(name, [])):
        plan.refuse(row, name, "One of them is longer than the 50 characters that are kept.")


def _check_task(plan: Plan, row: Row, values: dict[str, Any], stands: Task | None) -> None:
    if _now(values, stands, "recurs_until") and not _now(values, stands, "recurs"):
        plan.refuse(row, "recurs_until", "Only a recurring task has an end; say how often it recurs.")
    if row.get("done_at", plan.at) > plan.at:
        plan.refuse(row, "done_at", "That moment is still to come.")
    if stands is None:
        values.setdefault("source", "manual")
        deal, contact = values.get("deal"), values.get("contact")
        if "account" not in values:
            values["account"] = (deal and deal.account) or (contact and contact.account)
        if values.get("recurs"):
            values.setdefault("recurs_from", values["due_on"])
        of = LINKS[values["source"]]
        about = values.get(of)
        if of == "referrals":
            values["link"] = reverse(of)
        elif about is not None and about.pk:
            values["link"] = reverse(of, args=[about.pk]) + ("#ask" if of == "order" else "")


def _check_note(plan: Plan, row: Row, values: dict[str, Any], stands: MarketNote | None) -> None:
    _words_fit(plan, row, "tags", values)
    if values["noted_at"] > plan.at + timedelta(minutes=1):
        plan.refuse(row, "noted_at", "That moment is still to come.")


def _shown_time(rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Of whom selling time is shown."""
    organisation = Organisation.get()
    owners = set(TimeEntry.objects.order_by().values_list("owner", flat=True).distinct())
    today = clock.today(organisation.time_zone)
    hidden = hidden_of(Showing.SELLING_TIME, owners, days={today}, organisation=organisation)
    return (row for row in rows if row["owner"].pk not in hidden)


def _check_time(plan: Plan, row: Row, values: dict[str, Any], stands: TimeEntry | None) -> None:
    _not_to_come(plan, row, "on")
    key = ("minutes", values["owner"].pk or id(values["owner"]), values["on"])
    if key not in plan.memo:
        noted = TimeEntry.objects.present().filter(owner=values["owner"].pk, on=values["on"])
        plan.memo[key] = sum(noted.values_list("minutes", flat=True))
    was = stands.minutes if stands is not None and (stands.owner_id, stands.on) == key[1:] else 0
    if plan.memo[key] - was + values["minutes"] > 1440:
        plan.refuse(row, "minutes", f"{plan.memo[key] - was} minutes of that day are noted already; a day has 1,440.")
    elif not row.refusals:
        plan.memo[key] += values["minutes"] - was


def _check_gift(plan: Plan, row: Row, values: dict[str, Any], stands: Gift | None) -> None:
    """The register tells what was given, also what ought not to have been: that is listed, not hidden (R27)."""
    _not_to_come(plan, row, "given_on")
    contact = values["contact"]
    if stands is None:
        if "account" not in values and contact.account is None:
            plan.refuse(row, "account", f"{contact} is at no account; say at which.")
        values.setdefault("account", contact.account)
        values.setdefault("currency", plan.organisation.currency)
        if contact.is_public_official:
            plan.look_alikes.append(f"Line {row.line}: {contact} is a public official and may be given nothing.")


def _check_referral(plan: Plan, row: Row, values: dict[str, Any], stands: Referral | None) -> None:
    _not_to_come(plan, row, "asked_on", "declined_on", "thanked_on")
    for name in ("declined_on", "thanked_on"):
        if row.get(name, values["asked_on"]) < values["asked_on"]:
            plan.refuse(row, name, "It comes before the day they were asked.")
    lead = values.get("lead")
    if lead is not None:
        first = plan.memo.setdefault(("referral", lead.pk or id(lead)), row)
        others = Referral.objects.filter(lead=lead.pk).exclude(pk=stands.pk if stands else 0)
        if first is not row or (lead.pk and others.exists()):
            plan.refuse(row, "lead", "This lead came of another referral.")


def _check_complaint(plan: Plan, row: Row, values: dict[str, Any], stands: Complaint | None) -> None:
    _not_to_come(plan, row, "received_on", "answered_on", "resolved_on")
    if _now(values, stands, "resolved_on") and not _now(values, stands, "resolution"):
        plan.refuse(row, "resolution", "What is resolved says how.")
    order = values.get("order")
    if order is not None and order.account_id not in (None, values["account"].pk):
        plan.refuse(row, "order", f"This order is not one of {values['account']}.")
    if (answer := values.get("feedback")) is not None:
        others = Complaint.objects.filter(feedback=answer.pk).exclude(pk=stands.pk if stands else 0)
        if others.exists() or plan.memo.setdefault(("complaint", answer.pk), row) is not row:
            plan.refuse(row, "feedback", "Another complaint came of this answer.")
    if stands is None and "owner" not in values:
        values["owner"] = (order and order.owner) or values["account"].owner


def _check_problem(plan: Plan, row: Row, values: dict[str, Any], stands: DeliveryProblem | None) -> None:
    _not_to_come(plan, row, "found_on", "resolved_on")
    if (resolved := _now(values, stands, "resolved_on")) is not None and resolved < values["found_on"]:
        plan.refuse(row, "resolved_on", "A problem can't be resolved before it was found.")


REFERENTS = [Referent("feedback", "answer", lambda texts: _named(Feedback.objects.all(), texts))]

KINDS = [
    table(
        "tasks",
        Task,
        (
            _id("task"),
            OWNER,
            Field("text", needed=True, longest=300, also=("subject", "task", "title", "name")),
            Field("due_on", "date", needed=True, also=("due_date", "due", "date")),
            Field("done_at", "moment", also=("completed_at", "done", "completed_date")),
            Field("reason", longest=300, also=("description", "notes")),
            Field("source", "choice", choices=tuple(LINKS)),
            ACCOUNT_OF,
            CONTACT_OF,
            DEAL_OF,
            Field("lead", "reference", to="lead"),
            ORDER_OF,
            Field("remind_at", "moment", also=("reminder",)),
            Field("reminded_at", "moment"),
            Field("recurs", "choice", choices=tuple(Task.Recurs.values)),
            Field("recurs_until", "date"),
            Field("recurs_from", "date"),
            Field("made_by", "reference", to="login"),
        ),
        by=("owner", "text", "due_on", "account", "deal"),
        are_many=True,
        records=lambda: Task.objects.filter(source__in=LINKS),  # what else asked for one is a trail (`trails`)
        check=_check_task,
        together=("external_id", "owner+text"),
    ),
    table(
        "market_notes",
        MarketNote,
        (
            _id("note"),
            OWNER,
            Field("noted_at", "moment", needed=True, also=("date", "created_at", "when")),
            Field("text", needed=True, longest=2000, also=("note", "notes", "comment")),
            Field("tags", longest=2000),
            PRODUCT_OF,
            Field("competitor", "reference", to="competitor"),
            ACCOUNT_OF,
        ),
        by=("owner", "noted_at", "text"),
        check=_check_note,
        together=("external_id", "owner+text"),
    ),
    table(
        "time_entries",
        TimeEntry,
        (
            _id("entry"),
            OWNER,
            Field("on", "date", needed=True, also=("date", "day")),
            Field("kind", "choice", needed=True, choices=tuple(TimeEntry.Kind.values), also=("type",)),
            Field("minutes", "whole", needed=True, least=Decimal(1), most=Decimal(1440), also=("duration",)),
            Field("note", also=("comment", "notes")),
        ),
        by=("owner", "on", "kind", "note"),
        are_many=True,
        check=_check_time,
        together=("external_id", "owner+on"),
        shown=_shown_time,
    ),
    table(
        "activity_templates",
        ActivityTemplate,
        (
            Field("name", needed=True, longest=100, also=("template",)),
            Field("owner", "reference", to="person", also=OWNER.also),
            Field("kind", "choice", needed=True, choices=tuple(Activity.Kind.values), also=("type",)),
            Field("outcome", longest=100),
            Field("duration_minutes", "whole", **MINUTES, also=("minutes",)),
            Field("notes", longest=2000),
        ),
        by=("owner", "name"),
    ),
    table(
        "gifts",
        Gift,
        (
            _id("gift"),
            Field("contact", "reference", needed=True, to="contact", also=("contact_name", "recipient")),
            ACCOUNT_OF,
            OWNER,
            Field("occasion", needed=True),
            Field("amount", "money", needed=True, least=Decimal("0.01"), also=("value",)),
            CURRENCY,
            Field("given_on", "date", needed=True, also=("date",)),
        ),
        by=("contact", "occasion", "given_on"),
        are_many=True,
        check=_check_gift,
        together=("external_id", "contact"),
    ),
    table(
        "referrals",
        Referral,
        (
            _id("referral"),
            OWNER,
            ACCOUNT,
            CONTACT_OF,
            Field("asked_on", "date", needed=True, also=("date",)),
            Field("note", longest=500, also=("comment", "notes")),
            Field("lead", "reference", to="lead"),
            Field("declined_on", "date"),
            Field("thanked_on", "date"),
        ),
        by=("account", "contact", "asked_on"),
        are_many=True,
        check=_check_referral,
        together=("external_id", "account", "lead"),
    ),
    table(
        "complaints",
        Complaint,
        (
            _id("complaint"),
            ACCOUNT,
            CONTACT_OF,
            ORDER_OF,
            Field("feedback", "reference", to="feedback"),
            Field("owner", "reference", to="person", also=OWNER.also),
            Field("text", needed=True, longest=5000, also=("complaint", "description")),
            Field("received_on", "date", needed=True, also=("date",)),
            Field("answered_on", "date"),
            Field("resolved_on", "date"),
            Field("resolution", longest=1000),
        ),
        by=("account", "received_on", "text"),
        are_many=True,
        check=_check_complaint,
        together=("external_id", "account", "feedback"),
    ),
    table(
        "delivery_problems",
        DeliveryProblem,
        (
            _id("problem"),
            Field("order", "reference", needed=True, to="order", also=("order_id", "order_number")),
            Field("kind", "choice", needed=True, choices=tuple(DeliveryProblem.Kind.values), also=("type",)),
            Field("found_on", "date", needed=True, also=("date",)),
            Field("resolved_on", "date"),
            Field("text", longest=1000, also=("description", "comment")),
            Field("recorded_by", "reference", to="login"),
        ),
        by=("order", "kind", "found_on", "text"),
        are_many=True,
        check=_check_problem,
        together=("external_id", "order"),
    ),
]
