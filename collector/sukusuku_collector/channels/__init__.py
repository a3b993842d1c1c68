"""Ways of telling people, one folder each. Delete a folder, and that way is gone."""
