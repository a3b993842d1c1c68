"""What time it is, and whether that is believed. The clock of the server is one witness among several."""
