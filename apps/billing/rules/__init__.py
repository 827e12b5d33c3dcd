"""What holds for money, whoever asks: sums, shares, limits, prices, the books."""
