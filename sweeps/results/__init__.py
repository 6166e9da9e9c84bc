"""What a sweep found: its rows, and all that is computed from them."""
