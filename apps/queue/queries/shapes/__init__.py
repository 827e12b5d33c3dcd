"""What the queue answers, as the contract and document 004 write it: for every app that answers so."""
