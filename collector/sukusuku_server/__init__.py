"""What collector, API, dashboards and demo share: settings, data, and what it means. No MQTT, no HTTP server."""
