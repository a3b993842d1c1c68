"""The whole system on one machine, with simulated centres, in one command."""
