"""A repository of packages for apt, as plain files that any web server hands out."""
