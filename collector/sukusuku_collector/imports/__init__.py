"""`sukusuku import`: brings a history from elsewhere into the store, and takes it back."""
