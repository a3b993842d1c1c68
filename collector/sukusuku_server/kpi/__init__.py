"""What became of visits, what a month looked like, and what fixed rounds would have done. Pure."""
