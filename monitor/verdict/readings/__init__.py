"""How a case is read: each function returns the observation that decides, or None. What it means is in `rules`."""
