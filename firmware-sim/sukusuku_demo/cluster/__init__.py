"""`sukusuku demo --cluster`: everything that can be lost is there more than once, on loopback."""
