"""From a message on the wire to rows of the store, or to the quarantine with a reason."""
