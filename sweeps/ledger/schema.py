"""The columns of the results: one Arrow schema per table, with meaning and unit of each column.

``python -m sweeps.ledger.schema`` prints them as the data dictionary, ``results/README.md``.
"""

import types
from typing import Any, get_args

import pyarrow as pa

from bsvae.metrics import BASELINES, CHECKS, EPOCH_METRICS, FINAL_METRICS
from bsvae.trial import FIELDS

VERSION = 1
#: done: trained to its end; stopped: lost to its rivals early; diverged: its loss was not finite,
#: or absurd at its end (`bsvae.training.why_diverged`).
STATUSES = ("done", "stopped", "diverged", "failed")

_ARROW = {int: pa.int64(), float: pa.float64(), str: pa.string(), bool: pa.bool_()}


def _column(name: str, kind: pa.DataType, doc: str, unit: str = "") -> pa.Field:
    return pa.field(name, kind, metadata={"doc": doc, "unit": unit})


def _arrow_type(annotation: Any) -> pa.DataType:
    """The Arrow type of a trial field, whether or not it can be null."""
    if isinstance(annotation, types.UnionType):
        annotation = next(t for t in get_args(annotation) if t is not type(None))
    return _ARROW[annotation]


def _schema(columns: list[pa.Field], about: str) -> pa.Schema:
    return pa.schema(columns, metadata={"schema_version": str(VERSION), "about": about})


_ID = _column("trial_id", pa.string(), "hash of the trial's fields; the same on every machine")
_FIELDS = [
    _column(name, _arrow_type(spec.type), spec.metadata["doc"], spec.metadata["unit"])
    for name, spec in FIELDS.items()
]
_EPOCH = [_column(name, pa.float64(), m.doc, m.unit) for name, m in EPOCH_METRICS.items()]
_FINAL = [_column(name, pa.float64(), m.doc, m.unit) for name, m in FINAL_METRICS.items()]
_BASELINES = [_column(name, pa.float64(), m.doc, m.unit) for name, m in BASELINES.items()]
_CHECKS = [_column(name, pa.bool_(), f"reliability check: {doc}") for name, doc in CHECKS.items()]

#: One row per trial: what it was, how it ended, what it showed, what it cost.
TRIALS = _schema(
    [
        _ID,
        _column("status", pa.string(), "how it ended: " + ", ".join(STATUSES)),
        *_FIELDS,
        _column("beta", pa.float64(), "the KL weight in nats beside a summed -ln p(x|z)"),
        *_EPOCH,
        *_FINAL,
        *_BASELINES,
        *_CHECKS,
        _column("collapsed", pa.bool_(), "whether the code is ignored: test_code_gain < 0.2 nats"),
        _column("epochs_trained", pa.int64(), "epochs behind the metrics", "epochs"),
        _column("parameters", pa.int64(), "trainable numbers"),
        _column("seconds", pa.float64(), "wall time of its pack, up to its own last epoch", "s"),
        _column("device_seconds", pa.float64(), "its share: an epoch by its members", "s"),
        _column("pack_size", pa.int64(), "trials trained together"),
        _column("device", pa.string(), "cpu, or the GPU's name"),
        _column("error", pa.string(), "why it failed or diverged, or which extra it lacks"),
        _column("finished_at", pa.timestamp("ms", tz="UTC"), "when its row was written"),
        _column("bsvae_version", pa.string(), "version of this package"),
        _column("torch_version", pa.string(), "version of torch"),
    ],
    "one row per trial",
)

#: One row per trial and epoch; train_* are means over the epoch's batches, while weights moved.
EPOCHS = _schema(
    [
        _ID,
        _column("epoch", pa.int64(), "epochs trained so far", "epochs"),
        *_EPOCH,
        _column("seconds", pa.float64(), "wall time of the pack's epoch", "s"),
    ],
    "one row per trial and epoch",
)

#: One row per trial and metric of the panel in `bsvae.gaussianity`, on whitened held-out codes.
GAUSSIANITY = _schema(
    [
        _ID,
        _column("metric", pa.string(), "what was measured; see `doc`"),
        _column("value", pa.float64(), "what the trial's codes score"),
        _column("null_mean", pa.float64(), "mean score of exactly Gaussian codes of that size"),
        _column("null_sd", pa.float64(), "its standard deviation; 0 where there is no choice"),
        _column("z", pa.float64(), "(value - null_mean) / null_sd, clipped to +-10,000", "sd"),
        _column("doc", pa.string(), "what the metric sees"),
    ],
    "one row per trial and metric of the Gaussianity panel, where a sweep asks for it",
)

TABLES = {"trials": TRIALS, "epochs": EPOCHS, "gaussianity": GAUSSIANITY}


def data_dictionary() -> str:
    """The columns of every table in words, as Markdown."""
    lines = [
        "# The columns of the results",
        "",
        "Each table is a folder of Parquet files, `results/SWEEP/TABLE/`; "
        "`pandas.read_parquet(folder)` opens it whole.",
    ]
    for name, schema in TABLES.items():
        lines += ["", f"## {name}: {schema.metadata[b'about'].decode()}", ""]
        lines += ["| column | type | unit | meaning |", "|---|---|---|---|"]
        for column in schema:
            unit, doc = (column.metadata[key].decode() for key in (b"unit", b"doc"))
            meaning = doc.replace("|", "\\|")
            lines.append(f"| {column.name} | {column.type} | {unit} | {meaning} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(data_dictionary(), end="")
