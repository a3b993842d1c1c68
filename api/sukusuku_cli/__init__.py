"""The `sukusuku` command."""
