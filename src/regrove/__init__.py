"""Regrove keeps machine-learning models alive."""
__version__ = "0.1.0"
