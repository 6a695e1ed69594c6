"""One box: by words, by part, mistyped, without accents; the best first, within what one may see."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.test import Client

from sales import services
from sales.models import Contract, Lead, MarketNote
from salesmgmt.pages import search
from salesmgmt.pages.search import find
from teams.models import Access, Person, User
from tests.cast import Cast

AT = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def company(cast: Cast) -> Cast:
    account = services.add_account(name="Müller Gehäuse GmbH", owner=cast.ana, by=None, industry="Metal")
    services.add_contact(name="Zoë Kraft", email="zoe.kraft@muller.example", account=account, by=None, made_by=None)
    deal = services.open_deal(owner=cast.ana, name="Steamboilers", account=account, by=None, at=AT)
    services.open_deal(owner=cast.ana, name="Boilers of steel", account=account, by=None, at=AT)
    services.book_order(
        owner=cast.ana, amount=Decimal(10), ordered_on=date(2026, 7, 1), account=account, deal=deal,
        number="R-2026/117", by=None, at=AT,
    )  # fmt: skip
    services.log_activity(owner=cast.ana, kind="call", at=AT, by=None, account=account, notes="Wants a Kalibrierung")
    services.add_market_note(owner=cast.ana, text="Nordwind cuts its prices", by=None, at=AT, account=account)
    Lead.objects.create(name="Pat Quill", company="Quill & Sons", owner=cast.ana, received_at=AT)
    Contract.objects.create(
        account=account, owner=cast.ana, number="K-77", starts_on=date(2026, 1, 1), currency="EUR", terms="Verlängerung"
    )
    return cast


def names(who: Person | User, text: str) -> list[str]:
    user = who.user if isinstance(who, Person) else who
    return [hit.text for hit in find(User.objects.get(pk=user.pk), text)]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("muller", "Müller Gehäuse GmbH"),
        ("MÜLLER geh", "Müller Gehäuse GmbH"),
        ("Müller Gehuase", "Müller Gehäuse GmbH"),
        ("nobody", None),
        ("boil", "Boilers of steel"),
        ("amboil", "Steamboilers"),
        ("zoe", "Zoë Kraft"),
        ("kraft@muller", "Zoë Kraft"),
        ("2026/117", "R-2026/117"),
        ("kalibr", "Wants a Kalibrierung"),
        ("prices nordwind", "Nordwind cuts its prices"),
        ("an", "Ana"),
    ],
)
def test_it_is_found(company: Cast, text: str, first: str | None) -> None:
    found = names(company.ana, text)
    assert found[:1] == ([first] if first else [])


def test_nobody_finds_what_they_may_not_see(company: Cast) -> None:
    for text in ("muller", "boil", "zoe", "117", "kalibr", "nordwind", "amboil", "quill", "77"):
        assert names(company.ana, text) == names(company.maya, text), text
        assert names(company.cleo, text) == []
        assert names(company.omar, text) == []
    assert "Müller Gehäuse GmbH" in names(company.vera, "muller")
    assert "Müller Gehäuse GmbH" in names(company.admin, "muller")


def test_what_a_person_may_see_is_asked_anew_each_time(company: Cast) -> None:
    assert names(company.cleo, "nordwind") == []
    MarketNote.objects.update(account=None)
    assert names(company.cleo, "nordwind") == ["Nordwind cuts its prices"]


def test_an_exact_name_comes_before_a_beginning_before_a_word(company: Cast) -> None:
    for name in ("Steel", "Steel works", "Old steel"):
        services.add_account(name=name, owner=company.ana, by=None)
    accounts = [hit.text for hit in find(company.ana.user, "steel") if hit.kind == "Account"]
    assert accounts == ["Steel", "Steel works", "Old steel"]
    assert find(company.ana.user, "steel")[0].text == "Steel"


def test_every_noun_with_a_page_is_declared_by_its_app(company: Cast) -> None:
    nouns = {one.noun for one in search.findable()}
    assert {"Person", "Account", "Contact", "Deal", "Order", "Market note", "Activity"} <= nouns


def test_a_statement_is_kept_for_an_access_not_for_a_person(company: Cast) -> None:
    search._statement.cache_clear()
    for _ in range(3):
        names(company.ana, "muller")
    assert search._statement.cache_info().misses <= 2
    wider = Access(None, "admin", sees_all=True, people=frozenset(), team_id=None, led_team_ids=())
    assert hash(wider) != hash(Access(1, "rep", sees_all=False, people=frozenset({1}), team_id=1, led_team_ids=()))


def test_it_answers_as_one_types_and_as_a_plain_page(company: Cast) -> None:
    client = Client()
    client.force_login(company.ana.user, backend="django.contrib.auth.backends.ModelBackend")
    whole = client.get("/search/", {"q": "muller"})
    assert "<html" in whole.content.decode()
    part = client.get("/search/", {"q": "muller"}, headers={"HX-Request": "true"})
    assert part.content.decode().lstrip().startswith('<div id="found"')
    assert "Müller" in part.content.decode()
    assert int(part["X-Query-Count"]) <= 9
    strange = [
        "",
        "a",
        "\x00",
        "\ue000",
        "%",
        "_",
        "\\",
        "'; --",
        "a'b",
        "½a",
        "!&|<->:*",
        "x" * 5000,
        "😀😀",
        "ŉ",
        "@@",
    ]
    for text in strange:
        for path in ("/search/", "/palette/"):
            assert client.get(path, {"q": text}).status_code == 200


def test_withdrawn_records_are_not_found(company: Cast) -> None:
    MarketNote.objects.update(withdrawn_at=AT)
    assert names(company.ana, "nordwind") == []
