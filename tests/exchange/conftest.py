"""Where the shared example files lie."""

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("SHARED_DATA") or Path(__file__).parents[2].parent / "shared" / "data")


def shared(part: str) -> Path:
    """A folder of example files; without it the test is skipped."""
    folder = SHARED / part
    if not folder.is_dir():
        pytest.skip("no example files: set SHARED_DATA to the folder that holds bad-input and maven-crm")
    return folder
