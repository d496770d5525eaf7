"""The lab's process, the first in its own namespaces: builds everything, and does what it is told over one pipe.

It is started by `tests.lab.lab`. When the pipe ends, however it ends, this process ends, and because it is the first of
its process namespace, the kernel ends all others of the lab with it; the networks vanish with the last of them.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from tests.lab.behaviour import Behaviour
from tests.lab.middlebox import Middlebox
from tests.lab.namespaces import Namespaces
from tests.lab.place import open_place
from tests.lab.servers import Servers
from tests.lab.topology import SYSTEM_RESOLVER

PLACES = ("client", "control")


def main() -> None:
    """Build, say how long it took, and serve until the pipe ends."""
    orders = Connection(int(sys.argv[1]))
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="presscanary-lab-") as name:
        folder = Path(name)
        namespaces = Namespaces()
        servers = Servers(namespaces, folder)
        resolv_conf = folder / "resolv.conf"
        resolv_conf.write_text(f"nameserver {SYSTEM_RESOLVER}\n")
        places = {
            name: open_place(partial(namespaces.stay, name), resolv_conf, servers.roots) for name in PLACES
        }
        asyncio.run(_serve(orders, namespaces, folder, places, started))


async def _serve(
    orders: Connection, namespaces: Namespaces, folder: Path, places: dict[str, Connection], started: float
) -> None:
    box = Middlebox(namespaces, folder)
    await box.start()
    box.behave(Behaviour())
    loop, ended = asyncio.get_running_loop(), asyncio.Event()

    def told() -> None:
        try:
            to, order = orders.recv()
        except (EOFError, OSError):
            ended.set()
            return
        if to == "box":
            box.behave(order)
            orders.send((to, None))
        else:
            places[to].send(order)

    for name, place in places.items():
        loop.add_reader(place.fileno(), lambda name=name, place=place: orders.send((name, place.recv())))
    loop.add_reader(orders.fileno(), told)
    orders.send(("ready", {"seconds": time.monotonic() - started, "pid": os.getpid()}))
    await ended.wait()


if __name__ == "__main__":
    main()
