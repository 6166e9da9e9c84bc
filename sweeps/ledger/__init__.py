"""The results ledger: rows as Parquet, in a folder or a bucket."""
