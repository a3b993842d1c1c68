"""Mails about alerts: their words, their form, and the worker that brings the outbox to the mail server."""
