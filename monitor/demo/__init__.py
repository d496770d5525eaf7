"""A censored country on this laptop: the same program as `run`, with another configuration and another network."""
