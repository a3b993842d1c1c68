"""The page of one's own account: password, second factor, devices."""
