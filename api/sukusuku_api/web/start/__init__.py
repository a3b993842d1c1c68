"""The first page: it leads everybody to their screen."""
