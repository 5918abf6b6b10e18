"""Mail standards as a library: no server, no database, logs only through the standard `logging`.

Each package has one door; import from it (`from moxkit.smtp import ServerMachine`).
"""
