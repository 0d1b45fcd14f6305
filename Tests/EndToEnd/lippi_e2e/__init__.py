"""The outside world of lippi-bridge, and a checker that judges the bridge by what can be seen from there."""
