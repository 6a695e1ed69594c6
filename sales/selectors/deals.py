"""Questions about deals, always within what somebody may see."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.contrib.postgres.search import TrigramSimilarity
from django.db.models import Count, F, Q, QuerySet, Sum

from sales.models import (
    Account,
    Deal,
    DealQuerySet,
    Stage,
)
from salesmgmt.lib.periods import Period
from teams.models import Viewer

from .customers import MANY_ACCOUNTS

CARDS = 20


@dataclass(frozen=True, slots=True)
class DealFilter:
    """What a list of deals is narrowed to; empty: everything one may see."""

    text: str = ""
    status: str = ""
    stage: int | None = None
    owner: int | None = None
    account: int | None = None
    product: int | None = None
    closing: Period | None = None


def deals(user: Viewer, asked: DealFilter) -> DealQuerySet:
    """The deals somebody may see that match. Of decided deals, `closing` means the day they were closed."""
    found = Deal.objects.visible_to(user).select_related("owner", "account", "stage", "product")
    exact = {"status": asked.status, "stage": asked.stage, "owner": asked.owner, "account": asked.account}
    found = found.filter(**{name: value for name, value in (exact | {"product": asked.product}).items() if value})
    if asked.closing:
        start, end = asked.closing.start, asked.closing.end
        found = found.filter(
            Q(status="open", expected_close_on__gte=start, expected_close_on__lt=end)
            | Q(~Q(status="open"), closed_on__gte=start, closed_on__lt=end)
        )
    return found.filter(_named(asked.text)) if asked.text else found


def _named(text: str) -> Q:
    """Deals whose name or whose account's name holds a text, so that both trigram indexes are of use."""
    accounts = Account.objects.present().filter(name__icontains=text).values_list("pk", flat=True)
    some = list(accounts[: MANY_ACCOUNTS + 1])
    return Q(name__icontains=text) | Q(account__in=some if len(some) <= MANY_ACCOUNTS else accounts)


def overdue_count(user: Viewer, day: date, *, most: int = 100) -> int:
    """How many open deals should have closed before a day, counted no further than `most`."""
    late = Deal.objects.visible_to(user).open().filter(expected_close_on__lt=day).order_by("expected_close_on", "pk")
    return len(late.values_list("pk")[:most])


@dataclass(frozen=True, slots=True)
class Column:
    """A stage of the board: what stands there by currency, and the deals that close first."""

    stage: Stage
    count: int
    amounts: list[tuple[Decimal, str]]
    cards: list[Deal]
    before: Stage | None
    after: Stage | None


def board(user: Viewer, *, owner: int | None = None) -> list[Column]:
    """Open deals by stage, in one query for the sums and one for the cards of each stage."""
    stages = list(Stage.objects.order_by("pipeline", "position"))
    open_deals = Deal.objects.visible_to(user).open()
    if owner:
        open_deals = open_deals.filter(owner=owner)
    counts: dict[int, int] = {}
    amounts: dict[int, list[tuple[Decimal, str]]] = {}
    for row in (
        open_deals.values("stage", "currency").annotate(count=Count("pk"), amount=Sum("amount")).order_by("currency")
    ):
        counts[row["stage"]] = counts.get(row["stage"], 0) + row["count"]
        if row["amount"]:
            amounts.setdefault(row["stage"], []).append((row["amount"], row["currency"]))
    columns = []
    for stage, before, after in zip(stages, [None, *stages], [*stages[1:], None], strict=False):
        cards = open_deals.filter(stage=stage).select_related("owner", "account")
        first = cards.order_by(F("expected_close_on").asc(nulls_last=True), "pk")[:CARDS] if stage.pk in counts else ()
        columns.append(
            Column(
                stage=stage,
                count=counts.get(stage.pk, 0),
                amounts=amounts.get(stage.pk, []),
                cards=list(first),
                before=before if before and before.pipeline_id == stage.pipeline_id else None,
                after=after if after and after.pipeline_id == stage.pipeline_id else None,
            )
        )
    return columns


def alike_deals(user: Viewer, *, name: str, account: Account | None) -> QuerySet[Deal]:
    """Open deals with nearly this name, at this account where one is given, among what somebody may see."""
    found = Deal.objects.visible_to(user).open().filter(name__trigram_similar=name).select_related("owner", "account")
    if account is not None:
        found = found.filter(account=account)
    return (
        found.annotate(likeness=TrigramSimilarity("name", name)).filter(likeness__gte=0.6).order_by("-likeness", "pk")
    )
