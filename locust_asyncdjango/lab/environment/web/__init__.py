"""The lab as a visitor of a project: one request after another, with cookies and a login."""
