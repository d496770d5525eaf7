"""BLACKBOX: one probe on demand, asked and answered as Prometheus' blackbox_exporter is; it keeps nothing.

It is for whoever has a scrape config and a blackbox.yml already. A probe here has blackbox's two answers, success or
not, and none of ours: no control is asked and nobody is accused. The scheduled visits are the other way, `/metrics`.
"""

from monitor.blackbox.answer import exposition, told
from monitor.blackbox.modules import DEFAULT, BlackboxError, Module, Modules, read
from monitor.blackbox.run import Request, Result, limit_of, run

__all__ = [
    "DEFAULT",
    "BlackboxError",
    "Module",
    "Modules",
    "Request",
    "Result",
    "exposition",
    "limit_of",
    "read",
    "run",
    "told",
]
