"""From readings to alerts: what the rules see, how an alert lives, and who gets a mail about it."""
