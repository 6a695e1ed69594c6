"""House rules that no linter knows: who writes, and how a view comes by its rows."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
APPS = ["salesmgmt", "teams", "sales", "targets", "performance", "coaching", "recognition"]
EDGES = {"views", "api", "admin", "tasks"}
READERS = EDGES | {"forms", "selectors", "search", "analysis", "urls"}
WRITES = {
    "create", "bulk_create", "get_or_create", "update_or_create", "update", "bulk_update", "delete", "raw",
}  # fmt: skip


def modules(roles: set[str]) -> list[Path]:
    """The files that play one of the roles: sales/views.py as well as sales/views/deals.py."""
    return [
        path
        for app in APPS
        for path in sorted((ROOT / app).rglob("*.py"))
        if roles & {path.stem, path.parent.name} and "migrations" not in path.parts
    ]


def calls(path: Path) -> Iterator[tuple[ast.Call, ast.Attribute]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node, node.func


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", modules(READERS), ids=named)
def test_only_services_write(path: Path) -> None:
    found = [
        f"{named(path)}:{call.lineno} {ast.unparse(function)}()"
        for call, function in calls(path)
        if (function.attr in WRITES and ".objects" in ast.unparse(function.value))
        or (function.attr == "save" and not ast.unparse(function.value).startswith("super()"))
    ]
    assert not found


@pytest.mark.parametrize("path", modules({"views", "api"}), ids=named)
def test_a_view_comes_by_rows_only_through_visible_to(path: Path) -> None:
    tree = ast.parse(path.read_text())
    reached = {
        id(node.value): node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute)
    }
    found = [
        f"{named(path)}:{node.lineno} {ast.unparse(node)}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "objects" and reached.get(id(node)) != "visible_to"
    ]
    assert not found


@pytest.mark.parametrize("path", modules({"models"}), ids=named)
def test_no_model_has_an_ordering_of_its_own(path: Path) -> None:
    metas = [
        node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef) and node.name == "Meta"
    ]
    found = [
        f"{named(path)}:{line.lineno}"
        for meta in metas
        for line in meta.body
        if isinstance(line, ast.Assign)
        and any(isinstance(name, ast.Name) and name.id == "ordering" for name in line.targets)
    ]
    assert not found
