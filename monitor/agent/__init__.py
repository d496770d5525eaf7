"""The vantage point's end: keeps a key, asks its operator, measures what was agreed to, and hands it on outbound only.

Read in this order: `folder` (what is on the operator's disk), `consent` (who agreed to what), `spool` (what waits),
`uplink` (one way out), `delivery` (what is sent when), `agent` (all of it wired). It runs as a process of its own
(`python -m monitor.agent FOLDER`) without the store, the detector and the pages, which an operator's small machine
has no memory for.
"""
