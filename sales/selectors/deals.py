"""Questions about deals, always within what somebody may see."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from django.contrib.postgres.search import TrigramSimilarity
from django.db.models import Count, F, Q, QuerySet, Sum

from sales.models import (
    Account,
    BulkAct,
    Competitor,
    Deal,
    DealQuerySet,
    DealReason,
    DealShare,
    DiscountApproval,
    Pipeline,
    Stage,
)
from salesmgmt.lib.periods import Period
from teams.models import Person, Viewer, access_of

from .customers import MANY_ACCOUNTS
from .naming import LETTERS, holds, named

CARDS = 12
ON_CARDS = (
    "name", "amount", "currency", "expected_close_on", "version", "owner", "stage", "status", "opened_on",
    "next_step", "next_step_on",
)  # fmt: skip
ON_LINES = ("name", "amount", "currency", "expected_close_on", "owner", "stage", "status", "opened_on", "closed_on",
            "next_step", "next_step_on")  # fmt: skip
ORDERS = frozenset({"name", "amount", "opened_on", "closed_on", "expected_close_on"})  # that have an index
FEW = 1000  # are put in order by themselves; an order's index is walked only where it soon meets what is looked for


@dataclass(frozen=True, slots=True)
class DealFilter:
    """What a list of deals is narrowed to; empty: everything one may see."""

    text: str = ""
    status: str = ""
    stage: int | None = None
    owner: int | None = None
    account: int | None = None
    product: int | None = None
    pipeline: int | None = None
    tag: str = ""
    closing: Period | None = None


def deals(user: Viewer, asked: DealFilter) -> DealQuerySet:
    """The deals somebody may see that match. Of decided deals, `closing` means the day they were closed."""
    found = Deal.objects.visible_to(user).select_related("owner", "account", "stage", "product")
    return found.filter(_matching(asked))


@dataclass(frozen=True, slots=True)
class InOrder:
    """Deals in parts that share none, so that the first of any order of them are read at once."""

    parts: list[DealQuerySet]
    evenly: frozenset[str]
    """The orders in which they lie evenly. In others the first may lie at the far end: few are put in order apart."""
    lines: QuerySet[Deal]
    """Deals as the list shows them, for those that are found."""
    soon: list[DealQuerySet] | None = None
    """Those among which two letters are met soon: what the rest of the filter leaves."""
    gather: int = 0
    """Up to so many are read before they are put in order."""


def deals_in_order(user: Viewer, asked: DealFilter) -> InOrder:
    """The same deals, for a list.

    The indexes of the orders hold what most filters ask of. A text, a tag or an account they don't: nobody can foretell
    how many deals that leaves, and where it is a handful, they would be looked for along the whole of an index; told
    which they are, the database does not do that. With one or two letters many names have a word: met soon, mostly.
    """
    lines = named(Deal.objects.all(), "owner", "account").annotate(stage_position=F("stage__position")).only(*ON_LINES)
    by_index = not asked.tag and not asked.account
    rest = replace(asked, text="")
    parts = _parts(user, rest) if by_index and len(asked.text) <= LETTERS else None
    evenly = _evenly(user, rest)
    if parts is not None and not asked.text:
        return InOrder(parts, evenly, lines)
    if parts is None:
        return InOrder([deals(user, asked)], ORDERS, lines, gather=FEW)
    if not access_of(user).sees_all:  # among their own, few are near any beginning
        return InOrder([deals(user, asked)], frozenset(), lines)
    return InOrder([deals(user, asked)], evenly, lines, soon=parts)


def _evenly(user: Viewer, asked: DealFilter) -> frozenset[str]:
    """The orders along which what is asked for lies evenly: products have their prices, people their days.

    Not by name what somebody has: who has nothing would be looked for along all names.
    """
    if access_of(user).sees_all and asked == DealFilter(status=asked.status):
        return ORDERS if asked.status != Deal.Status.OPEN else ORDERS - {"opened_on"}
    return frozenset({"name", "amount"}) - {"name" if asked.owner else "", "amount" if asked.product else ""}


def _parts(user: Viewer, asked: DealFilter) -> list[DealQuerySet]:
    # Of an OR of two days, neither bounds what is walked; somebody's own are bounded by whose they are.
    in_turn = asked.closing and not asked.status and access_of(user).sees_all
    states = Deal.Status.values if in_turn else [asked.status]
    matching = [_matching(replace(asked, status=status)) for status in states]
    return [part.filter(one) for part in Deal.objects.visible_parts(user) for one in matching]


def _matching(asked: DealFilter) -> Q:
    exact = {"status": asked.status, "stage": asked.stage, "owner": asked.owner, "account": asked.account}
    found = Q(**{name: value for name, value in (exact | {"product": asked.product}).items() if value})
    if asked.pipeline:  # as a list: an index that holds the stage answers by itself
        found &= Q(stage__in=list(Stage.objects.filter(pipeline=asked.pipeline).values_list("pk", flat=True)))
    if asked.tag:
        found &= Q(tags__contains=[asked.tag]) & ~Q(tags=[])
    if asked.closing:
        found &= _closing(asked.closing, asked.status)
    return found & _named(asked.text) if asked.text else found


def _closing(period: Period, status: str) -> Q:
    expected = Q(expected_close_on__gte=period.start, expected_close_on__lt=period.end)
    closed = Q(closed_on__gte=period.start, closed_on__lt=period.end)
    is_open = Q(status=Deal.Status.OPEN)
    if not status:
        return is_open & expected | ~is_open & closed
    return expected if status == Deal.Status.OPEN else closed


def _named(text: str) -> Q:
    """Deals whose name or whose account's name holds a text: both trigram indexes are of use where few accounts do."""
    accounts = Account.objects.present().filter(holds("name", text)).values_list("pk", flat=True)
    some = list(accounts[: MANY_ACCOUNTS + 1])
    is_few = len(some) <= MANY_ACCOUNTS
    at = Q(account__in=some) if is_few else holds("account__name", text) & Q(account__withdrawn_at=None)
    return holds("name", text) | at


def overdue_count(user: Viewer, day: date, *, most: int = 100) -> int:
    """How many open deals should have closed before a day, counted no further than `most`."""
    late = Deal.objects.visible_to(user).open().filter(expected_close_on__lt=day).order_by("expected_close_on", "pk")
    return len(late.values_list("pk")[:most])


def all_stages() -> list[Stage]:
    """Every stage with its pipeline, in their order."""
    return list(Stage.objects.select_related("pipeline").order_by("pipeline__position", "pipeline", "position"))


@dataclass(frozen=True, slots=True)
class Column:
    """A stage of the board: what stands there by currency, and the deals that close first."""

    stage: Stage
    count: int
    amounts: list[tuple[Decimal, str]]
    overdue: int
    cards: list[Deal]
    before: Stage | None
    after: Stage | None


def board(user: Viewer, stages: list[Stage], day: date, *, owner: int | None = None) -> list[Column]:
    """Open deals by stage of a pipeline: a query for the sums, and one for the cards of all stages."""
    open_deals = Deal.objects.visible_to(user).open().filter(stage__in=stages)
    if owner:
        open_deals = open_deals.filter(owner=owner)
    counts: dict[int, int] = {}
    overdue: dict[int, int] = {}
    amounts: dict[int, list[tuple[Decimal, str]]] = {}
    late = Count("pk", filter=Q(expected_close_on__lt=day))
    sums = open_deals.values("stage", "currency").annotate(count=Count("pk"), amount=Sum("amount"), late=late)
    for row in sums.order_by("currency"):
        counts[row["stage"]] = counts.get(row["stage"], 0) + row["count"]
        overdue[row["stage"]] = overdue.get(row["stage"], 0) + row["late"]
        if row["amount"]:
            amounts.setdefault(row["stage"], []).append((row["amount"], row["currency"]))
    order = F("expected_close_on").asc(nulls_last=True)
    first = [open_deals.filter(stage=pk).order_by(order, "pk").values_list("pk")[:CARDS] for pk in sorted(counts)]
    ids = first[0].union(*first[1:], all=True) if first[1:] else first[0] if first else []  # an index knows them
    found = named(Deal.objects.filter(pk__in=ids), "owner", "account").only(*ON_CARDS)
    cards: dict[int, list[Deal]] = {}
    for deal in sorted(found, key=lambda deal: (deal.expected_close_on or date.max, deal.pk)):
        cards.setdefault(deal.stage_id, []).append(deal)
    return [
        Column(
            stage=stage,
            count=counts.get(stage.pk, 0),
            amounts=amounts.get(stage.pk, []),
            overdue=overdue.get(stage.pk, 0),
            cards=cards.get(stage.pk, []),
            before=before,
            after=after,
        )
        for stage, before, after in zip(stages, [None, *stages], [*stages[1:], None], strict=False)
    ]


def deals_at(user: Viewer, account: Account) -> list[Deal]:
    """The deals of an account's page, in one query: the open ones that close first, then what was decided last."""
    seen = named(Deal.objects.visible_to(user).filter(account=account), "stage")
    seen = seen.only("name", "status", "amount", "currency", "expected_close_on", "closed_on")
    open_deals = seen.open().order_by("expected_close_on", "pk")[:20]
    decided = seen.exclude(status=Deal.Status.OPEN).order_by("-closed_on", "-pk")[:10]
    found = list(open_deals.union(decided, all=True))
    waiting = [deal for deal in found if deal.is_open]
    others = [deal for deal in found if not deal.is_open]
    waiting.sort(key=lambda deal: (deal.expected_close_on or date.max, deal.pk))
    others.sort(key=lambda deal: (deal.closed_on or date.max, deal.pk), reverse=True)
    return waiting + others


def default_stage(pipeline: Pipeline | None = None) -> Stage | None:
    """Where a deal starts unless it says otherwise: the first stage (of the first pipeline in use)."""
    stages = Stage.objects.select_related("pipeline").order_by("pipeline__position", "pipeline", "position")
    mine = stages.filter(pipeline=pipeline) if pipeline is not None else stages.filter(pipeline__is_active=True)
    return mine.first()


def bulk_acts(user: Viewer, *, since: datetime) -> QuerySet[BulkAct]:
    """What somebody changed on many deals at once."""
    return BulkAct.objects.visible_to(user).filter(at__gte=since).order_by("-at", "-pk")


# ── What hangs on a deal ────────────────────────────────────────────────────────────────────────────────────────


def reasons_of(deal: Deal) -> list[DealReason]:
    """Why it was won or lost, the main one of each side first; of an imported deal at least its main one."""
    found = list(
        DealReason.objects.filter(deal=deal).select_related("reason").order_by("-side", "-is_main", "reason__name")
    )
    if not found and deal.lost_reason is not None:
        found = [DealReason(deal=deal, reason=deal.lost_reason, is_main=True)]
    return found


def shares_of(deal: Deal) -> list[DealShare]:
    """Who will share the credit."""
    return list(
        DealShare.objects.filter(deal=deal).select_related("person").order_by("-kind", "-percent", "person__name")
    )


def people_on(deal: Deal) -> QuerySet[Person]:
    """Who owns a deal or will share its credit."""
    return Person.objects.filter(Q(pk=deal.owner_id) | Q(pk__in=deal.shares.values("person")))


def may_share_deal(user: Viewer, deal: Deal) -> bool:
    """Nobody changes credit of their own."""
    me = access_of(user).person_id
    return me is None or (me != deal.owner_id and not deal.shares.filter(person=me).exists())


def competitors_of(deal: Deal) -> list[Competitor]:
    return list(deal.competitors.order_by("name"))


def approval_of(deal: Deal) -> DiscountApproval | None:
    """The last discount that was asked for."""
    asked = DiscountApproval.objects.filter(deal=deal).select_related("deal", "asked_by__person", "decided_by__person")
    return asked.order_by("-asked_at", "-pk").first()


def alike_deals(user: Viewer, *, name: str, account: Account | None) -> QuerySet[Deal]:
    """Open deals with nearly this name, at this account where one is given, among what somebody may see."""
    found = Deal.objects.visible_to(user).open().filter(name__trigram_similar=name).select_related("owner", "account")
    if account is not None:
        found = found.filter(account=account)
    return (
        found.annotate(likeness=TrigramSimilarity("name", name)).filter(likeness__gte=0.6).order_by("-likeness", "pk")
    )
