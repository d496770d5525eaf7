"""`python -m monitor` is the `presscanary` command."""

from monitor.cli import main

main()
