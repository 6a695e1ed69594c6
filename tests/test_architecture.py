"""The house's rules that no linter knows: who writes, who reads past `visible_to`, what templates may hold."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
APPS = ("teams", "sales", "targets", "performance", "coaching", "recognition", "salesmgmt")
WRITES = {"create", "bulk_create", "get_or_create", "update_or_create", "bulk_update", "save", "delete", "update"}
# Reference data that everybody who is signed in may read, and the organisation itself.
OPEN_TO_ALL = {"Stage", "Pipeline", "LostReason", "LeaveKind", "Organisation", "Territory", "RampProfile"}


def modules() -> list[Path]:
    return sorted(
        path
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        if "migrations" not in path.parts and "__pycache__" not in path.parts
    )


def chain(node: ast.expr) -> list[str]:
    """Names along an attribute chain, outermost last: `Deal.objects.open().count` → Deal, objects, open, count."""
    names: list[str] = []
    while True:
        if isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        else:
            break
    if isinstance(node, ast.Name):
        names.append(node.id)
    return names[::-1]


def calls(path: Path) -> Iterator[tuple[int, list[str]]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.lineno, chain(node.func)


def says(path: Path, line: int, names: list[str]) -> str:
    return f"{path.relative_to(ROOT)}:{line}: {'.'.join(names)}"


def is_a_writer(path: Path) -> bool:
    """Services; the desk and the exchange engine (tables that every app writes); the demo company's seed."""
    parts = path.relative_to(ROOT).parts
    return (
        "services" in parts
        or path.stem == "services"
        or parts[:2] in {("salesmgmt", "desk"), ("salesmgmt", "exchange"), ("salesmgmt", "run")}
        or "demo" in parts
    )


def test_only_services_write() -> None:
    found = [
        says(path, line, names)
        for path in modules()
        if not is_a_writer(path)
        for line, names in calls(path)
        if names[-1] in WRITES and "objects" in names
    ]
    assert found == []


def test_edges_read_what_is_visible_to_the_user() -> None:
    found = [
        says(path, line, names)
        for path in modules()
        if {path.stem, path.parent.name} & {"views", "api"}
        for line, names in calls(path)
        if "objects" in names
        and names[names.index("objects") + 1] not in {"visible_to", "read_by", "none"}
        and names[0] not in OPEN_TO_ALL
    ]
    assert found == []


def test_the_clock_is_read_at_the_edges() -> None:
    pattern = re.compile(r"\b(timezone\.now|datetime\.now|date\.today|datetime\.utcnow|time\.time)\(")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in modules()
        if path.name != "clock.py" and path.parent.name != "run"
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if pattern.search(line)
    ]
    assert found == []


def test_no_meta_ordering_no_floats_for_money_no_signals() -> None:
    pattern = re.compile(r"^\s+ordering = |models\.FloatField|django\.db\.models\.signals|post_save|pre_save")
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in modules()
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if pattern.search(line) and path.stem not in {"api", "admin"}
    ]
    assert found == []


TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_a_template_holds_no_inline_style_or_script(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"<[^>]*\s(style|on[a-z]+)=", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert "|safe" not in text.replace("help_text|safe", "")  # ours and Django's own words, never a person's
