"""Questions about market notes."""

import re
from typing import Any

from django.db.models import Func, QuerySet, TextField

from sales.models import Account, Competitor, MarketNote, Product
from salesmgmt.lib.finding import Asked, Holds, Words
from teams.models import Viewer, access_of

TAG = re.compile(r"(?<![\w#])#(\w[\w-]{0,49})")
CALLED = re.compile(r"(?<![\w@])@(\w[^@#\n]{0,120})")
LONGEST_NAME = 6  # words after an @ that may be one name


def market_notes(
    user: Viewer,
    *,
    text: str = "",
    tag: str = "",
    competitor: int | None = None,
    product: int | None = None,
    account: int | None = None,
    owner: int | None = None,
) -> QuerySet[MarketNote]:
    """Notes somebody may see, narrowed to words, a tag, or whom they are about."""
    found = MarketNote.objects.visible_to(user).select_related("owner", "competitor", "product", "account")
    asked = {"competitor": competitor, "product": product, "account": account, "owner": owner}
    found = found.filter(**{name: value for name, value in asked.items() if value})
    if tag:
        found = found.filter(tags__contains=[tag.lower().lstrip("#")])
    return found.filter(Holds(Words("text"), Asked(text))) if text.strip() else found


def withdrawn_market_notes(user: Viewer) -> QuerySet[MarketNote]:
    """What was taken out by those who may put it back."""
    access = access_of(user)
    gone = MarketNote.objects.filter(withdrawn_at__isnull=False).select_related("owner")
    return gone if access.imports else gone.filter(owner__in=access.people)


def named_in(user: Viewer, text: str) -> dict[str, Any]:
    """Which competitor, product and account an @ in a text names; the longest name that fits wins, the first of each.

    "@Nordwind Controls offers 12 %" names the competitor Nordwind Controls, or an account or product called so.
    """
    found: dict[str, Any] = {"competitor": None, "product": None, "account": None}
    wanted: list[list[str]] = []
    for said in CALLED.findall(text):
        parts = said.split()[:LONGEST_NAME]
        wanted.append([" ".join(parts[:count]).rstrip(".,;:!?)") for count in range(len(parts), 0, -1)])
    names = {name.lower() for candidates in wanted for name in candidates if name}
    if not names:
        return found
    sources: tuple[tuple[str, QuerySet[Any]], ...] = (
        ("competitor", Competitor.objects.filter(is_active=True)),
        ("product", Product.objects.visible_to(user)),
        ("account", Account.objects.visible_to(user)),
    )
    known: dict[tuple[str, str], Any] = {}
    for noun, rows in sources:
        for row in rows.annotate(called=Func("name", function="lower", output_field=TextField())).filter(
            called__in=names
        )[:50]:
            known.setdefault((noun, row.called), row)
    for candidates in wanted:
        for name in candidates:
            nouns = [noun for noun, _ in sources if (noun, name.lower()) in known]
            if nouns:
                found[nouns[0]] = found[nouns[0]] or known[nouns[0], name.lower()]
                break
    return found


def tags_in_use(user: Viewer, *, beginning: str = "", count: int = 20) -> list[str]:
    """Tags of notes one sees, the most used first."""
    tags = (
        MarketNote.objects.visible_to(user)
        .annotate(tag=Func("tags", function="unnest", output_field=TextField()))
        .values_list("tag", flat=True)
    )
    counted: dict[str, int] = {}
    for tag in tags.order_by("-noted_at")[:2000]:
        if tag.startswith(beginning):
            counted[tag] = counted.get(tag, 0) + 1
    return sorted(counted, key=lambda tag: (-counted[tag], tag))[:count]


def completions(user: Viewer, text: str, *, count: int = 8) -> list[str]:
    """What the #tag or @name at the end of a text may become, ready to be put in its place."""
    if at := re.search(r"(?<![\w#])#([\w-]{0,49})$", text):
        return [f"#{tag}" for tag in tags_in_use(user, beginning=at[1].lower(), count=count)]
    at = re.search(r"(?<![\w@])@([^@#\n]{1,60})$", text)
    if at is None:
        return []
    asked = Asked(at[1])
    found: list[str] = []
    for rows in (
        Competitor.objects.filter(is_active=True),
        Product.objects.visible_to(user),
        Account.objects.visible_to(user),
    ):
        named = rows.filter(Holds(Words("name"), asked))
        found += [f"@{name}" for name in named.order_by("name", "pk").values_list("name", flat=True)[:count]]
    return list(dict.fromkeys(found))[:count]


def competitors() -> QuerySet[Competitor]:
    """Who else sells to the same customers, for a list's filter."""
    return Competitor.objects.filter(is_active=True).order_by("name")


def named_by(user: Viewer, asked: dict[str, Any]) -> str:
    """What a list was narrowed to beyond its filters, in words: the account or product of a link."""
    sources = {"account": Account.objects.visible_to(user), "product": Product.objects.visible_to(user)}
    found = (rows.filter(pk=asked[noun]).first() for noun, rows in sources.items() if asked.get(noun))
    return ", ".join(str(record) for record in found if record)
