"""Collection rounds: who should be visited, in which order, who is told, and what came of it."""
