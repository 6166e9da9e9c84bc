"""Sweep files: what is wanted, as cells, searches and budgets."""
