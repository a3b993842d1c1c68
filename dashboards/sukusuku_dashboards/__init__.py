"""Grafana dashboards as code, made from `facility.toml` and read from InfluxDB in InfluxQL."""
