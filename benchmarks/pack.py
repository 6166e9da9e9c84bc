"""Training many models as one pack against training them one by one.

    python benchmarks/pack.py [--device cuda] [--model small|large] [--sizes 1 2 4 8] [--seeds]

For every size P, a pack of P members and P single runs of as many steps take turns in this
process (one thread on a CPU), each over the same number of batches of 50.  Printed: member-steps a
second of both and their ratio, and, beside them, what the matrix products alone would allow.  Its
members differ in their KL weight and share their batches, or with --seeds each is of its own seed.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch

from bsvae.memory import keep_freed_memory
from bsvae.optimiser import Adam
from bsvae.pack import Pack, suggested_size
from bsvae.training import train_epoch
from bsvae.trial import DATASETS, Trial

BATCH = 50
MODELS = {  # data set, hidden, latent
    "small": ("digits", 128, 8),  # 64-128-128-8
    "large": ("mnist", 500, 20),  # 784-500-500-20
}


def members(model: str, count: int, seeds: bool = False) -> list[Trial]:
    """Trials that differ in their KL weight, or in their seed."""
    dataset, hidden, latent_dim = MODELS[model]
    size = {"dataset": dataset, "hidden": hidden, "latent_dim": latent_dim, "batch_size": BATCH}
    differ = [{"seed": m} if seeds else {"kl_weight": 1 + m / count} for m in range(count)]
    return [Trial(family="gaussian", **size, **own) for own in differ]


def steps_of(trials: list[Trial], steps: int, device: str) -> Callable[[], None]:
    """Some training steps of a pack."""
    pack = Pack.of(trials, device)
    rates = [trial.learning_rate or 0.0 for trial in trials]
    optimiser = Adam(pack.parameters.values(), rates)
    shape = (steps * BATCH, DATASETS[trials[0].dataset].pixels)
    images = torch.randint(0, 256, shape, dtype=torch.uint8, device=device)

    def work() -> None:
        train_epoch(pack, optimiser, images, number=1)
        if device == "cuda":
            torch.cuda.synchronize()

    work()
    return work


def products(model: str, steps: int, device: str) -> Callable[[], None]:
    """The matrix products of as many steps of one member, with nothing between them."""
    dataset, hidden, latent = MODELS[model]
    pixels = DATASETS[dataset].pixels
    layers = [(pixels, hidden), (hidden, hidden), (hidden, 2 * latent)]
    layers += [(latent, hidden), (hidden, hidden), (hidden, pixels)]
    tensors = [
        tuple(torch.randn(shape, device=device) for shape in ((BATCH, i), (i, o), (BATCH, o)))
        for i, o in layers
    ]

    def work() -> None:
        for _ in range(steps):
            for number, (x, weight, gradient) in enumerate(tensors):
                torch.mm(x, weight)
                torch.mm(x.T, gradient)
                if number:
                    torch.mm(gradient, weight.T)
        if device == "cuda":
            torch.cuda.synchronize()

    return work


def seconds(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def compare(model: str, size: int, seeds: bool, steps: int, rounds: int, device: str) -> None:
    """Print one line: a pack of one size against single runs and against the products."""
    pack = steps_of(members(model, size, seeds), steps, device)
    single = steps_of(members(model, 1), steps, device)
    floor = products(model, steps, device)
    table = [(seconds(pack), seconds(single), seconds(floor)) for _ in range(rounds)]
    packed = statistics.median(size * steps / a for a, _, _ in table)
    alone = statistics.median(steps / b for _, b, _ in table)
    gain = statistics.median(size * b / a for a, b, _ in table)
    bound = statistics.median(b / c for _, b, c in table)
    print(
        f"{model:6s} {size:4d} {packed:12,.0f} {alone:12,.0f} {gain:7.2f} {bound:9.2f}", flush=True
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--model", choices=list(MODELS), action="append")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 2, 4, 8, 16, 32, 64, 128, 256])
    parser.add_argument("--seeds", action="store_true", help="members of different seeds")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    for model in arguments.model or MODELS:
        chosen = suggested_size(members(model, 1)[0], arguments.device)
        print(f"{model}: --pack auto trains {chosen} together on {arguments.device}")
        print("model     P  packed st/s  single st/s    gain  products' ")
        how = (arguments.seeds, arguments.steps, arguments.rounds, arguments.device)
        for size in arguments.sizes:
            compare(model, size, *how)


if __name__ == "__main__":
    main()
