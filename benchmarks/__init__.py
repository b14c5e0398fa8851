"""Speed, accuracy, comparison, endurance and environment, measured as a user meets them."""
