"""How OONI's web_connectivity 0.5 ("classic" analysis) reads a measurement, restated so that its users can compare.

This is the peer's reading and not ours. It has known weak spots (a block page with Content-Length passes, a dead
resolver without a control counts as accessible) and keeps them: a key that differs from the peer's is of no use. Ours
is `monitor.verdict`.
"""
