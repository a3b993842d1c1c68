"""The judge of life: what people hear, and what becomes of their bags, over a simulated half year."""
