"""The forecast, replayed on a real set of records by command: better than plain methods."""

import io
import json
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command

from teams.models import Organisation
from tests.exchange.conftest import shared

MAVEN = Path(__file__).parent.parent / "exchange" / "maven"
LINEAR = {0.1: 0.40, 0.25: 0.35, 0.5: 0.20, 0.75: 0.17}


@pytest.fixture
def maven(db: None, settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    Organisation.objects.update(name="Maven", currency="USD", time_zone="UTC")
    folder = shared("maven-crm")
    for kind, file, *options in (
        ("people", "sales_teams.csv", "--create-missing"),
        ("accounts", "accounts.csv"),
        ("products", "products.csv"),
        ("deals", "sales_pipeline.csv", "--mapping", str(MAVEN / "deals.json")),
    ):
        call_command("import_records", kind, str(folder / file), *options, stdout=io.StringIO())


def run(*options: str) -> list[dict[str, Any]]:
    out = io.StringIO()
    call_command("backtest", "--format", "json", *options, stdout=out)
    rows: list[dict[str, Any]] = json.loads(out.getvalue())
    return rows


def test_maven_2017_is_forecast_better_than_by_the_calendar(maven: None) -> None:
    rows = run("--quota", "trailing:4", "--checkpoints", "0.1,0.25,0.5,0.75")
    assert {row["period"] for row in rows} == {"2017-Q3", "2017-Q4"}
    cases: dict[float, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        cases[row["checkpoint"]].append(row)
    assert {checkpoint: len(found) for checkpoint, found in cases.items()} == dict.fromkeys(LINEAR, 60)
    brier, linear, wape = {}, {}, {}
    for checkpoint, found in cases.items():
        missed = [Decimal(row["final"]) < Decimal(row["quota"]) for row in found]
        warned = [Decimal(row["credited"]) < Decimal(str(checkpoint)) * Decimal(row["quota"]) for row in found]
        brier[checkpoint] = np.mean([(row["p_miss"] - miss) ** 2 for row, miss in zip(found, missed, strict=True)])
        linear[checkpoint] = np.mean([warn != miss for warn, miss in zip(warned, missed, strict=True)])
        off = sum(abs(Decimal(row["expected"]) - Decimal(row["final"])) for row in found)
        wape[checkpoint] = float(off / sum(Decimal(row["final"]) for row in found))
        held = np.mean([Decimal(row["low"]) <= Decimal(row["final"]) <= Decimal(row["high"]) for row in found])
        assert abs(held - 0.8) <= 2 * (0.8 * 0.2 / 60) ** 0.5
    assert {checkpoint: round(float(value), 2) for checkpoint, value in linear.items()} == LINEAR
    assert all(brier[checkpoint] < linear[checkpoint] for checkpoint in LINEAR)
    assert np.mean(list(brier.values())) <= 0.7 * np.mean(list(linear.values()))
    assert np.mean(list(brier.values())) <= np.mean([0.23, 0.19, 0.14, 0.12])
    assert np.mean(list(wape.values())) <= np.mean([0.21, 0.18, 0.14, 0.10])
