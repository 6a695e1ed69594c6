"""Each case that makes the numbers right or wrong has tests by name, and none is left out."""

import os
import re
from pathlib import Path

import pytest

from .edge_cases import CASES

HERE = Path(__file__).parent
SHARED = Path(os.environ.get("SHARED_DATA") or HERE.parents[1] / "shared" / "data")


def test_every_case_is_shown_by_tests_that_there_are() -> None:
    written = {
        name
        for path in HERE.rglob("test_*.py")
        for name in re.findall(r"^ *def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
    }
    assert {case: missing for case, names in CASES.items() if (missing := set(names) - written) or not names} == {}


def test_no_case_is_left_out() -> None:
    path = SHARED.parent / "edge-cases.md"
    if not path.is_file():
        pytest.skip("no list of cases: set SHARED_DATA to the folder beside edge-cases.md")
    rows = [line.split("|")[1].strip() for line in path.read_text("utf-8").splitlines() if line.startswith("| ")]
    assert rows[1:] == list(CASES)
