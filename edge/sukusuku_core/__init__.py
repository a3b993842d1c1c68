"""The language that every part of Sukusuku shares: model, metrics, wire format, session rules, profiles.

Nothing in here opens a socket, a database or a task; it can be tested with values alone.
"""

__version__ = "0.1.0"
