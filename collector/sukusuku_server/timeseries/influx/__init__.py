"""The production store: committed to SQLite first, shipped to InfluxDB from there.

How it fits together, and the layout in InfluxDB, is told in docs/influxdb.md.
"""
