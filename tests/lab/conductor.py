"""The lab's process, the first in its own namespaces: builds everything, and does what it is told over one pipe.

It is started by `tests.lab.lab`. When the pipe ends, however it ends, this process ends, and because it is the first of
its process namespace, the kernel ends all others of the lab with it; the networks vanish with the last of them.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from tests.lab.authority import Authority
from tests.lab.behaviour import NOTHING, SIDES
from tests.lab.echo import open_echo
from tests.lab.middlebox import Middlebox
from tests.lab.namespaces import Namespaces
from tests.lab.place import Ready, open_place
from tests.lab.servers import NODE, Servers
from tests.lab.topology import SYSTEM_RESOLVER, TARGET

PLACES = ("client", "control")
FOLDER = Path("/run")
"""Covered by a file system in memory that only the lab's own mount namespace sees, so that no file outlives it."""


def main() -> None:
    """Build, say how long it took, and serve until the pipe ends."""
    orders = Connection(int(sys.argv[1]))
    started = time.monotonic()
    subprocess.run(["mount", "-t", "tmpfs", "lab", str(FOLDER)], check=True)
    namespaces = Namespaces()
    servers = Servers(namespaces, FOLDER)
    pin = open_echo(partial(namespaces.stay, NODE), FOLDER / f"{TARGET}.pem")
    resolv_conf = FOLDER / "resolv.conf"
    resolv_conf.write_text(f"nameserver {SYSTEM_RESOLVER}\n")
    places = {name: open_place(partial(namespaces.stay, name), resolv_conf, servers.roots) for name in PLACES}
    asyncio.run(_serve(orders, namespaces, places, Ready(pin=pin, seconds=time.monotonic() - started)))


async def _serve(orders: Connection, namespaces: Namespaces, places: dict[str, Connection], ready: Ready) -> None:
    interception = Authority("A filter's own authority").context(FOLDER / "interception.pem", TARGET)
    boxes = {node: Middlebox(namespaces, node, interception) for node in SIDES}
    for box in boxes.values():
        await box.start()
    loop, ended = asyncio.get_running_loop(), asyncio.Event()

    def told() -> None:
        try:
            to, order = orders.recv()
        except (EOFError, OSError):
            ended.set()
            return
        if to == "box":
            for node, box in boxes.items():
                box.behave(order if node == order.node else NOTHING)
            orders.send((to, None))
        else:
            places[to].send(order)

    for name, place in places.items():
        loop.add_reader(place.fileno(), lambda name=name, place=place: orders.send((name, place.recv())))
    loop.add_reader(orders.fileno(), told)
    orders.send(("ready", ready))
    await ended.wait()


if __name__ == "__main__":
    main()
