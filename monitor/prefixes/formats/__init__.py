"""The forms that a table can have: one file each, found without registration."""
