"""MixFormerV2 (NeurIPS 2023): online template, cached template attention and decoding."""
