"""Who asks, and what of the facility they see: sign-in, sessions, keys, and the rights that each request needs."""
