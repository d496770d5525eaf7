"""PREFIXES: which network an address belongs to, by a table that the user provides; nobody is asked over the net.

`read_table(path)` reads any known form (one file of `formats/` each), and `Table.network_of(address)` answers.
"""

from monitor.prefixes.reading import PrefixError, read_table
from monitor.prefixes.table import Range, Table

__all__ = ["PrefixError", "Range", "Table", "read_table"]
