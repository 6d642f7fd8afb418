"""Stages of the embedded warehouse and the moving of their objects."""
