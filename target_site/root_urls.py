"""The URLs of the site on its own server, where each error is a JSON problem. Another project includes urls.py."""

from target_site.urls import urlpatterns as urlpatterns

handler400 = "target_site.problems.error_views.bad_request"
handler403 = "target_site.problems.error_views.forbidden"
handler404 = "target_site.problems.error_views.not_found"
handler500 = "target_site.problems.error_views.server_error"
