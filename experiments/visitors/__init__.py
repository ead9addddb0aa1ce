"""What visitors did, for people to read: conversations, transcripts, leads (`activity`)."""
