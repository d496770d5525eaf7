"""The Grafana dashboards as data, one per file, in the order in which their menu shows them."""

from monitor.metrics.boards import event, fleet, network, overview, prober, target

BOARDS = (overview.BOARD, target.BOARD, network.BOARD, event.BOARD, fleet.BOARD, prober.BOARD)

__all__ = ["BOARDS"]
