"""Text that repeats, kept once: the writer gives ids, readers turn ids back into text."""

from __future__ import annotations

import sqlite3


class Symbols:
    """The writer's side: text to id, new text inserted in the open transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._ids: dict[str, int] = {}

    def __call__(self, text: str) -> int:
        """The id of `text`, which is new from now on where it was not known."""
        known = self._ids.get(text)
        if known is None:
            known = self._ids[text] = self._find(text) or self._add(text)
        return known

    def text(self, number: int) -> str:
        """The text with this id, which is in a row."""
        (found,) = self._connection.execute("SELECT text FROM symbol WHERE id = ?", (number,)).fetchone()
        return str(found)

    def forget(self) -> None:
        """Trust nothing remembered: a rollback took back ids that were given inside it."""
        self._ids.clear()

    def _find(self, text: str) -> int | None:
        found = self._connection.execute("SELECT id FROM symbol WHERE text = ?", (text,)).fetchone()
        return int(found[0]) if found else None

    def _add(self, text: str) -> int:
        (made,) = self._connection.execute("INSERT INTO symbol (text) VALUES (?) RETURNING id", (text,)).fetchone()
        return int(made)


class Texts(dict[int, str]):
    """The readers' side: id to text, shared by threads. Committed symbols never change, so what was read is right."""

    def __init__(self) -> None:
        super().__init__()
        self._newest = 0

    def refresh(self, connection: sqlite3.Connection) -> None:
        """Read what was added since; call it in the transaction whose rows are to be read."""
        new = connection.execute("SELECT id, text FROM symbol WHERE id > ? ORDER BY id", (self._newest,)).fetchall()
        if new:
            self.update((row["id"], row["text"]) for row in new)
            self._newest = new[-1]["id"]
