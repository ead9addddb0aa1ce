"""What templates of results may use (`figures`)."""
