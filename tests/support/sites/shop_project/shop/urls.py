"""Its URLs."""

from django.urls import include, path, re_path

from . import views

guarded = ([path("ok/", views.ok, name="ok")], "guarded")

urlpatterns = [
    path("ok/", views.ok, name="ok"),
    path("ok-async/", views.ok_async, name="ok-async"),
    path("number/<int:number>/", views.number, name="number"),
    re_path(r"^page-(?P<page>\d+)/$", views.ok, name="page"),
    path("guarded/", include(guarded)),
    *(
        path(f"{view.__name__.replace('_', '-')}/", view)
        for view in (
            *(views.queries, views.queries_async, views.calls, views.fails, views.fails_async, views.refused),
            *(views.refused_async, views.wraps, views.swallows, views.fails_in_template, views.missing),
            *(views.forbidden, views.stream, views.stream_async, views.broken_stream, views.broken_stream_async),
            *(views.file, views.blocks, views.computes, views.short),
        )
    ),
]
