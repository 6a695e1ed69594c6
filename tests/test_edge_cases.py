"""Each case that makes the numbers right or wrong, and each rule, has tests by name, and none is left out."""

import os
import re
from pathlib import Path

import pytest

from .edge_cases import CASES, RIGHTS, RULES

HERE = Path(__file__).parent
SHARED = Path(os.environ.get("SHARED_DATA") or HERE.parents[1] / "shared" / "data")


@pytest.mark.parametrize("table", [CASES, RULES, RIGHTS], ids=["cases", "rules", "rights"])
def test_every_case_and_rule_is_shown_by_tests_that_there_are(table: dict[str, tuple[str, ...]]) -> None:
    written = {
        name
        for path in HERE.rglob("test_*.py")
        for name in re.findall(r"^ *def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
    }
    assert {case: missing for case, names in table.items() if (missing := set(names) - written) or not names} == {}


def text_of(name: str) -> str:
    path = SHARED.parent / name
    if not path.is_file():
        pytest.skip(f"no {name}: set SHARED_DATA to the folder beside it")
    return path.read_text("utf-8")


def test_no_case_is_left_out() -> None:
    rows = [line.split("|")[1].strip() for line in text_of("edge-cases.md").splitlines() if line.startswith("| ")]
    assert rows[1:] == list(CASES)


def test_no_rule_is_left_out() -> None:
    text = text_of("rules.md")
    assert re.findall(r"^- \*\*(R\d+)\b", text, re.MULTILINE) == list(RULES)
    assert [words for words in RIGHTS if words not in text] == []
    roles = set(re.findall(r"\*[\w ]+\*(?= [(\w])", text.split("## Who")[1]))
    assert roles - RIGHTS.keys() == set()
