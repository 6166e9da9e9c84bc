"""A sweep as a job on a cluster that runs elsewhere."""
