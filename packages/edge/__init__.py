"""What dpkg reads and runs for the edge agent."""
