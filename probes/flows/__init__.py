"""What kinds of probe have in common: the frame around a measurement, and steps that only make sense one after another."""
