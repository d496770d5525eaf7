"""Measuring: a target and a network in, the steps taken out; no storage, no schedule, no opinion."""
