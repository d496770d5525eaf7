"""Understanding: measurements in; verdicts, blocking events, metrics, pages and exports out."""
