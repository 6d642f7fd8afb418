"""Dropping and restoring months, with the audit trail and the means to undo them."""
