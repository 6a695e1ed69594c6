"""Leads as lists, likenesses and stories."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.postgres.search import TrigramSimilarity
from django.db.models import Count, DurationField, ExpressionWrapper, F, Q, QuerySet
from django.urls import reverse

from sales.models import Account, Activity, Campaign, Contact, Lead, LeadChange, Task, may_write_for
from teams.models import Person, Territory, Viewer, access_of

from .campaigns import Median, with_reach
from .naming import holds
from .stories import ICONS, LONG_STORY, Event

LATELY = timedelta(days=90)
TABS = {
    "waiting": [Lead.Status.NEW, Lead.Status.WORKING],
    "qualified": [Lead.Status.QUALIFIED],
    "disqualified": [Lead.Status.DISQUALIFIED],
}
FIELDS = {
    "name": "Name", "company": "Company", "email": "E-mail", "phone": "Phone", "country": "Country",
    "industry": "Industry", "employees": "Employees", "notes": "Notes", "owner": "Owner", "territory": "Territory",
    "source": "Source", "campaign": "Campaign", "referrer": "Referred by", "received_at": "Came in",
}  # fmt: skip
NAMED: dict[str, Any] = {"owner": Person, "territory": Territory, "campaign": Campaign, "referrer": Contact}


@dataclass(frozen=True, slots=True)
class LeadFilter:
    """What a list of leads is narrowed to; empty: everything one may see."""

    text: str = ""
    tab: str = ""
    source: str = ""
    campaign: int | None = None
    owner: int | None = None
    unassigned: bool = False
    reach: str = ""


def leads(user: Any, asked: LeadFilter) -> QuerySet[Lead]:
    """The leads somebody may see that match."""
    found: QuerySet[Lead] = Lead.objects.visible_to(user).select_related("owner", "campaign", "referrer")
    if asked.tab in TABS:
        found = found.filter(status__in=TABS[asked.tab])
    exact = {"source__iexact": asked.source, "campaign": asked.campaign, "owner": asked.owner}
    found = found.filter(**{name: value for name, value in exact.items() if value})
    if asked.unassigned:
        found = found.filter(owner=None)
    if asked.reach:
        reached: Any = with_reach(found)
        found = reached.filter(reach=asked.reach)
    if asked.text:
        found = found.filter(holds("name", asked.text) | holds("company", asked.text))
    return found


def sources(user: Viewer) -> list[str]:
    """Where the leads come from that somebody sees."""
    named = Lead.objects.visible_to(user).exclude(source="")
    return list(named.order_by("source").values_list("source", flat=True).distinct()[:50])


@dataclass(frozen=True, slots=True)
class Waiting:
    """How it stands with the leads somebody sees."""

    waiting: int
    unanswered: int
    unassigned: int
    median_response: timedelta | None
    answered: int
    """In 90 days, of which the median is."""


def waiting(user: Viewer, now: datetime) -> Waiting:
    """In two queries."""
    seen = Lead.objects.visible_to(user)
    counts = (
        seen.waiting()
        .order_by()
        .aggregate(
            waiting=Count("pk"),
            unanswered=Count("pk", filter=Q(first_response_at=None)),
            unassigned=Count("pk", filter=Q(owner=None)),
        )
    )
    response = ExpressionWrapper(F("first_response_at") - F("received_at"), output_field=DurationField())
    answered = seen.filter(first_response_at__isnull=False, received_at__gte=now - LATELY)
    row = answered.aggregate(median=Median(response))
    return Waiting(
        **counts,
        median_response=row["median"],
        answered=answered.count(),
    )


@dataclass(frozen=True, slots=True)
class Alike:
    """Somebody known that a new lead looks like."""

    noun: str
    name: str
    url: str


def alike(user: Viewer, *, name: str, company: str, email: str) -> list[Alike]:
    """Leads, contacts and accounts that may be the same, among what somebody may see; the surest first."""
    found: list[Alike] = []
    leads_seen, contacts = Lead.objects.visible_to(user), Contact.objects.visible_to(user)
    if email:
        same = Q(email__iexact=email)
        found += [_lead(lead) for lead in leads_seen.filter(same).order_by("-pk")[:2]]
        found += [_contact(contact) for contact in contacts.filter(same).select_related("account").order_by("pk")[:2]]
    named = leads_seen.filter(name__trigram_similar=name).annotate(likeness=TrigramSimilarity("name", name))
    named = named.filter(likeness__gte=0.6)
    if company:
        named = named.filter(company__trigram_similar=company)
        accounts = (
            Account.objects.visible_to(user)
            .filter(name__trigram_similar=company)
            .annotate(likeness=TrigramSimilarity("name", company))
        )
        found += [
            Alike("account", account.name, reverse("account", args=[account.pk]))
            for account in accounts.filter(likeness__gte=0.6).order_by("-likeness", "pk")[:2]
        ]
    found += [_lead(lead) for lead in named.order_by("-likeness", "pk")[:2]]
    return list(dict.fromkeys(found))[:4]


def _lead(lead: Lead) -> Alike:
    name = f"{lead.name} ({lead.company})" if lead.company else lead.name
    return Alike("lead", name, reverse("lead", args=[lead.pk]))


def _contact(contact: Contact) -> Alike:
    url = reverse("account", args=[contact.account_id]) if contact.account_id else ""
    return Alike("contact", f"{contact.name} ({contact.account})" if contact.account else contact.name, url)


def account_for(user: Viewer, lead: Lead) -> Account | None:
    """The account that has the name of the lead's company, if there is one to be seen."""
    if lead.contact and lead.contact.account_id:
        return Account.objects.visible_to(user).filter(pk=lead.contact.account_id).first()
    named = Account.objects.visible_to(user).filter(name__iexact=lead.company)
    return named.order_by("pk").first() if lead.company else None


def may_write(user: Viewer, lead: Lead) -> bool:
    """Whose it is and who leads them; what nobody has, whoever leads a team takes or gives."""
    return may_write_for(user, lead.owner_id) or (lead.owner_id is None and access_of(user).leads)


def lead_story(lead: Lead, zone: str) -> list[Event]:
    """Everything that happened with a lead, the latest first."""
    changes = list(
        LeadChange.objects.filter(lead=lead).select_related("by__person").order_by("-changed_at", "-pk")[:LONG_STORY]
    )
    done = Activity.objects.present().filter(lead=lead).select_related("owner").order_by("-occurred_at", "-pk")
    events = [*_changes(changes, ZoneInfo(zone)), *(_activity(one) for one in done[:LONG_STORY])]
    return sorted(events, key=lambda event: event.at, reverse=True)


def _activity(activity: Activity) -> Event:
    return Event(
        on=activity.occurred_on,
        at=activity.occurred_at,
        icon=ICONS[activity.kind],
        text=activity.get_kind_display(),
        detail=" · ".join(filter(None, [activity.outcome, activity.notes[:200]])),
        who=activity.owner.name,
        url=reverse("activity", args=[activity.pk]),
        is_exact=True,
    )


def _changes(changes: list[LeadChange], zone: ZoneInfo) -> Iterator[Event]:
    wanted: dict[str, set[str]] = {}
    for change in changes:
        if change.field in NAMED:
            wanted.setdefault(change.field, set()).update(text for text in (change.was, change.value) if text.isdigit())
    names = {
        (noun, str(pk)): name
        for noun, ids in wanted.items()
        for pk, name in NAMED[noun]._default_manager.filter(pk__in=ids).values_list("pk", "name")
    }
    for change in changes:
        found = _said(change, names, zone)
        if found is not None:
            icon, text = found
            who = change.by.person.name if change.by and hasattr(change.by, "person") else ""
            yield Event(
                on=change.changed_at.astimezone(zone).date(),
                at=change.changed_at,
                icon=icon,
                text=text,
                detail=change.reason,
                who=who,
                is_exact=True,
            )


def _said(change: LeadChange, names: dict[tuple[str, str], str], zone: ZoneInfo) -> tuple[str, str] | None:
    was, value = (names.get((change.field, text), text) for text in (change.was, change.value))
    match change.field:
        case "status" if not was:
            return "plus", "Came in"
        case "status":
            icon = {"qualified": "circle-check", "disqualified": "x"}.get(value, "refresh-cw")
            return icon, str(Lead.Status(value).label) if value in Lead.Status.values else value
        case "first_response_at":
            return "check", "Answered for the first time"
        case "owner":
            return "user", f"Given to {value}" if value else f"Taken from {was}"
        case "account" | "contact" | "deal" | "disqualified_for":
            return None
        case "received_at":
            was, value = (_moment(text, zone) for text in (was, value))
    label = FIELDS.get(change.field, change.field)
    return "pencil", f"{label}: {was or 'none'} → {value or 'none'}"[:250]


def _moment(text: str, zone: ZoneInfo) -> str:
    try:
        local = datetime.fromisoformat(text).astimezone(zone)
    except ValueError:
        return text
    return f"{local.day} {local:%b %Y, %H:%M}"


def tasks(user: Viewer, lead: Lead) -> QuerySet[Task]:
    """What is to be done about a lead, as far as somebody may see it."""
    return (
        Task.objects.visible_to(user).filter(lead=lead, done_at=None).select_related("owner").order_by("due_on", "pk")
    )
