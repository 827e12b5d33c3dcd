"""What nobody would ever send, sent: no answer is a failure of ours, and what is refused has changed nothing."""
