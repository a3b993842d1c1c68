"""How far a figure is off."""


def off(mine: float, truth: float) -> float:
    """In percent of the truth; 100 where something is found and there was nothing."""
    return abs(mine / truth - 1) * 100 if truth else 100.0 * (mine > 0)
