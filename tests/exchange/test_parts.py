"""Files of kinds that are planned in memory: in parts of any size, with memory that doesn't grow with the file."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection, transaction
from hypothesis import Phase, given, note
from hypothesis import strategies as st

from sales.models import Account, Contact, CreditShare, DealChange, Lead, Order, OrderLine
from salesmgmt.exchange import parts
from salesmgmt.exchange.kinds import kinds
from salesmgmt.exchange.models import Batch
from salesmgmt.exchange.reader import Unreadable
from salesmgmt.exchange.services import taking
from tests.cast import Cast

from .conftest import fuzzed
from .test_kinds import cell_of, counts, reasons, take

DEALT = [key for key, kind in kinds().items() if kind.together]


@pytest.fixture
def sized(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Have files planned in parts of so many rows."""
    monkeypatch.setattr(taking, "SMALL", 0)
    return lambda rows: monkeypatch.setattr(parts, "PART", rows)


def records() -> list[Any]:
    """What stands, whatever its numbers."""
    found: list[list[Any]] = [
        list(Account.objects.values_list("external_id", "name", "parent__name", "owner__name", "industry")),
        list(Contact.objects.values_list("external_id", "name", "email", "account__name")),
        list(Lead.objects.values_list("external_id", "name", "company", "status", "campaign__name")),
        list(Order.objects.values_list("external_id", "number", "owner__name", "amount", "ordered_on")),
        list(OrderLine.objects.values_list("external_id", "order__external_id", "amount", "text")),
        list(CreditShare.objects.values_list("order__external_id", "person__name", "kind", "percent")),
        list(DealChange.objects.values_list("deal__external_id", "field", "was", "value", "changed_at")),
    ]
    return [sorted(map(repr, some)) for some in found]


@pytest.mark.fuzz
def test_what_a_row_comes_to_does_not_depend_on_the_size_of_parts(cast: Cast, sized: Callable[[int], None]) -> None:
    take("accounts", "external_id,name\nA1,Acme\n")
    take("deals", "external_id,owner,amount,status,closed_on\nD1,Ana,10,won,2026-05-04\n")
    take("orders", "external_id,owner,amount,ordered_on\nO1,Ana,10,2026-05-04\n")

    @fuzzed(25, phases=[Phase.generate])
    @given(data=st.data())
    def holds(data: st.DataObject) -> None:
        kind = data.draw(st.sampled_from(DEALT))
        fields = kinds()[kind].fields
        some = data.draw(st.lists(st.sampled_from(fields), unique_by=lambda one: one.name, max_size=8))
        some = [one for one in fields if one.needed or one in some]
        rows = data.draw(st.lists(st.tuples(*(cell_of(one) for one in some)), max_size=7))
        rows += data.draw(st.lists(st.sampled_from(rows), max_size=3)) if rows else []
        quoted = [[one.name for one in some], *rows]
        text = "\r\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in quoted)
        note(f"{kind}\n{text}")
        options = {"create_missing": data.draw(st.booleans())}
        found: list[Any] = []
        for size in (1000, 1, 3):
            sized(size)
            with transaction.atomic():
                try:
                    would = take(kind, text, dry_run=True, **options)
                    answer = take(kind, text, **options)
                except Unreadable as refusal:
                    found.append([refusal.sentence])
                else:
                    assert (counts(would), sorted(reasons(would))) == (counts(answer), sorted(reasons(answer)))
                    found.append([counts(answer), sorted(reasons(answer)), sorted(answer.made), records()])
                transaction.set_rollback(True)
        assert found[0] == found[1] == found[2]

    holds()


def test_rows_refer_to_others_further_down_and_refusals_are_told(cast: Cast, sized: Callable[[int], None]) -> None:
    sized(4)
    lines = [f"A{n},Account {n},{f'A{n + 40}' if n < 40 else ''},{'many' if n % 10 == 9 else n}" for n in range(80)]
    text = "external_id,name,parent,employees\n" + "\n".join([*lines, "A0,Another,,1"])
    told = [(n + 2, "employees") for n in range(9, 40, 10)] + [(n + 2, "employees") for n in range(49, 80, 10)]
    would = take("accounts", text, dry_run=True)
    assert not Account.objects.exists()
    stopped = take("accounts", text, on_error="stop")
    assert (stopped.stopped, Account.objects.count()) == (True, 0)
    answer = take("accounts", text)
    assert counts(would) == counts(stopped) == counts(answer) == (72, 0, 0, 9)
    assert sorted((line, column) for line, column, _ in reasons(answer)) == sorted([*told, (82, "name")])
    assert answer.batch is not None
    assert answer.batch.rows.filter(act="refused").count() == 9
    assert Batch.objects.get(state="failed").rows.count() == 9
    assert Account.objects.get(external_id="A3").parent == Account.objects.get(external_id="A43")
    assert counts(take("accounts", text)) == (0, 0, 72, 9)


def test_more_rows_than_are_held_build_on_those_they_stand_below(
    cast: Cast, sized: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [f"A{n},Account {n},{f'A{n // 3 + 30}' if n < 30 else 'A59' if n < 59 else ''}" for n in range(60)]
    rows += [
        "A7,Account 7,A32",
        "A8,Another 8,",
        "C1,Circle 1,C2",
        "C2,Circle 2,C1",
        "C3,Below a circle,C1",
        "L,Loner,",
    ]
    text = "external_id,name,parent\n" + "\n".join(rows)
    found = []
    for whole in (1000, 2):
        sized(4)
        monkeypatch.setattr(parts, "WHOLE", whole)
        with transaction.atomic():
            would = take("accounts", text, dry_run=True)
            assert not Account.objects.exists()
            stopped = take("accounts", text, on_error="stop")
            assert (stopped.stopped, Account.objects.count()) == (True, 0)
            answer = take("accounts", text)
            assert counts(would) == counts(stopped) == counts(answer) == (61, 0, 1, 4)
            assert sorted(reasons(would)) == sorted(reasons(answer))
            assert counts(take("accounts", text)) == (0, 0, 62, 4)
            found.append([sorted(reasons(answer)), records()])
            transaction.set_rollback(True)
    assert found[0] == found[1]


def test_more_rows_about_one_record_than_are_held_are_a_sentence(
    cast: Cast, sized: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    sized(4)
    monkeypatch.setattr(parts, "WHOLE", 5)
    text = "contact,account\n" + "C1,A1\n" * 9
    with pytest.raises(Unreadable, match="more than 5 rows say something about the same record; split the file"):
        take("contact_roles", text)


CHILD = """
import io, os, re, sys, django
django.setup()
from django.db import transaction
from salesmgmt.exchange import parts
from salesmgmt.exchange.services import Options, import_file
from salesmgmt.lib import clock
parts.PART = 500
rows = int(sys.argv[1])
lines = (f"M{n},Memory {n},{'M' + str(n + 7) if n % 3 and n + 7 < rows else ''},Freight {n},{n}" for n in range(rows))
file = io.BytesIO(("external_id,name,parent,industry,employees\\n" + "\\n".join(lines)).encode())
with transaction.atomic():
    answer = import_file(kind="accounts", file=file, name="a.csv", options=Options(), by=None, at=clock.now())
    assert answer.created == rows, answer.summary()
    transaction.set_rollback(True)
# Of this program alone: getrusage has it inherit what started it.
print(int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) // 1024)
"""


@pytest.mark.django_db
def test_twice_the_rows_take_no_more_memory() -> None:
    small, large = (_peak(rows) for rows in (1_000, 4_000))
    assert large < small + 6  # megabytes; held as a whole it would be some 12
    assert large < 250


def _peak(rows: int) -> int:
    to = connection.settings_dict
    secret = f":{quote(to['PASSWORD'], safe='')}" if to["PASSWORD"] else ""
    port = f":{to['PORT']}" if to["PORT"] else ""
    url = f"postgres://{to['USER']}{secret}@{quote(to['HOST'], safe='')}{port}/{to['NAME']}"
    told = {"DATABASE_URL": url, "DATABASE_OWNER_URL": url, "DJANGO_SETTINGS_MODULE": "salesmgmt.settings"}
    child = [sys.executable, "-c", CHILD, str(rows)]
    base = Path(__file__).parents[2]
    return int(subprocess.run(child, cwd=base, env=os.environ | told, capture_output=True, check=True).stdout)
