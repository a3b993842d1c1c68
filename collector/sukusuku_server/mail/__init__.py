"""Build mails and hand them to a mail server. Knows neither alerts nor rounds."""
