"""The authority that signs the certificates of edge nodes."""
