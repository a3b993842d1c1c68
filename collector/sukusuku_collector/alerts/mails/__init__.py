"""Mails about alerts: their texts and their form."""
