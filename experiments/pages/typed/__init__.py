"""What people type, field by field, as they typed it."""
