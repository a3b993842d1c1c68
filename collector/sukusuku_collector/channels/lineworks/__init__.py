"""LINE WORKS, through its app `Incoming Webhook`."""
