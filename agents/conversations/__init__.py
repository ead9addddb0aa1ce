"""What people do with what visitors left: the status of a lead (`leads`)."""
