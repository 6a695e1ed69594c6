"""A folder of tables named by their kinds, as `export_records all` writes it: what to take of it, in which sequence."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.files.base import File

from sales.models import Credit, Outcome
from salesmgmt.exchange.kinds import kinds
from salesmgmt.lib.refusals import Refused

POSTING = {"deals", "deal_changes", "orders", "order_lines", "credits", "refunds"}  # what the ledgers follow
FILES = "files"  # of a folder: what is given out beside the tables, by kind
AS_IT_STANDS = {"quotas": "quota_entries", "budgets": "budget_entries", "expenses": "expense_entries"}
POSTED = ("role", "team", "manager", "territory", "holiday_region", "fte")  # what postings say better than people


@dataclass(frozen=True, slots=True)
class Step:
    """One table of a folder, the fields that wait for another, and how it is taken."""

    kind: str
    path: Path
    without: tuple[str, ...] = ()
    create_missing: bool = False
    settles: bool = True

    def mapping(self, told: dict[str, Any]) -> dict[str, Any]:
        if not self.without:
            return told
        nothing = {name: {"const": ""} for name in self.without}
        return {**told, "columns": {**told.get("columns", {}), **nothing}}


def steps(folder: Path) -> list[Step]:
    """The tables of a folder so that each comes after those it refers to. Raises Refused where there is none.

    Into an organisation without credit the ledgers go as they stand, and records don't post to them.
    """
    if not folder.is_dir():
        raise Refused(f"{folder} is no folder; import_records all DIR takes every kind in it.")
    tables = {
        kind: path for kind in kinds() for path in sorted(folder.glob(f"{kind}.*"), reverse=True) if path.is_file()
    }
    if not tables:
        raise Refused(f"{folder} holds no table named after a kind, such as people.csv.")
    is_new = not Credit.objects.exists() and not Outcome.objects.exists()
    settles = not (is_new and {"credit_entries", "outcome_entries"} <= tables.keys())
    found: list[Step] = []
    for kind, path in tables.items():
        without: tuple[str, ...] = ()
        if AS_IT_STANDS.get(kind) in tables:
            continue
        if kind == "teams" and {"people", "leaderships"} & tables.keys():
            without = ("manager",)
        if kind == "people" and "postings" in tables:
            without = POSTED
        found.append(Step(kind, path, without, settles=settles or kind not in POSTING))
        # Teams name their managers and people their teams: who leads is said once both are there.
        leads = kind == ("postings" if "postings" in tables else "people") and "leaderships" not in tables
        if leads and "teams" in tables:
            found.append(Step("teams", tables["teams"], create_missing="people" not in tables))
    return found


def keep_files(folder: Path) -> list[str]:
    """Keep the files beside the tables of a folder; answer a sentence for each that isn't what it was."""
    problems = []
    for key, kind in kinds().items():
        if kind.keep_file is None:
            continue
        for path in sorted((folder / FILES / key).glob("*")):
            try:
                with path.open("rb") as file:
                    kind.keep_file(file=File(file, name=path.name))
            except Refused as refusal:
                problems.append(refusal.sentence)
    return problems
