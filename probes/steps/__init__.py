"""One network operation each: it takes a `Trace`, keeps its record there, and never raises for what the network did."""
