"""Load for a server: many edge nodes in few processes, as honest as real ones towards broker and collector."""
