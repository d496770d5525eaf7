"""Records in, what others read out: one file per format in `formats`, each pure."""
