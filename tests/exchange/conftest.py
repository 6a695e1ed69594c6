"""Where the shared example files lie, and how many inputs are made up."""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

SHARED = Path(os.environ.get("SHARED_DATA") or Path(__file__).parents[2].parent / "shared" / "data")


def shared(part: str) -> Path:
    """A folder of example files; without it the test is skipped."""
    folder = SHARED / part
    if not folder.is_dir():
        pytest.skip("no example files: set SHARED_DATA to the folder that holds bad-input and maven-crm")
    return folder


def fuzzed(usual: int, **more: Any) -> settings:
    """So many made-up inputs as usual; with FUZZ so many as it says, none of which may take more than 3 s."""
    asked = os.environ.get("FUZZ")
    examples, deadline = (int(asked), 3000) if asked else (usual, None)
    return settings(max_examples=examples, deadline=deadline, suppress_health_check=list(HealthCheck), **more)
