"""From a plan to committed rows: the engines and what they share."""
