"""``python -m sweeps``: the command line, where ``bsvae`` is not installed as a command."""

from sweeps.cli import main

if __name__ == "__main__":
    main()
