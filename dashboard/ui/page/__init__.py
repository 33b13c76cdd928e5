"""Service and session state flow in; header, period, account menu, theme and states flow out."""
