"""The check's report in its four forms: for a terminal, for scripts, for a spreadsheet, and as a page to hand on."""
