"""Data for analysts: tables of one month, as CSV or Parquet, streamed. Their columns are told in docs/export.md."""
