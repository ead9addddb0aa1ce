"""What templates of every page may use (`frame`)."""
