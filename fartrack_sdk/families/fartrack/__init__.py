"""FARTrack (ICLR 2026): template memory, sparsification, graph contract and decoding."""
