"""What the collector does in quiet seconds: retention, KPI series, its own metrics."""
