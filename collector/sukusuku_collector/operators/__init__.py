"""One collector that works for many operators, and shares them with other collectors."""
