"""Reminds whoever has switched mails off that they are off."""
