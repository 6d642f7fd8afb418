"""Stages of the embedded warehouse and what moves their objects."""
