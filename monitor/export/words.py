"""Columns that several tables share."""

from monitor.export.dataset import Kind, column

STRING, INTEGER, NUMBER, BOOLEAN = Kind.STRING, Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN
TIME, DAY = Kind.DATETIME, Kind.DATE

PLACE = (
    column("target", STRING, "what is watched, by its id"),
    column("vantage", STRING, "the vantage point's name"),
    column("country", STRING, "its country, two letters"),
    column("network", STRING, "its network (autonomous system)"),
)
SIMULATED = column("simulated", BOOLEAN, "true where no real network was measured: never to be cited as real")
