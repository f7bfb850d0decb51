"""The URLs of the site by itself, whose errors are problems everywhere."""

from target_site.urls import urlpatterns as urlpatterns

handler400 = "target_site.problems.bad_request"
handler403 = "target_site.problems.forbidden"
handler404 = "target_site.problems.not_found"
handler500 = "target_site.problems.server_error"
