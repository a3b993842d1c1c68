"""Teams, Slack, ntfy, Telegram and whatever else the library `apprise` knows."""
