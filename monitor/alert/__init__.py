"""Alerts: the right person hears of a block once, in her language, and hears when it ends or when we were wrong.

Read in this order: `story` (an event becomes an alert), `step` (what there is to say to somebody who was told before),
`wanted` and `plan` (who is told, when), `letter` (the words), `post` and `channels` (how it leaves), `desk` (the
whole). All but the last three are pure. docs/reference/alerts.md describes it.
"""
