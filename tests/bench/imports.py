"""What it costs to take large files in, beside one INSERT … SELECT of the same rows into the same tables."""

import csv
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg2

BASE = Path(__file__).resolve().parent.parent.parent
TABLES = {
    "activities": ["sales_activity"],
    "deals": ["sales_deal", "sales_dealchange", "sales_order", "sales_credit", "sales_outcome"],
}
LEAST = {"activities": 8_000, "deals": 3_000}  # rows a second
RATIO_BAR, MEMORY_BAR = 1.5, 500
REFERENCE_NAME = "one INSERT … SELECT of the same typed rows, all constraints, indexes and triggers on"


def measure(environment: dict[str, str], volumes: dict[str, int]) -> Iterator[dict[str, Any]]:
    """Import a generated file of each kind by the command into a copy of a database; insert its rows into another."""
    for kind, rows in volumes.items():
        with tempfile.TemporaryDirectory() as folder, copies(environment) as (ours, theirs):
            path = Path(folder) / f"{kind}.csv"
            write_file(ours["DATABASE_OWNER_URL"], kind, rows, path)
            seconds, megabytes = run_import(ours | {"FILES": folder}, kind, path)
            reference = insert_again(ours["DATABASE_OWNER_URL"], theirs["DATABASE_OWNER_URL"], kind, Path(folder))
        rate, least = rows / seconds, LEAST[kind]
        told = {"name": f"import {rows:,} {kind}", "unit": "rows/s", "bar": 1}
        told |= {"ours": round(rate), "reference": least, "reference_name": "the least rows a second"}
        yield told | {"ratio": round(least / rate, 2), "holds": rate >= least}
        ratio = seconds / reference
        told = {"name": f"import {rows:,} {kind}, time", "unit": "s", "bar": RATIO_BAR}
        told |= {"ours": round(seconds, 1), "reference": round(reference, 1), "reference_name": REFERENCE_NAME}
        yield told | {"ratio": round(ratio, 2), "holds": ratio <= RATIO_BAR}
        told = {"name": f"import {rows:,} {kind}, memory", "unit": "MB", "bar": 1}
        told |= {"ours": round(megabytes), "reference": MEMORY_BAR, "reference_name": "the most allowed"}
        yield told | {"ratio": round(megabytes / MEMORY_BAR, 2), "holds": megabytes <= MEMORY_BAR}


@contextmanager
def copies(environment: dict[str, str]) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """Two copies of a database that nobody is connected to, dropped at the end."""
    server, _, template = environment["DATABASE_OWNER_URL"].rpartition("/")
    names = [f"{template}_{part}" for part in ("ours", "theirs")]
    try:
        for name in names:
            execute(f"{server}/postgres", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            execute(f"{server}/postgres", f"CREATE DATABASE {name} TEMPLATE {template}")
        urls = ("DATABASE_URL", "DATABASE_OWNER_URL")
        ours, theirs = (
            environment | {url: f"{environment[url].rpartition('/')[0]}/{name}" for url in urls} for name in names
        )
        yield ours, theirs
    finally:
        for name in names:
            execute(f"{server}/postgres", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def execute(url: str, *statements: str) -> None:
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


def column(url: str, query: str) -> list[Any]:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return [row[0] for row in cursor.fetchall()]


def write_file(url: str, kind: str, rows: int, path: Path) -> None:
    """A file as another system would give it out: external ids, names of people, references, some of it left out."""
    chance, last = random.Random(1), column(url, "SELECT CURRENT_DATE")[0]
    people = column(
        url, "SELECT min(name) FROM teams_person WHERE withdrawn_at IS NULL GROUP BY name HAVING count(*) = 1"
    )
    accounts = column(url, "SELECT external_id FROM sales_account WHERE external_id IS NOT NULL ORDER BY id")
    deals = column(url, "SELECT external_id FROM sales_deal WHERE external_id IS NOT NULL ORDER BY id")
    stages = column(url, "SELECT name FROM sales_stage ORDER BY id")
    outcomes = ["Reached", "No answer", "Left a message", ""]

    def activity(n: int) -> dict[str, Any]:
        day = last - timedelta(days=chance.randrange(700))
        is_of_deal = bool(deals) and chance.random() < 0.5
        return {
            "owner": chance.choice(people),
            "kind": chance.choice(["call", "email", "meeting", "demo", "visit"]),
            "occurred_at": f"{day} {chance.randrange(8, 18):02d}:{chance.randrange(60):02d}",
            "account": "" if is_of_deal else chance.choice(accounts),
            "deal": chance.choice(deals) if is_of_deal else "",
            "outcome": chance.choice(outcomes),
            "duration_minutes": chance.choice([5, 15, 30, 60, ""]),
            "notes": f"What was said the {n}th time" if n % 3 == 0 else "",
        }

    def deal(n: int) -> dict[str, Any]:
        closed: date = last - timedelta(days=chance.randrange(600))
        status = chance.choice(["open", "won", "won", "lost"])
        return {
            "name": f"Deal {n}",
            "owner": chance.choice(people),
            "account": chance.choice(accounts),
            "stage": chance.choice(stages),
            "status": status,
            "amount": f"{chance.randrange(10_000, 9_000_000) / 100:.2f}",
            "opened_on": closed - timedelta(days=chance.randrange(90)),
            "expected_close_on": closed,
            "closed_on": closed if status != "open" else "",
            "lost_reason": "price" if status == "lost" else "",
        }

    make = activity if kind == "activities" else deal
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["external_id", *make(0)])
        writer.writeheader()
        writer.writerows({"external_id": f"bench-{n}"} | make(n) for n in range(rows))


def run_import(environment: dict[str, str], kind: str, path: Path) -> tuple[float, float]:
    """Seconds and peak megabytes of the command, from its start to its end."""
    command = [sys.executable, BASE / "manage.py", "import_records", kind, path, "--on-error", "skip"]
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=BASE, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"import_records {kind} failed; what it said stands above.")
    return time.monotonic() - began, usage.ru_maxrss / 1024


def insert_again(ours: str, theirs: str, kind: str, folder: Path) -> float:
    """Seconds that the rows the import made take where they are inserted typed, whole tables at a time."""
    with closing(psycopg2.connect(ours)) as made, closing(psycopg2.connect(theirs)) as bare:
        with made.cursor() as source, bare.cursor() as target:
            for table in TABLES[kind]:
                target.execute(f"SELECT coalesce(max(id), 0) FROM {table}")  # nosec B608
                since = target.fetchone()[0]
                with (folder / table).open("w+b") as file:
                    source.copy_expert(f"COPY (SELECT * FROM {table} WHERE id > {since} ORDER BY id) TO STDOUT", file)
                    file.seek(0)
                    target.execute(f"CREATE UNLOGGED TABLE typed_{table} AS SELECT * FROM {table} LIMIT 0")
                    target.copy_expert(f"COPY typed_{table} FROM STDIN", file)
                target.execute(f"ANALYZE typed_{table}")
            bare.commit()
            began = time.monotonic()
            for table in TABLES[kind]:
                target.execute(f"INSERT INTO {table} SELECT * FROM typed_{table}")  # nosec B608
            bare.commit()
            return time.monotonic() - began
