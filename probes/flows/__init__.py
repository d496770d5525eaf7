"""What kinds of probe share: the frame around a measurement, and steps that only make sense one after another."""
