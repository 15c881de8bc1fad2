"""Model versions: what was trained, named by its content, and which of them is live."""
