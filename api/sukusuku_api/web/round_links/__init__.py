"""The pages that links in round mails open."""
