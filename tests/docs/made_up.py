"""The made-up series of the tutorial: `python tests/docs/made_up.py > docs/tutorial/series.csv` writes it anew.

Six visits a day to news.example over twenty days of March 2026, from a network that is kept for documentation
(RFC 5398). It is blocked by a reset of the handshake from the evening of the 12th to the evening of the 19th; nobody
measured on the 16th. Now and then a visit proves nothing, as visits do.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

COLUMNS = (
    "domain,input,test_name,probe_asn,probe_as_org_name,probe_cc,resolver_asn,resolver_as_cc,network_type,"
    "measurement_start_time,measurement_uid,ooni_run_link_id,top_probe_analysis,top_dns_failure,top_tcp_failure,"
    "top_tls_failure,dns_blocked,dns_down,dns_ok,tcp_blocked,tcp_down,tcp_ok,tls_blocked,tls_down,tls_ok"
)
FIRST = datetime(2026, 3, 5, 1, 7, tzinfo=UTC)
BLOCKED = datetime(2026, 3, 12, 16, 0, tzinfo=UTC), datetime(2026, 3, 19, 20, 0, tzinfo=UTC)
HOLE = datetime(2026, 3, 16, tzinfo=UTC), datetime(2026, 3, 17, tzinfo=UTC)
VISITS = 6 * 20


def series() -> str:
    """The whole file as text."""
    return "\n".join([COLUMNS, *filter(None, map(_row, range(VISITS)))]) + "\n"


def _row(number: int) -> str:
    """One visit; nothing where nobody looked."""
    time = FIRST + timedelta(hours=4 * number, minutes=(number * 7) % 23)
    if HOLE[0] <= time < HOLE[1]:
        return ""
    blocked = BLOCKED[0] <= time < BLOCKED[1]
    vague = not blocked and number % 37 == 20
    failure, scores = ("connection_reset", "0.9,0,0.1") if blocked else ("", "0.1,0.2,0.1" if vague else "0,0,1")
    name = f"madeup-{time:%Y%m%d%H%M}-XD-{number:03}"
    place = "news.example,https://news.example/,web_connectivity,64500,Made-up Telecom,XD,64500,XD,unknown"
    return f"{place},{time:%Y-%m-%d %H:%M:%S}.000,{name},,{str(blocked).lower()},,,{failure},0,0,1,0,0,1,{scores}"


if __name__ == "__main__":
    print(series(), end="")
