"""How good the detector is, with figures that anyone can make again: worlds with a known truth, and a table.

Read in this order: `world` (what there is, as numbers with sources), `script` (what happens), `play` (what is measured
of it), `ours` and `baselines` (what detectors say), `score` (how far that is true), `bench` and `table` (the whole).
`history` does the same with real series and documented dates. Pure: seeds in, figures out.
"""
