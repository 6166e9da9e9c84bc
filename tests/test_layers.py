"""Who may import what."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SERVICE = {"ray", "optuna", "pandas", "pyarrow", "typer", "rich", "sweeps"}

#: For each room, what its files must never import; the longest matching prefix counts.
FORBIDDEN = {
    "bsvae": SERVICE,
    "bsvae/trial.py": SERVICE | {"torch", "numpy", "sklearn", "scipy", "torchvision"},
    "bsvae/metrics.py": SERVICE | {"torch", "numpy", "sklearn", "scipy", "torchvision"},
    "sweeps": {"ray"},
    "sweeps/runner.py": set(),
    "sweeps/definition.py": {"ray", "torch", "pandas", "pyarrow"},
    "sweeps/search.py": {"ray", "torch", "pandas", "pyarrow"},
    "sweeps/schema.py": {"ray", "torch", "optuna"},
    "sweeps/store.py": {"ray", "torch", "optuna"},
    "sweeps/filters.py": {"ray", "torch", "optuna"},
    "sweeps/tables.py": {"ray", "torch", "optuna"},
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
            yield node.module


@pytest.mark.parametrize("path", FILES)
def test_arrows_run_one_way(path):
    room = max((prefix for prefix in FORBIDDEN if path.startswith(prefix)), key=len)
    roots = {name.split(".")[0] for name in imports(path)}
    assert not roots & FORBIDDEN[room]


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
