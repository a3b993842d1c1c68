"""The Sparkplug host: its session, its claim to the host id, and the JSON mirror for everybody else."""
