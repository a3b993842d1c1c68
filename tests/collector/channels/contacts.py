"""Contacts who are told by channels, as they stand in facility.toml."""

CHANNELS = """
[[channel]]
id = "hook"
kind = "webhook"
url = "http://{url}/hook"
key = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
[[channel]]
id = "push"
kind = "apprise"
url = "json://{url}/push"
"""
CONTACTS = """
[[contact]]
name = "当番"
channels = ["hook", "push"]
[[contact]]
name = "Everybody"
channels = ["hook"]
language = "en"
"""
