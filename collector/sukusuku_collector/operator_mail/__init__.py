"""Mails to whoever looks after the whole server: about its settings, about backups."""
