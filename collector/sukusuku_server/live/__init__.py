"""How every asset stands now, and what is expected next."""
