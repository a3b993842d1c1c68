"""`sukusuku evaluate`: what the product would have made of a history that somebody has."""
