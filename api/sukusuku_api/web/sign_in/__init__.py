"""The pages by which people come in: sign-in, second factor, one-time links, and the links of displays."""
