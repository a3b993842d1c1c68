"""The page that the link of an alert mail opens."""
