"""The lab: starts real servers and databases, runs Locust against them, and reports. It never imports Locust itself."""
