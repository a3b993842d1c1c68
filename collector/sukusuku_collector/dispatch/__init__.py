"""Sends round mails when they are due, and records what came of them."""
