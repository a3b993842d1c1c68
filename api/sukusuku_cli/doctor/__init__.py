"""`sukusuku doctor`: is everything around Sukusuku as it must be? Pure judgements over probes that look."""
