"""Ten thousand viewers: ours beside the bare floor, node's ws and socket.io, in one run."""
