"""What every page has: header, period, account, theme, states."""
