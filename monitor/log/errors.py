"""What can go wrong with a log, each as one line that says what to do."""

# ruff: noqa: N818 - a log is damaged or rewritten: the names say so

from __future__ import annotations


class LogError(Exception):
    """A log that could not do what was asked; the message is one line for people."""


class LogMissing(LogError):
    """There is no log in the folder."""


class LogBusy(LogError):
    """Another process writes to the log."""


class LogDamaged(LogError):
    """The log's files are not what was written: cut off, changed, or rewritten."""
