"""How the agent's computer takes a new version, and goes back to the one before when that does not report well."""
