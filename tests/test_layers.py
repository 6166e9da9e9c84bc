"""Who may import what."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEAVY = {"torch", "ray", "optuna"}
SERVICE = {"ray", "optuna", "pandas", "pyarrow", "typer", "rich", "jinja2", "matplotlib", "sweeps"}
SCIENCE = {"torch", "torchvision", "numpy", "scipy", "sklearn"}

#: For each room, what its files must not import, not even through other files of the project; the
#: longest matching prefix counts.
FORBIDDEN = {
    "bsvae": SERVICE,
    "bsvae/trial.py": SERVICE | SCIENCE,
    "bsvae/catalogue.py": SERVICE | SCIENCE,
    "bsvae/checks.py": SERVICE | SCIENCE,
    "bsvae/metrics.py": SERVICE | SCIENCE,
    "bsvae/halving.py": SERVICE | SCIENCE,
    "bsvae/seal.py": SERVICE | SCIENCE,
    "bsvae/whitening.py": SERVICE | {"torch"},
    "sweeps": {"ray"},
    "sweeps/connection.py": {"torch", "optuna"},
    "sweeps/runner.py": set(),
    "sweeps/execution.py": set(),
    "sweeps/submission.py": HEAVY - {"ray"} | {"pandas", "pyarrow"},
    "sweeps/cli/": set(),
    "sweeps/stored_packs.py": HEAVY | {"pandas", "pyarrow"},
    "sweeps/situation.py": HEAVY - {"optuna"},
    "sweeps/watch.py": HEAVY - {"optuna"},
    "sweeps/__main__.py": set(),
    "sweeps/__init__.py": HEAVY,
    "sweeps/definition.py": HEAVY | {"pandas", "pyarrow"},
    "sweeps/budget.py": HEAVY | {"pandas", "pyarrow"},
    "sweeps/search.py": {"torch", "ray", "pandas", "pyarrow"},
    "sweeps/planner.py": {"torch", "ray", "pandas", "pyarrow"},
    "sweeps/progress.py": {"torch", "ray", "pandas", "pyarrow"},
    "sweeps/schema.py": HEAVY,
    "sweeps/store.py": HEAVY,
    "sweeps/lock.py": HEAVY | {"pandas", "pyarrow"},
    "sweeps/requests.py": HEAVY - {"optuna"},
    "sweeps/filters.py": HEAVY,
    "sweeps/object_files.py": HEAVY,
    "sweeps/lease.py": HEAVY,
    "sweeps/job.py": HEAVY,
    "sweeps/job_request.py": HEAVY | {"pandas", "pyarrow"},
    "sweeps/cells.py": HEAVY,
    "sweeps/pareto.py": HEAVY,
    "sweeps/screen.py": HEAVY,
    "sweeps/claims.py": HEAVY,
    "sweeps/outcome.py": HEAVY,
    "sweeps/figures": HEAVY,
    "sweeps/findings.py": HEAVY,
    "sweeps/provenance.py": HEAVY,
    "sweeps/trials_table.py": HEAVY,
    "sweeps/report.py": HEAVY - {"optuna"},
    "sweeps/serve.py": HEAVY - {"optuna"},
    "sweeps/export.py": {"torch", "ray"},
    "sweeps/tables.py": HEAVY,
}
FILES = sorted(
    str(path.relative_to(ROOT))
    for room in ("bsvae", "sweeps")
    for path in ROOT.glob(f"{room}/**/*.py")
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
    room = max((prefix for prefix in FORBIDDEN if path.startswith(prefix)), key=len)
    assert not set(reachable(path, {path})) & FORBIDDEN[room]


def test_ray_is_imported_in_three_files():
    assert [path for path in FILES if any(n.split(".")[0] == "ray" for n in imports(path))] == [
        "sweeps/connection.py",
        "sweeps/runner.py",
        "sweeps/submission.py",
    ]


@pytest.mark.parametrize("path", FILES)
def test_every_public_name_is_documented(path):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "the module"
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), node.name


def test_reading_results_needs_neither_torch_nor_ray(tmp_path):
    code = (
        "import sys\n"
        "sys.modules |= dict.fromkeys(['torch', 'ray', 'optuna'])\n"
        "from sweeps.store import Ledger\n"
        "import sweeps, sweeps.tables\n"
        "ledger = Ledger(sys.argv[1], 's')\n"
        "ledger.commit({'trial_id': 'a', 'status': 'done'}); ledger.write_definition({})\n"
        "print(len(sweeps.load('s', results=sys.argv[1])))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "1\n"
