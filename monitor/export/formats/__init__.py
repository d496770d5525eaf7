"""The export formats, one per file; none knows another."""
