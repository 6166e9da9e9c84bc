"""Who may import what: one rule a wing."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SERVICE = {"ray", "optuna", "pandas", "pyarrow", "typer", "rich", "jinja2", "matplotlib", "sweeps"}
SCIENCE = {"torch", "torchvision", "numpy", "scipy", "sklearn"}
HEAVY = {"torch", "ray", "optuna"}
TABLES = {"pandas", "pyarrow"}

#: For each wing, what its files must not import, not even through other files of the project; the
#: longest matching prefix counts, so a file may be held to more, or to less, than its wing.
FORBIDDEN = {
    "bsvae/": SERVICE,
    **dict.fromkeys(
        (f"bsvae/{name}.py" for name in ("trial", "catalogue", "checks", "metrics", "halving")),
        SERVICE | SCIENCE,
    ),
    "bsvae/rules.py": SERVICE | SCIENCE,
    "bsvae/reported.py": SERVICE | SCIENCE,
    "bsvae/seal.py": SERVICE | SCIENCE,
    "bsvae/gaussianity/": SERVICE | {"torch"},
    "sweeps/": {"torch", "ray"},
    "sweeps/definition/": HEAVY | TABLES,
    "sweeps/plan/": {"torch", "ray"} | TABLES,
    "sweeps/plan/estimate.py": {"ray"} | TABLES,
    "sweeps/ledger/": HEAVY,
    "sweeps/results/": {"torch", "ray"},
    "sweeps/figures/": {"torch", "ray"},
    "sweeps/report/": {"torch", "ray"},
    "sweeps/running/": {"ray"},
    "sweeps/running/ray.py": set(),
    "sweeps/running/ray_life.py": {"torch", "optuna"},
    "sweeps/running/run.py": set(),
    "sweeps/cluster/": {"torch", "optuna"} | TABLES,
    "sweeps/cli/": set(),
    "sweeps/__main__.py": set(),
}
FILES = sorted(
    str(path.relative_to(ROOT))
    for package in ("bsvae", "sweeps")
    for path in ROOT.glob(f"{package}/**/*.py")
)


def imports(path):
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
            yield node.module


def reachable(path, seen):
    """What a file imports, itself or through other files of the project."""
    for name in imports(path):
        yield name.split(".")[0]
        for candidate in (name.replace(".", "/") + ".py", name.replace(".", "/") + "/__init__.py"):
            if candidate in FILES and candidate not in seen:
                seen.add(candidate)
                yield from reachable(candidate, seen)


@pytest.mark.parametrize("path", FILES)
def test_arrows_run_one_way(path):
    wing = max((prefix for prefix in FORBIDDEN if path.startswith(prefix)), key=len)
    assert not set(reachable(path, {path})) & FORBIDDEN[wing]


def test_ray_is_imported_by_its_engine_and_to_submit():
    assert [path for path in FILES if any(n.split(".")[0] == "ray" for n in imports(path))] == [
        "sweeps/cluster/submission.py",
        "sweeps/running/ray.py",
        "sweeps/running/ray_life.py",
    ]


@pytest.mark.parametrize("path", FILES)
def test_every_public_name_is_documented(path):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "the module"
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), node.name


def test_reading_a_plain_sweep_needs_neither_torch_nor_ray_nor_optuna():
    code = (
        "import sys\n"
        "sys.modules |= dict.fromkeys(['torch', 'ray', 'optuna'])\n"
        "import sweeps\n"
        "rows, cells = (read('pca', results=sys.argv[1]) for read in (sweeps.load, sweeps.table))\n"
        "print(len(rows), cells['n'].sum())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(ROOT / "results")],
        capture_output=True,
        text=True,
        check=True,
    )
    rows, cells = done.stdout.split()
    assert rows == cells
    assert int(rows) > 0
