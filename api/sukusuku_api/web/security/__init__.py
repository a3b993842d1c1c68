"""The page of security events: what was forged at the broker, who signed in, which keys were made and revoked."""
