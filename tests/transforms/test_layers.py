"""Imports point one way, and the face of the package is complete."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import oo_bandit
import oo_transforms

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(oo_transforms.__file__).parents[1]
OURS = {"oo_transforms", "oo_stores", "oo_profile", "oo_admin", "oo_bandit", "feature_repo"}
LIBRARIES = {"feast", "redis", "nats", "pandas", "pyarrow", "sqlite3", "click"}
"""What a process that only computes features has no use for."""

MAY_IMPORT = {
    "oo_transforms": set[str](),
    "oo_stores": set[str](),
    "oo_bandit": set[str](),
    "oo_profile": {"oo_transforms", "oo_stores", "oo_bandit"},
    "oo_admin": {"oo_profile", "oo_transforms", "oo_stores", "oo_bandit"},
    "feature_repo": {"oo_transforms", "oo_stores"},
    "examples": {"oo_transforms", "oo_stores", "oo_bandit"},
}
"""Which of our packages each may import, besides itself."""

FILES = [
    path
    for package in MAY_IMPORT
    for path in sorted((ROOT / package).rglob("*.py"))
    if "site-packages" not in path.parts
]


def imported(path: Path) -> set[str]:
    """List the top-level names that a file imports anywhere, types included."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


def belongs_in_an_init(node: ast.stmt) -> bool:
    """Say whether a statement imports, lists names or says where they are found."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return True
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.If):
        return ast.unparse(node.test) == "TYPE_CHECKING"
    if isinstance(node, ast.Assign | ast.AnnAssign):
        return ast.unparse(node).startswith(("__all__", "_HOMES"))
    return isinstance(node, ast.FunctionDef) and node.name == "__getattr__"


def loaded_after(statement: str) -> set[str]:
    """List the top-level modules that a fresh process has after a statement."""
    code = f"import sys; {statement}; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_one_way(path: Path) -> None:
    """No file imports a package of ours that lies above or beside its own."""
    package = path.relative_to(ROOT).parts[0]
    assert imported(path) & OURS - {package} <= MAY_IMPORT[package]


@pytest.mark.parametrize(
    "path", sorted((ROOT / "feature_repo").glob("*.py")), ids=lambda path: path.name
)
def test_definitions_import_nothing_but_feast_and_ours(path: Path) -> None:
    """Declarations need Feast, each other, and what they declare; click prints Feast's errors."""
    siblings = {other.stem for other in path.parent.glob("*.py")}
    allowed = siblings | {"feast", "click", "oo_transforms", "oo_stores"} | sys.stdlib_module_names
    assert imported(path) <= allowed


@pytest.mark.parametrize("name", ["state.py", "features.py"])
def test_the_definition_is_independent_of_what_it_judges(name: str) -> None:
    """The plain sums that everything is held against share no code with the fold."""
    path = ROOT / "oo_profile" / "definition" / name
    assert imported(path) <= {"oo_profile"} | sys.stdlib_module_names
    assert "from oo_profile.definition" in path.read_text(encoding="utf-8") or name == "state.py"
    assert path.read_text(encoding="utf-8").count("from oo_profile") <= 1


@pytest.mark.parametrize("module", ["oo_transforms", "oo_transforms.activity"])
def test_transforms_load_numpy_and_msgspec_only(module: str) -> None:
    """A process that serves features pays for nothing else."""
    loaded = loaded_after(f"import {module}")
    assert loaded & (LIBRARIES | OURS) == {"oo_transforms"}
    third_party = {n for n in loaded - sys.stdlib_module_names if not n.startswith("_")}
    assert third_party <= {"oo_transforms", "numpy", "msgspec", "typing_extensions"}


def test_the_bandit_loads_numpy_only() -> None:
    """Any service can rank and evaluate with it, whatever else it has."""
    loaded = loaded_after("import oo_bandit")
    third_party = {n for n in loaded - sys.stdlib_module_names if not n.startswith("_")}
    assert third_party <= {"oo_bandit", "numpy"}


def test_the_bandits_service_loads_nothing_that_builds_profiles() -> None:
    """Whoever serves needs neither the builder nor the pages, however deep an import goes."""
    loaded = loaded_after("sys.path.insert(0, 'examples'); import ml_serving.app")
    assert loaded & OURS == {"oo_transforms", "oo_stores", "oo_bandit"}


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_an_init_only_imports_and_lists(package: str) -> None:
    """No package does work on import: its face is a docstring, imports and a list of names.

    A package whose imports are slow may find its names on first use instead.
    """
    for path in sorted((ROOT / package).rglob("__init__.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            assert belongs_in_an_init(node), f"{path}:{node.lineno}"


@pytest.mark.parametrize("package", [oo_bandit, oo_transforms], ids=lambda found: found.__name__)
def test_the_face_lists_all_it_imports_in_order(package: ModuleType) -> None:
    """Constants, then classes, then functions, each in alphabetical order."""
    path = Path(str(package.__file__))
    nodes = ast.parse(path.read_text(encoding="utf-8")).body
    names = [a.name for node in nodes if isinstance(node, ast.ImportFrom) for a in node.names]
    kinds = {name: (not name.isupper(), not name[0].isupper(), name) for name in names}
    assert package.__all__ == sorted(names, key=kinds.__getitem__)
    assert all(hasattr(package, name) for name in names)


@pytest.mark.parametrize(
    ("package", "base"),
    [(oo_bandit, oo_bandit.BanditError), (oo_transforms, oo_transforms.TransformError)],
    ids=["oo_bandit", "oo_transforms"],
)
def test_every_error_is_on_the_face_and_in_the_tree(
    package: ModuleType, base: type[Exception]
) -> None:
    """Whoever catches an error finds it in the package, and its place in the drawing."""
    drawn = package.errors.__doc__ or ""
    for name, value in vars(package.errors).items():
        if isinstance(value, type) and issubclass(value, Exception):
            assert name in package.__all__
            assert f"{name} " in drawn.replace("\n", " ")
            assert issubclass(value, base)
