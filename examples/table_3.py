"""Table 3 of "Project AI: Discrete Variational Autoencoders with Logit-normals", and one plot.

Reads `results/logit_normal/trials` (another folder: its path as the argument) with pandas, which
needs pyarrow to read and matplotlib to plot, and nothing of this project:

    python examples/table_3.py
"""

import sys

import pandas as pd

folder = sys.argv[1] if len(sys.argv) > 1 else "results/logit_normal/trials"
trials = pd.read_parquet(folder).query("status == 'done'")
trials = trials[trials.prior_scale.isna() | (trials.prior_scale == 1.78)]
longest = trials.epochs == trials.groupby(["family", "latent_dim"]).epochs.transform("max")
columns = {"test_neg_elbo": "-ELBO (nats)", "test_kl": "KL (nats)"}
table = trials[longest].pivot_table(list(columns), "latent_dim", "family").rename(columns=columns)
print(table.swaplevel(axis=1).sort_index(axis=1, ascending=False).round(2).to_string())

axes = table["-ELBO (nats)"].plot(marker="o", logx=True, xticks=table.index)
axes.set(xlabel="latent dimension", ylabel="negative ELBO (nats/image)", xticklabels=table.index)
axes.minorticks_off()
axes.figure.savefig("table_3.png", dpi=150)
print("plot: table_3.png")
