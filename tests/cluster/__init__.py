"""`make cluster`: the demo as a cluster, in which one process after the other is lost."""
