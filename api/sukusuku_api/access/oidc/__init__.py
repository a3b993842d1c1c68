"""The OpenID provider: `provider` asks it, `id_token` verifies what it says, `flow` binds a sign-in to a browser."""
