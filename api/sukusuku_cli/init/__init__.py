"""`sukusuku init`: a few questions become a working `facility.toml`, and the `edge.toml` that fits."""
