"""A real CRM export, by command: the figures to the dollar, twice, undone, and again."""

import io
import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Sum

from performance.selectors.figures import figures as performance
from performance.selectors.scope import Scope
from sales.models import Account, Credit, Deal, Order, Outcome
from salesmgmt.exchange.models import Batch
from salesmgmt.exchange.services import undo_batch
from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from teams.models import Organisation, Person, Team

from .conftest import shared

HERE = Path(__file__).parent / "maven"
QUARTERS = [(date(2017, n, 1), date(2017 + (n + 3) // 12, (n + 3) % 12 or 12, 1)) for n in (1, 4, 7, 10)]
QUARTERS[3] = (date(2017, 10, 1), date(2018, 1, 1))
WON = {
    "Cara Losch": (117_389, 370_692, 330_820, 311_148),
    "Celia Rouche": (172_989, 510_177, 490_519, 430_212),
    "Dustin Brinkmann": (125_934, 365_987, 285_448, 316_994),
    "Melvin Marxen": (222_054, 591_334, 767_754, 670_788),
    "Rocco Neubert": (211_762, 646_131, 588_947, 513_705),
    "Summer Sewald": (284_544, 601_790, 518_767, 559_649),
}


@pytest.fixture
def maven(db: None) -> Path:
    Organisation.objects.update(name="Maven", currency="USD", time_zone="UTC")
    return shared("maven-crm")


Run = Callable[..., dict[str, Any]]


@pytest.fixture
def run(maven: Path, settings: Any, tmp_path: Path) -> Run:
    settings.MEDIA_ROOT = tmp_path

    def command(kind: str, file: str, *options: str) -> dict[str, Any]:
        out = io.StringIO()
        call_command("import_records", kind, str(maven / file), "--format", "json", *options, stdout=out)
        answer: dict[str, Any] = json.loads(out.getvalue())
        assert answer["created"] + answer["changed"] + answer["equal"] + answer["refused"] == answer["read"]
        return answer

    return command


def take_all(run: Run, mapping: str = "deals.json") -> list[dict[str, Any]]:
    return [
        run("people", "sales_teams.csv", "--create-missing"),
        run("accounts", "accounts.csv"),
        run("products", "products.csv"),
        run("deals", "sales_pipeline.csv", "--mapping", str(HERE / mapping)),
    ]


def by_manager() -> dict[str, tuple[Decimal, ...]]:
    """Credit of 2017 by the team that each manager leads, quarter by quarter."""
    sums: dict[str, list[Decimal]] = {}
    for team in Team.objects.present().filter(leaderships__isnull=False):
        leader = team.leaderships.get().person.name
        sums[leader] = [
            Credit.objects.filter(team=team, kind="primary", occurred_on__gte=start, occurred_on__lt=end).total()
            for start, end in QUARTERS
        ]
    return {name: tuple(values) for name, values in sums.items() if any(values)}


def shown() -> dict[str, Any]:
    """What pages and API show of 2017, once the marks are drained."""
    call_command("refresh_rollups", stdout=io.StringIO())
    asked = {"measures": ["bookings"], "as_of": date(2018, 6, 1)}
    by_team = {
        team.leaderships.get().person.name: tuple(
            performance(scope=Scope.team(team), period=Period.parse(f"2017-Q{n}"), **asked)["bookings"].value
            for n in (1, 2, 3, 4)
        )
        for team in Team.objects.present()
    }
    whole = performance(
        scope=Scope.company(),
        measures=["bookings", "deals_won", "win_rate"],
        period=Period.parse("2017-FY"),
        as_of=date(2018, 6, 1),
    )
    return {"by_team": by_team} | {key: figure.value for key, figure in whole.items()}


def figures() -> dict[str, Any]:
    won = Outcome.objects.filter(status="won").aggregate(n=Sum("count"))["n"] or 0
    lost = Outcome.objects.filter(status="lost").aggregate(n=Sum("count"))["n"] or 0
    return {
        "credit": Credit.objects.all().total(),
        "won": won,
        "lost": lost,
        "deals": Deal.objects.present().count(),
        "orders": Order.objects.present().count(),
        "people": Person.objects.present().count(),
        "accounts": Account.objects.present().count(),
        "by_manager": by_manager(),
    }


def test_the_maven_files_give_their_figures_twice_undone_and_again(run: Run) -> None:
    people, accounts, products, deals = take_all(run)
    assert (people["read"], people["created"], len(people["made"])) == (35, 35, 6 + 6 + 3)
    assert (accounts["created"], accounts["refused"], products["created"]) == (85, 0, 7)
    assert (deals["read"], deals["created"], deals["refused"]) == (8800, 8800, 0)
    assert by_manager() == WON
    taken = figures()
    assert (taken["credit"], taken["won"], taken["lost"]) == (10_005_534, 4238, 2473)
    assert round(Decimal(taken["won"]) / (taken["won"] + taken["lost"]) * 100, 2) == Decimal("63.15")
    pages = shown()
    assert pages["by_team"] == WON
    assert (pages["bookings"], pages["deals_won"]) == (10_005_534, 4238)
    assert round(pages["win_rate"] * 100, 2) == Decimal("63.15")
    assert Deal.objects.filter(account=None).count() == 1425
    assert Deal.objects.filter(opened_on=None).count() == 500

    ledger = (Credit.objects.count(), Outcome.objects.count())
    for again in take_all(run):
        assert (again["created"], again["changed"], again["refused"]) == (0, 0, 0)
    assert (Credit.objects.count(), Outcome.objects.count()) == ledger
    assert figures() == taken

    batch = Batch.objects.get(pk=deals["batch"])
    assert undo_batch(batch=batch, by=None, at=clock.now()) == []
    undone = figures()
    assert (undone["credit"], undone["won"], undone["lost"], undone["deals"], undone["orders"]) == (0, 0, 0, 0, 0)
    assert by_manager() == {}
    assert (undone["people"], undone["accounts"]) == (41, 85)
    assert not shown()["bookings"]

    assert run("deals", "sales_pipeline.csv", "--mapping", str(HERE / "deals.json"))["created"] == 8800
    assert figures() == taken
    assert shown() == pages


def test_gtxpro_is_refused_with_its_line_unless_it_is_mapped_or_made(run: Run) -> None:
    *_, deals = take_all(run, "deals_as_they_are.json")
    assert deals["refused"] == 1480
    first = deals["refusals"][0]
    assert (first["line"], first["column"], first["value"]) == (3, "product", "GTXPro")
    assert first["reason"] == "There is no product “GTXPro”. Map it, or have it made (--create-missing)."
    assert deals["created"] == 8800 - 1480
    with Path(deals["rejects"]).open("rb") as file:
        rejected = file.read().decode("utf-8-sig").splitlines()
    assert len(rejected) == 1481
    assert rejected[0].startswith("refused_line,refused_column,refused_reason,opportunity_id,")
    mended = Path(deals["rejects"]).with_name("mended.csv")
    mended.write_text("\n".join(rejected).replace("GTXPro", "GTX Pro"))
    out = io.StringIO()
    mapping = str(HERE / "deals_as_they_are.json")
    call_command("import_records", "deals", str(mended), "--mapping", mapping, "--format", "json", stdout=out)
    assert json.loads(out.getvalue())["created"] == 1480
    assert by_manager() == WON


def test_create_missing_makes_gtxpro_and_stop_takes_nothing(run: Run) -> None:
    run("people", "sales_teams.csv", "--create-missing")
    run("products", "products.csv")
    mapping = str(HERE / "deals_as_they_are.json")
    with pytest.raises(CommandError, match="nothing was taken"):
        run("deals", "sales_pipeline.csv", "--mapping", mapping, "--on-error", "stop")
    assert not Deal.objects.exists()
    dry = run("deals", "sales_pipeline.csv", "--mapping", mapping, "--create-missing", "--dry-run")
    assert not Deal.objects.exists()
    assert dry["created"] == 8800
    made = run("deals", "sales_pipeline.csv", "--mapping", mapping, "--create-missing")
    assert made["created"] == 8800
    assert made["made"] == dry["made"]
    assert "product GTXPro" in made["made"]
    assert by_manager() == WON
